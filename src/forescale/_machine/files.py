"""Files that are either whole or absent, and folders that one process at a time writes to."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import filelock

from forescale.errors import ConfigError, RunFolderError

_SCRATCH = ".scratch-"
_LONGEST_NAME = 200  # bytes of a file's name that leave room for a temporary one's


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path; on success flush it to disk and rename it to ``path``.

    A crash at any moment leaves the old file, or none, and perhaps a ``.tmp`` beside it
    that nothing reads. Once the block has ended, the new file outlives a power cut.
    """
    temporary = path.with_name(f".{path.name[:_LONGEST_NAME]}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Flush a folder's list of names, where the system can: a rename is on disk only then."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot
            os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole or not at all."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all."""
    with replace_file(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def locked(
    lock: Path, what: str, *, place: Path | None = None, wait: bool = False
) -> Iterator[None]:
    """Hold a lock file while the block runs; the lock ends with the process, however it ends.

    Parameters
    ----------
    lock
        The lock file; its folder is made if need be. Beside it lies who holds it.
    what
        What the holder is, for the message to the others: ``"another run"``.
    place
        What is held, for that message; by default the lock's folder.
    wait
        Wait until the holder is done, instead of refusing.

    Raises
    ------
    RunFolderError
        If another process holds it (host, process and since when are named), or the folder
        cannot be written.
    """
    place = place or lock.parent
    held = filelock.FileLock(lock)
    holder = lock.with_name(f"{lock.name}-holder.json")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held.acquire(timeout=-1 if wait else 0)
    except filelock.Timeout:
        raise RunFolderError(
            f"{place}: {what} is writing here{_told(holder)}; wait for it or stop it"
        ) from None
    except OSError as error:
        raise RunFolderError(cannot_write(place, error)) from None
    try:
        with suppress(OSError):  # whoever cannot say so holds it none the less
            holder.write_text(json.dumps(_myself()), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        held.release()


def _myself() -> dict[str, str | int]:
    since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    return {"host": socket.gethostname(), "process": os.getpid(), "since": since}


def _told(holder: Path) -> str:
    try:
        found = json.loads(holder.read_text(encoding="utf-8"))
        return f" (process {found['process']} on {found['host']}, since {found['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


_REMEDIES = {
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota of the disk is used up: make room",
    errno.EFBIG: "a file grew beyond what is allowed there (ulimit -f)",
    errno.EIO: "the disk is broken",
    errno.EROFS: "the disk is read-only: choose another folder",
    errno.EACCES: "you may not write there: choose another folder",
    errno.EPERM: "you may not write there: choose another folder",
}


def cannot_write(place: Path, error: OSError) -> str:
    """One line: where something cannot be written, why, and what to do.

    >>> cannot_write(Path("runs"), OSError(errno.ENOSPC, "No space left on device"))
    'runs: cannot be written: the disk is full: make room, then give the same command again'
    """
    remedy = _REMEDIES.get(error.errno or 0)
    if remedy is None:
        return f"{place}: cannot be written ({error}); choose another folder"
    return f"{place}: cannot be written: {remedy}, then give the same command again"


def refuse_overwriting(path: Path, option: str, others: Iterable[Path]) -> None:
    """Refuse to write over a file that is read, or written, by the same command.

    Raises
    ------
    ConfigError
        If ``path`` is one of the others, by whatever name.
    """
    for other in others:
        same = path.resolve() == other.resolve()
        with suppress(OSError):
            same = same or path.samefile(other)
        if same:
            raise ConfigError(f"{option}: got {path}, which is {other} itself; choose another file")


def disk_fault(error: BaseException | None) -> OSError | None:
    """The error of a full, read-only or broken disk that an error is, or comes from.

    >>> disk_fault(OSError(errno.ENOSPC, "No space left on device"))
    OSError(28, 'No space left on device')
    >>> disk_fault(ValueError("no number"))
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK:
            return error
        error = error.__cause__ or error.__context__
    return None


_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a folder for what only this process needs; those of killed processes go first."""
    for left in parent.glob(f"{_SCRATCH}*"):
        process = left.name.removeprefix(_SCRATCH)
        if process.isdecimal() and not _is_running(int(process)):
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
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's, and alive
        return True
    return True
