"""The loop folder: everything a loop knows, readable by a person, whole after any crash.

loop.toml                 as run last, defaults written out
arms/NAME/arm.json        which protocol and property; sequence.csv: what was asked for, in order
arms/NAME/results/        the arm's campaign
errors/ROUND.parquet      errors found in a round; rounds/ROUND.json comes last: the round is done
measure.csv               what to measure next; report.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from forescale._machine.files import replace_file, write_text
from forescale.errors import RunFolderError
from forescale.growth.records import read_errors, read_record

_PARTS = ("arms", "rounds", "errors")
_ROUND = 5 * "[0-9]"


@dataclass(frozen=True)
class LoopFolder:
    """Paths and parts of one loop."""

    path: Path

    def arm(self, name: str) -> Path:
        """Folder of an arm."""
        return self.path / "arms" / name

    def open(self) -> None:
        """Make the folders.

        Raises
        ------
        RunFolderError
            If the folder holds something else or cannot be written.
        """
        try:
            if self.path.exists() and not (self.path / "loop.toml").exists():
                there = {e.name for e in self.path.iterdir() if not e.name.startswith(".")}
                if there - set(_PARTS):  # a loop that was killed at once has these alone
                    raise RunFolderError(
                        f"{self.path}: not empty and not a loop (no loop.toml); choose another"
                    )
            for sub in _PARTS:
                (self.path / sub).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"{self.path}: cannot be written ({error.strerror})") from error

    def rounds(self) -> list[dict[str, Any]]:
        """Records of all finished rounds, oldest first."""
        paths = sorted((self.path / "rounds").glob(f"{_ROUND}.json"))
        records = [read_record(path) for path in paths]
        for number, (path, record) in enumerate(zip(paths, records, strict=True), start=1):
            if record["round"] != number:
                raise RunFolderError(f"{path}: round {number} before it is missing; restore it")
        return records

    def errors(self) -> pd.DataFrame:
        """All errors: columns arm, round, replicate, n_source, n_target, metric, value."""
        frames: list[pd.DataFrame] = []
        for record in self.rounds():
            anew = set(record.get("anew", ()))
            frames = [frame[~frame["arm"].isin(anew)] for frame in frames] if anew else frames
            frames.append(read_errors(self.path / "errors" / f"{record['round']:05d}.parquet"))
        columns = ["arm", "round", "replicate", "n_source", "n_target", "metric", "value"]
        if not frames:
            return pd.DataFrame({name: [] for name in columns})
        whole = pd.concat(frames, ignore_index=True)
        cell = ["arm", "replicate", "n_source", "n_target", "metric"]
        return whole.drop_duplicates(cell, keep="last").reset_index(drop=True)

    def add(self, record: dict[str, Any], errors: pd.DataFrame) -> None:
        """Keep a finished round. The record comes last: it says that all is there."""
        number = record["round"]
        with self.writing():
            with replace_file(self.path / "errors" / f"{number:05d}.parquet") as temporary:
                errors.to_parquet(temporary)
            text = json.dumps(record, indent=2, allow_nan=False) + "\n"
            write_text(self.path / "rounds" / f"{number:05d}.json", text)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say what to do where the folder cannot be written any more."""
        try:
            yield
        except OSError as error:
            raise RunFolderError(
                f"{self.path}: cannot be written ({error}); what is finished is kept, and the "
                "same command goes on once this is mended"
            ) from None
