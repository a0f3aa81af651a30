"""The text of a file, also of one in an archive; nothing is unpacked on disk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
    pa.ArrowException,
    NotImplementedError,
    RuntimeError,  # an encrypted zip
)
"""What readers of damaged files raise."""

_SUFFIXES = {".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".tgz"}
_MOST = 1 << 30
_RATIO = 1_000
"""Archives that grow to more than this many bytes, and this many times their size, are refused."""


def bare_name(path: Path) -> str:
    """The file's name in small letters, without the ending of an archive.

    >>> bare_name(Path("Mine.CSV.gz"))
    'mine.csv'
    """
    name = path.name.lower()
    for ending in (".tar.gz", ".tar.bz2", ".tar.xz", *_SUFFIXES):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def is_packed(path: Path) -> bool:
    """Whether the file's name says that it is an archive."""
    return path.name.lower().endswith(tuple(_SUFFIXES))


@contextmanager
def open_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """The lines of a text file in UTF-8, line ends as they are."""
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        packed = is_packed(path)
        inner = _inner(path, raw, stack) if packed else raw
        if packed:
            inner = io.BufferedReader(_Bounded(inner, path.stat().st_size))
        yield stack.enter_context(io.TextIOWrapper(inner, encoding="utf-8-sig", newline=""))


def _inner(path: Path, raw: IO[bytes], stack: ExitStack) -> Any:
    name = path.name.lower()
    if name.endswith((".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")):
        return _only_member_of_tar(stack.enter_context(tarfile.open(fileobj=raw)))
    if name.endswith(".zip"):
        return _only_member_of_zip(stack.enter_context(zipfile.ZipFile(raw)), stack)
    if name.endswith(".zst"):
        return stack.enter_context(pa.input_stream(raw, compression="zstd"))
    opener: Any = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}[path.suffix.lower()]
    return stack.enter_context(opener(raw))


def _only_member_of_tar(archive: tarfile.TarFile) -> IO[bytes]:
    files = [member for member in archive if member.isfile()]
    if len(files) != 1:
        raise ValueError(f"an archive of {len(files)} files, expected one table in it")
    found = archive.extractfile(files[0])
    assert found is not None
    return found


def _only_member_of_zip(archive: zipfile.ZipFile, stack: ExitStack) -> IO[bytes]:
    files = [
        one
        for one in archive.infolist()
        if not one.is_dir() and not one.filename.startswith("__MACOSX/")
    ]
    if len(files) != 1:
        raise ValueError(f"an archive of {len(files)} files, expected one table in it")
    return stack.enter_context(archive.open(files[0]))


class _Bounded(io.RawIOBase):
    """Bytes of an archive, no more than a table can reasonably grow to."""

    def __init__(self, inner: IO[bytes], packed: int) -> None:
        self._inner, self._left = inner, max(_MOST, _RATIO * packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._inner.read(len(buffer))
        self._left -= len(part)
        if self._left < 0:
            raise ValueError("its contents are more than a thousand times larger than the file")
        buffer[: len(part)] = part
        return len(part)
