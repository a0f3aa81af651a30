"""Predictions for a table of candidates, however long: some rows at a time, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forescale._machine.executors import Workers
from forescale._machine.progress import progress
from forescale.errors import ConfigError, DataError
from forescale.prediction.columns import choose_columns
from forescale.prediction.predictor import COLUMNS, Predictor
from forescale.prediction.writing import RowWriter, open_writer
from forescale.tables import Dialect, PairColumns
from forescale.tables.dialect import PLAIN
from forescale.tables.materials import parse_rows
from forescale.tables.reading import OnError, complaint
from forescale.tables.streaming import column_names, stream_columns

ROWS = 10_000  # at a time: enough for worker processes to be worth their start

_OWN = ("row", "material", "key", "unit", *COLUMNS)


@dataclass(frozen=True)
class PredictionCounts:
    """What came of a table of candidates.

    Parameters
    ----------
    rows, predicted, rejected
        Rows of the table, of the predictions and of the rejects.
    outside, known
        Predictions that are far from training, and of materials learnt from.
    lowest, highest
        Range of the predictions, in the model's unit; None without any.
    """

    rows: int = 0
    predicted: int = 0
    rejected: int = 0
    outside: int = 0
    known: int = 0
    lowest: float | None = None
    highest: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def with_part(self, predicted: pd.DataFrame, rejected: int) -> PredictionCounts:
        """The outcome after some more rows."""
        values = predicted["prediction"]
        ends = [self.lowest, self.highest]
        if len(values):
            ends = [
                float(values.min() if ends[0] is None else min(ends[0], values.min())),
                float(values.max() if ends[1] is None else max(ends[1], values.max())),
            ]
        return PredictionCounts(
            self.rows + len(predicted) + rejected,
            self.predicted + len(predicted),
            self.rejected + rejected,
            self.outside + int(predicted["outside"].sum()),
            self.known + int((predicted["known"] != "").sum()),
            *ends,
        )


def predict_file(
    predictor: Predictor,
    candidates: Path,
    out: Path | None,
    rejects: Path,
    *,
    columns: Mapping[str, str | None] | None = None,
    keep: Sequence[str] = (),
    on_error: OnError = "raise",
    workers: Workers = 1,
    show_progress: bool = True,
    label: str | None = None,
    dialect: Dialect = PLAIN,
    rows: int = ROWS,
    told: Callable[[int, int], None] | None = None,
) -> PredictionCounts:
    """Predict every row of a CSV or Parquet table.

    Parameters
    ----------
    candidates
        The table; rows keep their order, and may repeat.
    out
        CSV or Parquet file to write, whole or not at all; None is standard output.
    rejects
        CSV file for the rows that cannot be predicted, written if there are any.
    columns
        Columns of the material by role; see :func:`~forescale.prediction.columns.choose_columns`.
    keep
        Further columns of the table to copy.
    on_error
        ``"raise"`` refuses a table with bad rows before it predicts; ``"skip"`` sets them aside.
    label
        What messages and rejects call the table; by default its path.
    dialect
        Decimal mark of its temperatures, and its sheet.
    rows
        How many are predicted at a time.
    told
        Called with the rows done and all rows, now and then; what it raises ends the work.

    Raises
    ------
    DataError
        If the table cannot be read or, unless skipped, has bad rows.
    """
    label = label or str(candidates)
    found = column_names(candidates, dialect)
    chosen = choose_columns(label, found, predictor.manifest, columns or {})
    clash = sorted(set(keep).intersection(_OWN))
    if clash:
        raise ConfigError(f"--keep {clash[0]}: predictions have a column of that name themselves")
    for path in (out, rejects):
        if path is not None and path.exists() and path.samefile(candidates):
            raise ConfigError(f"{path}: are the candidates themselves; choose another file")
    names = [*(chosen.names if isinstance(chosen, PairColumns) else (chosen,)), *keep]
    names = list(dict.fromkeys(names))
    table = _Table(
        candidates, label, names, chosen, predictor.material_kind, tuple(keep), dialect, rows
    )
    total = table.count()
    if on_error == "raise":
        table.check(total, rejects.name, show_progress=show_progress)
    outcome = PredictionCounts()
    with ExitStack() as stack:
        writer = stack.enter_context(open_writer(out))
        refused = stack.enter_context(RowWriter(rejects))
        advance = stack.enter_context(progress("Predicting", total, shown=show_progress))
        for part in table.parts():
            predicted, bad = _predict(predictor, part, workers)
            if len(bad) and on_error == "raise":
                raise DataError(complaint(label, bad, rejects.name))
            writer.write(predicted)
            if len(bad):
                refused.write(bad)
            outcome = outcome.with_part(predicted, len(bad))
            advance(len(part))
            if told is not None:
                told(outcome.rows, total)
        if not outcome.rows:
            raise DataError(f"{label}: has no rows, expected materials to predict")
    return outcome


@dataclass(frozen=True)
class _Table:
    """The candidates, read anew for each pass."""

    path: Path
    label: str
    names: list[str]
    columns: str | PairColumns
    kind: str
    keep: tuple[str, ...]
    dialect: Dialect
    rows: int

    def count(self) -> int:
        """How many rows there are."""
        return sum(
            len(raw) for raw in stream_columns(self.path, self.names, self.rows, self.dialect)
        )

    def check(self, total: int, rejects: str, *, show_progress: bool) -> None:
        """Refuse bad materials, all of them at once and before any is predicted."""
        bad = []
        with progress("Checking candidates", total, shown=show_progress) as advance:
            for part in self.parts():
                bad.append(part[part["reason"].notna()])
                advance(len(part))
        if bad and len(rejected := pd.concat(bad)):
            raise DataError(complaint(self.label, rejected, rejects))

    def parts(self) -> Iterator[pd.DataFrame]:
        """Rows with columns file, row, material, key, reason (None where it is good), kept ones."""
        for raw in stream_columns(self.path, self.names, self.rows, self.dialect):
            yield self._parsed(raw)

    def _parsed(self, raw: pd.DataFrame) -> pd.DataFrame:
        parsed = parse_rows(self.kind, raw, self.columns, self.dialect.decimal)
        reasons = [a or b for a, b in zip(parsed.faults, parsed.implausible, strict=True)]
        part = pd.DataFrame(
            {
                "file": self.label,
                "row": raw.index.to_numpy() + 1,
                "material": parsed.texts,
                "key": parsed.keys,
                "reason": pd.Series(reasons, dtype=object),
            }
        )
        return part.assign(**{name: raw[name].to_numpy() for name in self.keep})


def _predict(
    predictor: Predictor, part: pd.DataFrame, workers: Workers
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of some rows, and the rows that have none."""
    good = np.flatnonzero(part["reason"].isna())
    values, reasons = predictor.predict_keys(part["key"].iloc[good].tolist(), workers=workers)
    part.loc[part.index[good], "reason"] = pd.Series(reasons, dtype=object, index=part.index[good])
    bad = part["reason"].notna()
    rejected = part.loc[bad, ["file", "row", "material", "reason"]]
    rows = part[~bad].drop(columns=["file", "reason"]).reset_index(drop=True)
    values = values[~bad.to_numpy()[good]].reset_index(drop=True)
    values.insert(3, "unit", predictor.unit)
    return pd.concat([rows, values], axis=1), rejected
