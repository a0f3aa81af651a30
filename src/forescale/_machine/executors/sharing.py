"""Values that many tasks need: sent to each machine once, its files along with it.

Paths inside a value that lie in the folder shared with it are pickled as references. A machine
that sees the folder (the same token lies in it) reads them in place; any other gets copies.
"""

from __future__ import annotations

import atexit
import hashlib
import io
import pickle
import secrets
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

_MARK = ".seen-by"
_LARGEST = 2 << 30


@dataclass(frozen=True)
class Shared:
    """A reference to a shared value, small enough to travel with every task.

    Parameters
    ----------
    name
        Hash of the value.
    file
        Where its bytes lie for all to read, or None if they were sent.
    folder, token
        Folder of its files, and what a machine that sees it finds there.
    """

    name: str
    file: str | None = None
    folder: str | None = None
    token: str = ""

    def get(self) -> Any:
        """The value; loaded once in each process."""
        with _LOCK:
            if self.file is None and not _LOCK.wait_for(self._is_here, _PATIENCE):
                raise TimeoutError("the shared data have not reached this process")
            if self.name not in _VALUES:
                payload = Path(self.file).read_bytes() if self.file else _BYTES[self.name]
                files = _FILES.get(self.name, {})
                _VALUES[self.name] = _load(payload, self._here(files))
                _BYTES.pop(self.name, None)
            return _VALUES[self.name]

    def _is_here(self) -> bool:
        return self.name in _VALUES or self.name in _BYTES

    def _here(self, files: dict[str, bytes]) -> Path | None:
        """The folder as this machine has it."""
        if self.folder is None or sees(Path(self.folder), self.token):
            return None if self.folder is None else Path(self.folder)
        if not files:
            raise FileNotFoundError(
                f"{self.folder}: this machine does not see the folder, and its files are too "
                "large to send; put the run folder on a file system that all machines share"
            )
        copy = Path(tempfile.mkdtemp(prefix="forescale-shared-"))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        for name, data in files.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(data)
        return copy


_LOCK = threading.Condition()
_PATIENCE = 600.0  # seconds for data that are still on their way
_VALUES: dict[str, Any] = {}
_BYTES: dict[str, bytes] = {}
_FILES: dict[str, dict[str, bytes]] = {}


def receive(name: str, payload: bytes, files: dict[str, bytes]) -> None:
    """Keep what was sent to this process until a task asks for it."""
    with _LOCK:
        if name not in _VALUES:
            _BYTES[name], _FILES[name] = payload, files
            _LOCK.notify_all()


def forget(name: str) -> None:
    """Drop a value that no further task needs."""
    with _LOCK:
        _VALUES.pop(name, None)
        _BYTES.pop(name, None)
        _FILES.pop(name, None)


def pack(value: Any, folder: Path | None) -> tuple[bytes, Shared]:
    """Pickle a value; paths in its folder become references."""
    token = ""
    if folder is not None:
        folder = folder.resolve()
        token = mark(folder)
    stream = io.BytesIO()
    _Pickler(stream, folder).dump(value)
    payload = stream.getvalue()
    name = hashlib.sha256(payload + token.encode()).hexdigest()[:24]
    return payload, Shared(name, None, None if folder is None else str(folder), token)


def files_of(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, or nothing if that is too much to send."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != _MARK]
    if sum(path.stat().st_size for path in found) > _LARGEST:
        return {}
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def mark(folder: Path) -> str:
    """Leave a token in a folder, by which other machines know that they see the same one."""
    path = folder / _MARK
    if not path.exists():
        path.write_text(secrets.token_hex(16))
    return path.read_text()


def sees(folder: Path, token: str) -> bool:
    """Whether this machine sees the folder in which the token was left."""
    try:
        return bool(token) and (folder / _MARK).read_text() == token
    except OSError:
        return False


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, folder: Path | None) -> None:
        super().__init__(stream, protocol=pickle.HIGHEST_PROTOCOL)
        self._folder = folder

    def persistent_id(self, obj: Any) -> str | None:
        if self._folder is None or not isinstance(obj, PurePath):
            return None
        path = Path(obj).absolute()
        return str(path.relative_to(self._folder)) if path.is_relative_to(self._folder) else None


class _Unpickler(pickle.Unpickler):
    """Loads what the same run pickled: never a file that came from elsewhere."""

    def __init__(self, stream: io.BytesIO, folder: Path | None) -> None:
        super().__init__(stream)
        self._folder = folder

    def persistent_load(self, pid: str) -> Path:
        assert self._folder is not None
        return self._folder / pid


def _load(payload: bytes, folder: Path | None) -> Any:
    return _Unpickler(io.BytesIO(payload), folder).load()
