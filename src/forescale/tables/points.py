"""Tables of learning-curve points: numbers checked, names kept as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forescale.errors import DataError
from forescale.tables.dialect import PLAIN, Dialect
from forescale.tables.numbers import read_numbers
from forescale.tables.reading import read_columns

_SHOWN = 3


def read_points(
    path: Path, *, numbers: Sequence[str], names: Sequence[str] = (), dialect: Dialect = PLAIN
) -> pd.DataFrame:
    """Columns of a table of points, as any other table is read.

    Parameters
    ----------
    numbers
        Columns that must hold finite numbers in every row.
    names
        Columns of names (of curves, of replicates); ``"NA"`` is a name, nothing is none.

    Raises
    ------
    DataError
        If the file or a number in it cannot be read; names rows and reasons.
    """
    raw = read_columns(path, list(dict.fromkeys([*numbers, *names])), dialect)
    if raw.empty:
        raise DataError(f"{path}: has no rows, expected learning-curve points")
    bad: dict[str, list[int]] = {}  # what is wrong: in which rows
    columns: dict[str, object] = {}
    for name in dict.fromkeys(names):
        texts = raw[name].astype(str).mask(raw[name].isna(), "").str.strip()
        if (empty := texts == "").any():
            bad[f"column {name!r} is empty, expected a name"] = list(raw.index[empty] + 1)
        columns[name] = texts.to_numpy(dtype=object)
    for name in dict.fromkeys(numbers):
        found = read_numbers(raw[name], str(path), decimal=dialect.decimal)
        for place in np.flatnonzero(~np.isfinite(found.values)).tolist():
            why = found.reasons.get(place)
            got = str(raw[name].iloc[place])
            got = got if len(got) <= 40 else f"{got[:30]}… ({len(got)} characters)"
            what = f"got {got!r} in column {name!r}, expected a finite number"
            bad.setdefault(what + (f" ({why})" if why else ""), []).append(raw.index[place] + 1)
        columns[name] = found.values
    if bad:
        shown = "; ".join(f"{_rows(rows)}: {what}" for what, rows in list(bad.items())[:_SHOWN])
        left = sum(map(len, list(bad.values())[_SHOWN:]))
        raise DataError(f"{path}: {shown}" + (f"; and {left} more" if left else ""))
    return pd.DataFrame(columns)


def _rows(rows: Sequence[int]) -> str:
    """Which rows, the first few by number."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    listed = ", ".join(map(str, rows[:_SHOWN]))
    return f"rows {listed}" + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")
