"""Values as people write them: numbers, and what is none told by its kind.

A bound (``>300``), a range (``1.12-1.13``), an estimate (``~1.2``) or a value with its
uncertainty (``1.05 ± 0.02``) is not a number until somebody says what to take it for.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import (
    is_bool_dtype,
    is_numeric_dtype,
    is_object_dtype,
    is_string_dtype,
)

from forescale.errors import DataError
from forescale.labels import Take
from forescale.materials._spreadsheets import made_by_spreadsheet
from forescale.tables.dialect import DecimalMark

_PLAIN = r"[+\-−–‐‑﹣－]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+\-−–]?[0-9]+)?"
_BOUND = re.compile(
    rf"(?:[<>≤≥⩽⩾≦≧≪≫]=?|<<|>>|=[<>]|(?:less|more|greater|higher|lower) than|under|over|above|below"
    rf"|up to|at (?:least|most)|max\.?|min\.?)\s*({_PLAIN})|({_PLAIN})\s*(?:\+|[<>])",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    rf"(?:~|≈|∼|≃|ca\.?|c\.|circa|about|around|nearly|approx(?:\.|imately)?|etwa|env\.?)\s*"
    rf"({_PLAIN})",
    re.IGNORECASE,
)
_SPREAD = re.compile(
    rf"({_PLAIN})\s*(?:±|\+/[-−]|\+[-−])\s*{_PLAIN}\s*%?|"
    rf"({_PLAIN})\s*\+\s*{_PLAIN}\s*/?\s*[-−]\s*{_PLAIN}|"
    r"([+\-−]?\d+(?:\.\d+)?)\s?\(\d+(?:\.\d+)?\)"
)
_POWER = re.compile(
    rf"{_PLAIN}\s*[x×·*]\s*10\s*(?:\^|\*\*)?\s*[+\-−⁻]?[\d⁰¹²³⁴-⁹]+|10\^.*|"
    r"[\d.]+[dD][+-]?\d+",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[+\-−]?\d{1,3}(?:[ '’_\u00a0\u2009\u202f]\d{3})+(?:\.\d+)?")
_RANGE = re.compile(rf"({_PLAIN})\s*(?:-|–|—|−|to|bis|\.\.\.?|…)\s*({_PLAIN})")
_WITH_TEXT = re.compile(rf"{_PLAIN}\s*(?:[^\d\s.,;:+\-−].*)", re.DOTALL)
_COMMA = re.compile(r"[+\-−]?(?:\d{1,3}(?:[. '’\u00a0\u202f]\d{3})+|\d+)?,\d+(?:[eE][+\-−]?\d+)?")
_GROUPED = re.compile(r"([+\-−]?)(\d{1,3}(?:[. '’\u00a0\u202f]\d{3})+)(,\d+)?")
_ENGLISH = re.compile(r"[+\-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_FULL_STOP = re.compile(r"\d\.\d")

_HOW = {
    "bound": ("a bound, not a value", 'take = "number" (--take number) to take its number'),
    "estimate": ("an estimate", 'take = "number" (--take number) to take its number'),
    "uncertainty": (
        "a value with its uncertainty",
        'take = "number" (--take number) to take its number',
    ),
    "range": ("a range, not a value", 'take = "middle" (--take middle) to take its middle'),
}
_MINUS = str.maketrans(dict.fromkeys("−–‐‑﹣－", "-"))
_TAKEN: dict[str, set[str]] = {
    "number": {"bound", "estimate", "uncertainty"},
    "middle": {"range", "estimate", "uncertainty"},
}


@dataclass(frozen=True)
class Numbers:
    """The numbers of a column.

    Parameters
    ----------
    values
        NaN where a cell holds no number, shape (rows,).
    reasons
        Of those cells, by position: what is there instead, and what to do.
    taken
        How many cells of each kind were taken for a number because the reader was told to.
    """

    values: NDArray[np.float64]
    reasons: dict[int, str]
    taken: dict[str, int]


def read_numbers(
    column: pd.Series, origin: str, *, decimal: DecimalMark = ".", take: Take = Take.REFUSE
) -> Numbers:
    """The numbers of a column of text or numbers.

    Raises
    ------
    DataError
        If the column is of neither, or if its numbers have another decimal mark.

    Examples
    --------
    >>> found = read_numbers(pd.Series([">300", "1.1-1.3", "2"]), "t.csv", take=Take.MIDDLE)
    >>> found.values.round(6).tolist()
    [nan, 1.2, 2.0]
    >>> found.reasons[0].split(";")[0]
    'it is a bound, not a value'
    """
    if not (is_numeric_dtype(column) or is_string_dtype(column) or is_object_dtype(column)) or (
        is_bool_dtype(column)
    ):
        raise DataError(
            f"{origin}: column {column.name!r} holds values of type {column.dtype}, "
            "expected numbers"
        )
    given = column
    if decimal == "," and not is_numeric_dtype(column):
        column = _with_points(column, origin)
    values = _as_floats(column)
    open_places = np.flatnonzero(~np.isfinite(values)).tolist()
    texts = {place: str(column.iloc[place]).strip() for place in open_places}
    if decimal == ".":
        _refuse_decimal_commas(column.name, list(texts.values()), len(column), origin)
    reasons = _vanished(column, values)
    taken: Counter[str] = Counter()
    for place, text in texts.items():
        kind, number = _read(text)
        if kind == "number":  # of a minus sign that is no hyphen
            values[place] = number
        elif decimal == "," and kind and _FULL_STOP.search(str(given.iloc[place])):
            reasons[place] = "it has a full stop although decimal = ','"
        elif kind in _TAKEN.get(take, ()):
            values[place] = number
            taken[kind] += 1
        else:
            reasons[place] = _reason(text, kind)
    return Numbers(values, reasons, dict(taken))


def _vanished(column: pd.Series, values: NDArray[np.float64]) -> dict[int, str]:
    """Numbers too small to be told from zero become NaN, with the reason, by position."""
    if is_numeric_dtype(column):
        return {}
    zeros = np.flatnonzero(values == 0)
    small = zeros[column.iloc[zeros].astype(str).str.contains(r"^[^eE]*[1-9]").to_numpy(dtype=bool)]
    values[small] = np.nan
    return dict.fromkeys(small.tolist(), "it is below the smallest number, 5e-324")


def _as_floats(column: pd.Series) -> NDArray[np.float64]:
    """Numbers as they stand; NaN for the others."""
    if not is_numeric_dtype(column):
        column = column.where(column.notna(), "")
    if is_object_dtype(column):  # cells of many types: True is no number
        column = column.astype(str)
    found = pd.to_numeric(column, errors="coerce")
    if is_object_dtype(found):  # integers of hundreds of digits
        return np.array([_float(one) for one in found], dtype=float)
    return np.array(found.to_numpy(dtype=float, na_value=np.nan))


def _float(one: object) -> float:
    try:
        return float(str(one))
    except ValueError:
        return float("nan")


def _read(text: str) -> tuple[str, float]:
    """What a text that is no plain number is, and the number it stands for if it does."""
    if re.fullmatch(_PLAIN, text) and math.isfinite(number := _number(text)):
        return "number", number
    for kind, pattern in (("bound", _BOUND), ("estimate", _ABOUT), ("uncertainty", _SPREAD)):
        if found := pattern.fullmatch(text):
            return kind, _number(next(group for group in found.groups() if group is not None))
    if (found := _RANGE.fullmatch(text)) and made_by_spreadsheet(text) is None:
        low, high = _number(found[1]), _number(found[2])
        return ("range", low + (high - low) / 2) if low < high else ("falling", math.nan)
    return "", float("nan")


def _number(text: str) -> float:
    return float(text.translate(_MINUS))


def _reason(text: str, kind: str) -> str:
    if kind == "falling":
        return "it looks like a range, whose second number is not the larger; write both in full"
    if kind:
        what, how = _HOW[kind]
        return f"it is {what}; say {how}, or leave it out"
    if made := made_by_spreadsheet(text):
        return f"it is {made}"
    if re.fullmatch(_PLAIN, text):
        return "it is beyond the largest number, 1.8e308"
    if _ENGLISH.fullmatch(text) and _COMMA.fullmatch(text):
        return (
            "does its comma separate thousands, or is it a decimal one? Leave it out, or say "
            'decimal = "," (--decimal ,)'
        )
    if _COMMA.fullmatch(text):
        return (
            'it has a decimal comma; if the file\'s numbers have, say decimal = "," (--decimal ,)'
        )
    if _ENGLISH.fullmatch(text) or _THOUSANDS.fullmatch(text):
        return "its thousands are separated; leave the separators out"
    if _POWER.fullmatch(text):
        return "its power of ten is not written as in 1.05e3"
    if "," in text and _read(text.replace(",", "."))[0]:
        return 'it has decimal commas; if the file\'s numbers have, say decimal = "," (--decimal ,)'
    if re.fullmatch(r"[\d\s/½⅓¼⅔¾]*[/½⅓¼⅔¾][\d\s]*", text):
        return "it is a fraction; write it as a decimal number"
    if not text.isascii() and any(c.isdecimal() and not c.isascii() for c in text):
        return "its digits are of another script; write 0 to 9"
    if text.endswith("%") and _WITH_TEXT.fullmatch(text):
        return 'leave the sign out and say unit = "%"'
    if _WITH_TEXT.fullmatch(text):
        return "a unit or remark follows the number; it belongs in unit or in another column"
    return ""


def _refuse_decimal_commas(name: object, texts: list[str], rows: int, origin: str) -> None:
    """Where many numbers have commas, those with points may not be what they seem either."""
    commas = [text for text in texts if _COMMA.fullmatch(text)]
    both = [text for text in commas if _GROUPED.match(text)]
    if commas and (both or len(commas) * 10 >= rows):
        shown = (both or commas)[0]
        if all(_ENGLISH.fullmatch(text) for text in commas):
            raise DataError(
                f"{origin}: column {name!r} has commas in {len(commas)} of {rows} rows "
                f"({shown!r}, for one); do they separate thousands, or are they decimal commas? "
                'Leave separators out, or say decimal = "," (--decimal ,) if they are decimal'
            )
        raise DataError(
            f"{origin}: column {name!r} has decimal commas in {len(commas)} of {rows} rows "
            f'({shown!r}, for one); say decimal = "," (--decimal ,) to read them, or write '
            "all numbers with a decimal point"
        )


def _with_points(column: pd.Series, origin: str) -> pd.Series:
    """Numbers with decimal commas as numbers with points; what is neither is left as it is."""
    texts = [str(text).strip() for text in column.where(column.notna(), "")]
    grouped = any(_GROUPED.fullmatch(text) and "," in text for text in texts)
    doubtful = [text for text in texts if "," not in text and _GROUPED.fullmatch(text)]
    plain = [text for text in texts if re.fullmatch(r"[+\-−]?\d+\.\d+(?:[eE].*)?", text)]
    if points := [text for text in plain if not (grouped and text in doubtful)]:
        raise DataError(
            f"{origin}: column {column.name!r} has {len(points)} numbers with a full stop and no "
            f"comma ({points[0]!r}, for one) although decimal = ','; is it a decimal point, or "
            "does it separate thousands? Write all numbers in one way"
        )
    return pd.Series([_pointed(text) for text in texts], index=column.index, name=column.name)


def _pointed(text: str) -> str:
    if found := _GROUPED.fullmatch(text):
        return found[1] + re.sub(r"\D", "", found[2]) + (found[3] or "").replace(",", ".")
    return re.sub(r"(?<=\d),(?=\d)|(?<![\d,]),(?=\d)", ".", text)
