"""CSV files that people open in spreadsheets."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from forescale._machine.files import replace_file

_FORMULA = re.compile(r"[\s]*[=+\-@]|[\t\r]")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before one.

    Numbers stay as they are.

    >>> neutral("=HYPERLINK(0)"), neutral("-1.5"), neutral("CCO")
    ("'=HYPERLINK(0)", '-1.5', 'CCO')
    """
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def neutralised(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with :func:`neutral` texts, in its cells and its header."""
    texts = [
        position
        for position, dtype in enumerate(frame.dtypes)
        if not (pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype))
    ]
    out = frame.copy()
    for position in texts:
        column = out.iloc[:, position].map(lambda v: neutral(v) if isinstance(v, str) else v)
        out.isetitem(position, column)
    out.columns = [neutral(str(name)) for name in out.columns]
    return out


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table for people, whole or not at all, with cells that are no formulas."""
    with replace_file(path) as temporary:
        neutralised(frame).to_csv(temporary, index=False)
