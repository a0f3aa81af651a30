"""Tables of candidates that are being predicted: one thread each, progress, files to fetch.

They live as long as the app: what is wanted is downloaded. Memory is bounded, for rows are read,
predicted and written some thousands at a time.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forescale._machine.workers import default_workers
from forescale.app.folder import NotHereError
from forescale.errors import ForescaleError, RequestError
from forescale.prediction import PredictionCounts, predict_file

if TYPE_CHECKING:
    from fastapi import Request

    from forescale.prediction import Predictor

_KEPT = 12
_AT_WORK = 2
_SHOWN = 50
_BATCH = 10_000
_ROWS = 4_000  # predicted at a time: progress is told that often


class _StoppedError(Exception):
    """The user stopped it."""


@dataclass
class Batch:
    """A table of candidates and what has become of it.

    Attributes
    ----------
    at, label
        Run that predicts, and the name of the table.
    folder
        Holds the table, predictions and rejects.
    done, total
        Rows; total is 0 until they are counted.
    outcome
        None until all is predicted.
    trouble
        Why it ended early; empty while it did not.
    """

    at: str
    label: str
    folder: Path
    done: int = 0
    total: int = 0
    outcome: PredictionCounts | None = None
    trouble: str = ""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    stopping: bool = False

    @property
    def out(self) -> Path:
        """The predictions, once they are whole."""
        return self.folder / "predictions.parquet"

    @property
    def rejects(self) -> Path:
        """Rows without a prediction, with reasons."""
        return self.folder / "rejects.csv"

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self.ended is None

    @property
    def seconds_left(self) -> float | None:
        """By the rate so far."""
        if not self.done or not self.running:
            return None
        return (time.monotonic() - self.began) / self.done * (self.total - self.done)

    def told(self, done: int, total: int) -> None:
        """Note how far it is."""
        self.done, self.total = done, total
        if self.stopping:
            raise _StoppedError

    def matching(self, wanted: Wanted) -> Iterator[pd.DataFrame]:
        """Predictions that are wanted, some thousands at a time."""
        import pyarrow.parquet as pq

        for part in pq.ParquetFile(self.out).iter_batches(_BATCH):
            frame = part.to_pandas()
            yield frame[wanted.mask(frame)]

    def page(self, wanted: Wanted) -> tuple[pd.DataFrame, int]:
        """The first wanted predictions, and how many there are."""
        found, count = [], 0
        for part in self.matching(wanted):
            if count < _SHOWN:
                found.append(part.head(_SHOWN - count))
            count += len(part)
        return pd.concat(found, ignore_index=True), count

    def csv(self, wanted: Wanted) -> Path:
        """The wanted predictions as CSV."""
        from forescale.prediction.writing import RowWriter

        path = self.folder / f"wanted-{secrets.token_hex(4)}.csv"
        with RowWriter(path) as writer:
            for part in self.matching(wanted):
                writer.write(part)
        return path


@dataclass(frozen=True)
class Wanted:
    """Which predictions are wanted.

    Attributes
    ----------
    low, high
        Range of the prediction; None leaves an end open.
    whole
        Whether the whole interval has to lie in it.
    inside
        Leave out what is far from the materials learnt from.
    """

    low: float | None = None
    high: float | None = None
    whole: bool = False
    inside: bool = False

    def mask(self, frame: pd.DataFrame) -> pd.Series:
        """Which rows of predictions are wanted."""
        keep = frame["prediction"].notna()
        if self.low is not None:
            keep &= frame["low" if self.whole else "prediction"] >= self.low
        if self.high is not None:
            keep &= frame["high" if self.whole else "prediction"] <= self.high
        return keep & ~frame["outside"].astype(bool) if self.inside else keep


class Candidates:
    """The tables of one start of the app; the oldest finished ones make room."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="forescale-app-"))
        self._batches: OrderedDict[str, Batch] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> Batch:
        """One of them.

        Raises
        ------
        NotHereError
            If it is not kept, or not any more.
        """
        batch = self._batches.get(name)
        if batch is None:
            raise NotHereError("These predictions are not kept any more: predict the table again.")
        return batch

    def place(self, at: str, label: str) -> tuple[str, Batch]:
        """Room for a table.

        Raises
        ------
        RequestError
            If too many are at work.
        """
        with self._lock:
            if sum(batch.running for batch in self._batches.values()) >= _AT_WORK:
                raise RequestError(f"{_AT_WORK} tables are being predicted; wait for one of them")
            for name in [n for n, b in self._batches.items() if not b.running][: -_KEPT or None]:
                shutil.rmtree(self._batches.pop(name).folder, ignore_errors=True)
            name = secrets.token_urlsafe(12)
            folder = self._root / name
            folder.mkdir()
            self._batches[name] = Batch(at, label, folder)
            return name, self._batches[name]

    def start(
        self, batch: Batch, predictor: Predictor, table: Path, columns: dict[str, str | None]
    ) -> None:
        """Begin to predict a table that lies in its folder."""

        def work() -> None:
            try:
                batch.outcome = predict_file(
                    predictor, table, batch.out, batch.rejects, columns=columns, on_error="skip",
                    workers=default_workers(), show_progress=False, label=batch.label,
                    rows=_ROWS, told=batch.told,
                )  # fmt: skip
            except _StoppedError:
                batch.trouble = "stopped"
            except ForescaleError as error:
                batch.trouble = str(error)
            except Exception as error:  # whatever a damaged file leads to: told, not lost
                batch.trouble = f"a defect of forescale ({type(error).__name__}: {error})"
            finally:
                batch.ended = time.monotonic()
                table.unlink(missing_ok=True)

        threading.Thread(target=work, daemon=True, name="forescale-predict").start()

    def close(self) -> None:
        """Delete everything."""
        for batch in self._batches.values():
            batch.stopping = True
        shutil.rmtree(self._root, ignore_errors=True)


def candidates_of(request: Request) -> Candidates:
    """The tables of the app that answers a request."""
    import atexit

    state = request.app.state
    if not hasattr(state, "candidates"):
        state.candidates = Candidates()
        atexit.register(state.candidates.close)
    assert isinstance(state.candidates, Candidates)
    return state.candidates
