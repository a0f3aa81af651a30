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
temporary name, flushed, and renamed. A torn last line is dropped on opening; lines and parts
that are damaged are set aside in ``results/LABEL/damaged/``, named, and done again; files that
are not ours are left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa

from forescale._machine.files import cannot_write, replace_file, write_bytes, write_text
from forescale._machine.progress import say
from forescale.errors import EngineError, RunFolderError

SEAL_ROWS = 2000
SYNC_SECONDS = 1.0
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
"""Columns of every result beside the engine's own properties."""
STATUSES = frozenset({"done", "failed", "unsupported"})
_PART = re.compile(r"[0-9]{5,9}")


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

    def column(self, name: str) -> str:
        """The column of a property: its name, unless a column of every result has that name.

        >>> Header("replay", 0, {}, "molecule", {"status": ""}).column("status")
        'property status'
        """
        return f"property {name}" if name in COLUMNS else name

    @property
    def types(self) -> dict[str, str]:
        """Types of all columns of a result."""
        return COLUMNS | dict.fromkeys(map(self.column, self.units), "float64")


class Store:
    """Results of one protocol in a results folder."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder, self.header = folder, header
        self._parts = folder / "results" / header.label
        self._stream: IO[bytes] | None = None
        self._rows = 0
        self._synced = time.monotonic()

    def open(self) -> None:
        """Make the folders, set aside what is damaged, and get ready to append."""
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            description = self.folder / "protocols" / f"{self.header.label}.json"
            description.parent.mkdir(exist_ok=True)
            described = vars(self.header) | {"digest": self.header.digest}
            write_text(description, json.dumps(described, indent=2))
            for stale in self._parts.glob("*.tmp"):
                stale.unlink()
            for part in self._sealed():
                if self._part(part) is None:
                    self._set_aside(part)
            for journal in self._journals():
                if journal.with_suffix(".parquet").is_file():
                    journal.unlink()  # sealed, but ended before this was deleted
                else:
                    self._mend(journal)
            self._open_journal()
        except OSError as error:
            raise RunFolderError(cannot_write(self.folder, error)) from error

    def _set_aside(self, part: Path) -> None:
        damaged = self._parts / "damaged"
        damaged.mkdir(exist_ok=True)
        part.replace(damaged / part.name)
        say(f"{part}: damaged, set aside in {damaged}; what it held is done again")

    def _mend(self, journal: Path) -> None:
        """Drop a torn last line; set lines that are no results aside."""
        text = journal.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        lines = whole.splitlines(keepends=True)
        good = [line for line in lines if self._row(line) is not None]
        bad = [line for line in lines if line.strip() and self._row(line) is None]
        if bad:
            damaged = self._parts / "damaged"
            damaged.mkdir(exist_ok=True)
            with (damaged / f"{journal.stem}.lines").open("ab") as stream:
                stream.write(b"".join(bad))
            say(f"{journal}: {len(bad)} line(s) are no results, set aside in {damaged}")
        if len(b"".join(good)) != len(text):
            write_bytes(journal, b"".join(good))

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
        """Every attempt stored, oldest first, whether or not the store is open.

        What is damaged is left out, and named.
        """
        frames = []
        for part in self._sealed():
            frame = self._part(part, columns)
            if frame is None:
                say(f"{part}: damaged, left out; the campaign does it again")
            else:
                frames.append(frame)
        for journal in self._journals():
            if not journal.with_suffix(".parquet").is_file():
                frame = self._frame(self._lines(journal))
                frames.append(frame if columns is None else frame[columns])
        filled = [frame for frame in frames if len(frame)]
        if not filled:
            return self._frame([])[columns] if columns else self._frame([])
        return pd.concat(filled, ignore_index=True)

    def _part(self, path: Path, columns: list[str] | None = None) -> pd.DataFrame | None:
        """A sealed part; ``None`` if it is damaged."""
        types = {name: self.header.types[name] for name in columns or self.header.types}
        try:
            frame = pd.read_parquet(path, columns=list(types)).astype(types)
        except (OSError, ValueError, TypeError, KeyError, pa.ArrowException):
            return None
        known = frame["status"].isin(STATUSES).all() if "status" in frame else True
        return frame if known and not frame["key"].isna().any() else None

    def _lines(self, journal: Path) -> list[dict[str, Any]]:
        """The results in the open end."""
        text = journal.read_bytes()
        lines = text[: text.rfind(b"\n") + 1].splitlines()
        return [row for line in lines if (row := self._row(line)) is not None]

    def _row(self, line: bytes) -> dict[str, Any] | None:
        """The result that a line holds; ``None`` if it is none."""
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(row, dict) or not isinstance(row.get("key"), str):
            return None
        numbers = [row.get("seed"), row.get("wall_s"), row.get("attempt")]
        if row.get("status") == "done":
            numbers += [row.get(self.header.column(name)) for name in self.header.units]
        fits = (
            row.get("status") in tuple(STATUSES)  # may be a list: not to be hashed
            and all(map(_is_number, numbers))
            and all(isinstance(row.get(name), int) for name in ("seed", "attempt"))
            and all(isinstance(row.get(name), str) for name in ("reason", "notes"))
            and isinstance(row.get("converged"), bool)
            and isinstance(row.get("engine_version"), str)
            and 0 <= row["attempt"] < 2**31
        )
        return row if fits else None

    def _sealed(self) -> list[Path]:
        return self._numbered("parquet")

    def _journals(self) -> list[Path]:
        return self._numbered("jsonl")

    def _numbered(self, suffix: str) -> list[Path]:
        """Our own files, whatever else may lie there, in their order."""
        found = self._parts.glob(f"*.{suffix}")
        return sorted(
            (path for path in found if _PART.fullmatch(path.stem) and path.is_file()),
            key=lambda path: int(path.stem),
        )

    def _frame(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        types = self.header.types
        return pd.DataFrame(rows, columns=list(types)).astype(types)

    def _open_journal(self) -> None:
        numbers = [int(path.stem) for path in (*self._sealed(), *self._set_aside_before())]
        journals = self._journals()
        path = (
            journals[-1] if journals else self._parts / f"{max(numbers, default=-1) + 1:05d}.jsonl"
        )
        self._rows = path.read_bytes().count(b"\n") if path.exists() else 0
        self._stream = path.open("ab", buffering=0)

    def _set_aside_before(self) -> list[Path]:
        """Damaged parts: their numbers are not given again."""
        found = (self._parts / "damaged").glob("*.parquet")
        return [path for path in found if _PART.fullmatch(path.stem)]

    def _seal(self) -> None:
        """Turn the open end into a Parquet part and begin a new one."""
        assert self._stream is not None
        journal = Path(self._stream.name)
        os.fsync(self._stream.fileno())
        with replace_file(journal.with_suffix(".parquet")) as temporary:
            self._frame(self._lines(journal)).to_parquet(temporary, compression="zstd")
        self._stream.close()
        journal.unlink()
        self._open_journal()


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 2**63 if isinstance(value, int) else math.isfinite(value)
