"""Files that are either whole or absent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCRATCH = ".scratch-"


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path; on success flush it to disk and rename it to ``path``.

    A crash at any moment leaves the old file, or none, and perhaps a ``.tmp`` beside it
    that nothing reads.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a folder for what only this process needs; those of killed processes go first."""
    for left in parent.glob(f"{_SCRATCH}*"):
        if not _is_running(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / f"{_SCRATCH}{os.getpid()}"
    folder.mkdir(exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, and alive
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole or not at all."""
    with replace_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
