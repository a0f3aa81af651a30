"""The columns of a table at a glance: which hold numbers, which hold materials."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.errors import DataError, MaterialError
from forescale.labels import Take
from forescale.materials import KINDS, parse_material
from forescale.tables import Dialect
from forescale.tables.dialect import DecimalMark
from forescale.tables.numbers import read_numbers
from forescale.tables.streaming import column_names, stream_columns

_ROWS = 5000  # looked at
_PARSED = 40  # materials of a column that are parsed
_COMMA_NUMBER = re.compile(r"[^\w,]*[\d. '’\u00a0\u202f]*,\d+\D*")
_THOUSANDS = re.compile(r"[+\-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name
        Its header.
    texts
        Its cells as text, without empty ones.
    numbers
        Its cells as numbers, NaN where they hold none.
    numeric
        Share of filled cells that hold a number.
    kinds
        Share of its cells that are materials, for each kind.
    """

    name: str
    texts: tuple[str, ...]
    numbers: NDArray[np.float64]
    numeric: float
    kinds: Mapping[str, float]


@dataclass(frozen=True)
class Profile:
    """The first rows of a table, by column, and how its numbers are written."""

    frame: pd.DataFrame
    columns: tuple[Column, ...]
    decimal: DecimalMark


def profile(path: Path, *, sheet: str | None, decimal: DecimalMark | None) -> Profile:
    """Look at the first rows of a table.

    Raises
    ------
    DataError
        If the file is absent, empty or no table.
    """
    dialect = Dialect(decimal or ".", sheet)
    found = column_names(path, dialect)
    names = [name for name in dict.fromkeys(found) if name.strip() and found.count(name) == 1]
    if not names:
        raise DataError(f"{path}: got no column with a name of its own, expected a header line")
    frame = next(stream_columns(path, names, _ROWS, dialect), None)
    if frame is None:
        raise DataError(f"{path}: has no rows")
    return profile_of(frame, path, [decimal] if decimal else [".", ","])


def profile_of(frame: pd.DataFrame, origin: Path, marks: Sequence[DecimalMark] = (".",)) -> Profile:
    """Look at rows that were read, their numbers written with one of the marks.

    Raises
    ------
    DataError
        If there are none.
    """
    if not len(frame):
        raise DataError(f"{origin}: has no rows")
    names = list(frame.columns)
    shares = [[_numbers(frame[name], mark) for name in names] for mark in marks]
    best = max(range(len(marks)), key=lambda i: sum(share for _, share in shares[i]))
    columns = [_column(frame[name], *shares[best][place]) for place, name in enumerate(names)]
    mark = marks[best]
    if len(marks) > 1 and mark == "," and not any(_has_decimal_commas(frame[n]) for n in names):
        mark = "."  # they may separate thousands: the reader asks
    return Profile(frame, tuple(columns), mark)


def _column(cells: pd.Series, numbers: NDArray[np.float64], numeric: float) -> Column:
    texts = tuple(text for text in cells.astype(str).str.strip() if text not in ("", "nan", "None"))
    kinds = {} if numeric > 0.5 else _kinds(texts)
    return Column(str(cells.name), texts, numbers, numeric, kinds)


def _numbers(cells: pd.Series, mark: DecimalMark) -> tuple[NDArray[np.float64], float]:
    """Numbers of a column, and the share of its filled cells that are some."""
    filled = (cells.astype(str).str.strip() != "") & cells.notna()
    if not filled.any():
        return np.full(len(cells), np.nan), 0.0
    options: dict[str, Any] = {"decimal": mark, "take": Take.NUMBER}
    try:
        values = read_numbers(cells, "table", **options).values
    except DataError:  # decimal commas, read with points
        return np.full(len(cells), np.nan), 0.0
    return values, float(np.isfinite(values[filled.to_numpy()]).mean())


def _has_decimal_commas(cells: pd.Series) -> bool:
    """Whether a column has numbers with commas that cannot separate thousands."""
    texts = [text for text in cells.astype(str).str.strip() if "," in text]
    decimal = [text for text in texts if _COMMA_NUMBER.fullmatch(text)]
    return bool(decimal) and not all(_THOUSANDS.fullmatch(text) for text in decimal)


def _kinds(texts: tuple[str, ...]) -> dict[str, float]:
    """Share of some of a column's texts that each kind of material can read."""
    different = list(dict.fromkeys(texts))
    places = np.unique(np.linspace(0, len(different) - 1, min(_PARSED, len(different))).astype(int))
    sample = [different[place] for place in places]
    if not sample:
        return {}
    return {kind: sum(reads(kind, text) for text in sample) / len(sample) for kind in KINDS}


@lru_cache(maxsize=20_000)
def reads(kind: str, text: str) -> bool:
    """Whether a text is a material of the kind."""
    try:
        parse_material(kind, text)
    except MaterialError:
        return False
    return True
