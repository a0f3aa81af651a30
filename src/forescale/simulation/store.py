"""The results folder of a campaign: append-only, readable at any moment, safe against any end.

    protocols/LABEL.json        engine, settings and units: what the label stands for
    results/LABEL/00000.parquet sealed results, never touched again
    results/LABEL/00001.jsonl   the open end: one line per attempt, written as it finishes
    tables/LABEL/PROPERTY.parquet, failures.csv, rejects.csv: made from the above
    scratch/, kept/             the engine's files while a campaign runs, or kept after it
    checkpoints/LABEL/          progress of long jobs that have begun and not ended
    shared/ENGINE/              what several jobs of an engine need, such as sigma surfaces

A line of the open end reaches the operating system before its job counts as finished, and the
disk within a second; after :data:`SEAL_ROWS` lines it is written as a Parquet file under a
temporary name, flushed, and renamed. A torn last line is dropped on opening.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd

from forescale.errors import EngineError, RunFolderError

SEAL_ROWS = 2000
SYNC_SECONDS = 1.0
#: Columns of every result beside the engine's own properties.
COLUMNS = {
    "key": "string",
    "attempt": "int32",
    "status": "string",
    "reason": "string",
    "notes": "string",
    "converged": "boolean",
    "seed": "int64",
    "wall_s": "float64",
    "engine_version": "string",
}


@dataclass(frozen=True)
class Header:
    """What one label of a results folder stands for."""

    engine: str
    seed: int
    settings: dict[str, Any]
    kind: str
    units: dict[str, str]

    @property
    def digest(self) -> str:
        """Hash of all that changes the numbers."""
        text = json.dumps([self.engine, self.seed, self.settings, self.kind], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def label(self) -> str:
        """Engine's name and the head of the hash."""
        return f"{self.engine}-{self.digest[:8]}"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder against a second campaign; the lock ends with the process.

    Raises
    ------
    RunFolderError
        If the folder cannot be written or another campaign holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / ".lock").open("w")
    except OSError as error:
        raise RunFolderError(f"{folder}: cannot be written ({error.strerror})") from error
    with stream:
        import fcntl

        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunFolderError(
                f"{folder}: another campaign is writing here; wait for it or stop it"
            ) from None
        yield


class Store:
    """Results of one protocol in a results folder."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder, self.header = folder, header
        self._parts = folder / "results" / header.label
        self._stream: IO[bytes] | None = None
        self._rows = 0
        self._synced = time.monotonic()

    def open(self) -> None:
        """Make the folders, repair the open end, and get ready to append."""
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            description = self.folder / "protocols" / f"{self.header.label}.json"
            description.parent.mkdir(exist_ok=True)
            write_durably(
                description,
                json.dumps(vars(self.header) | {"digest": self.header.digest}, indent=2).encode(),
            )
            for stale in self._parts.glob("*.tmp"):
                stale.unlink()
            for journal in self._journals():
                if journal.with_suffix(".parquet").exists():
                    journal.unlink()  # sealed, but ended before this was deleted
            self._open_journal()
        except OSError as error:
            raise RunFolderError(f"{self.folder}: cannot be written ({error.strerror})") from error

    def close(self) -> None:
        """Flush the open end to disk."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._stream.fileno())
            self._stream.close()
            self._stream = None

    def append(self, row: dict[str, Any]) -> None:
        """Store one attempt.

        Raises
        ------
        EngineError
            If the disk is full or gone. What was stored before stays whole.
        """
        assert self._stream is not None
        end = self._stream.tell()
        try:
            self._stream.write((json.dumps(row) + "\n").encode())
            self._rows += 1
            if self._rows >= SEAL_ROWS:
                self._seal()
            elif time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._stream.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            with contextlib.suppress(OSError):
                self._stream.truncate(end)
            raise EngineError(
                f"{self.folder}: results cannot be stored ({error.strerror}); make room and run "
                "the campaign again: it goes on with what is missing"
            ) from error

    def attempts(self, columns: list[str] | None = None) -> pd.DataFrame:
        """Every attempt stored, oldest first, whether or not the store is open."""
        frames = [
            pd.read_parquet(p, columns=columns) for p in sorted(self._parts.glob("*.parquet"))
        ]
        for journal in self._journals():
            if not journal.with_suffix(".parquet").exists():
                frame = self._frame(_read_lines(journal))
                frames.append(frame if columns is None else frame[columns])
        filled = [frame for frame in frames if len(frame)]
        if not filled:
            return self._frame([])[columns] if columns else self._frame([])
        return pd.concat(filled, ignore_index=True)

    def _part(self, stem: str, columns: list[str] | None) -> pd.DataFrame:
        """One sealed part, or the open end (which may be sealed at this very moment)."""
        sealed = self._parts / f"{stem}.parquet"
        if not sealed.exists():
            with contextlib.suppress(FileNotFoundError):
                frame = self._frame(_read_lines(sealed.with_suffix(".jsonl")))
                return frame if columns is None else frame[columns]
        return pd.read_parquet(sealed, columns=columns)

    def _journals(self) -> list[Path]:
        return sorted(self._parts.glob("*.jsonl"))

    def _frame(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        types = COLUMNS | dict.fromkeys(self.header.units, "float64")
        return pd.DataFrame(rows, columns=list(types)).astype(types)

    def _open_journal(self) -> None:
        numbers = [int(path.stem) for path in self._parts.glob("*.parquet")]
        journals = self._journals()
        path = (
            journals[-1] if journals else self._parts / f"{max(numbers, default=-1) + 1:05d}.jsonl"
        )
        whole = path.read_bytes() if path.exists() else b""
        whole = whole[: whole.rfind(b"\n") + 1]
        self._stream = path.open("ab", buffering=0)
        self._stream.truncate(len(whole))
        self._rows = whole.count(b"\n")

    def _seal(self) -> None:
        """Turn the open end into a Parquet part and begin a new one."""
        assert self._stream is not None
        journal = Path(self._stream.name)
        os.fsync(self._stream.fileno())
        part = journal.with_suffix(".parquet")
        temporary = part.with_suffix(".tmp")
        self._frame(_read_lines(journal)).to_parquet(temporary, compression="zstd")
        _rename_durably(temporary, part)
        self._stream.close()
        journal.unlink()
        self._open_journal()


def _read_lines(journal: Path) -> list[dict[str, Any]]:
    text = journal.read_bytes()
    return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines() if line]


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that a reader finds the old or the new one, never half."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(data)
    _rename_durably(temporary, path)


def _rename_durably(temporary: Path, path: Path) -> None:
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
