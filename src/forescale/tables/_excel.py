"""Sheets of Excel files, as the text of their cells."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import pandas as pd

from forescale.errors import DataError

EXCEL = (".xlsx", ".xlsm")
OTHER_SHEETS = (".xls", ".xlsb", ".ods", ".numbers")
_MOST = 1 << 30  # bytes of a sheet, unpacked


def read_excel(path: Path, sheet: str | None) -> pd.DataFrame:
    """The rows of a sheet as text; the index counts those below the header, empty ones too.

    Raises
    ------
    DataError
        If there is no such sheet, or several and none is named.
    """
    with _open(path) as book:
        rows = _sheet(path, book, sheet).iter_rows()
        cells = [[(_text(cell.value), cell.data_type) for cell in row] for row in rows]
    texts = [[text for text, _ in row] for row in cells]
    # a formula whose value is the empty text says so; any other without a value was not computed
    if any(not text and kind != "str" for row in cells for text, kind in row):
        _show_formulas(path, sheet, texts, [[kind == "str" for _, kind in row] for row in cells])
    header = next((place for place, row in enumerate(texts) if any(row)), None)
    if header is None:
        raise ValueError("its sheet is empty")
    width = max(place for place, name in enumerate(texts[header], start=1) if name)
    body = texts[header + 1 :]
    over = next((n for n, row in enumerate(body, start=header + 2) if any(row[width:])), None)
    if over is not None:
        raise ValueError(f"Expected {width} fields in line {over}, saw more: a column has no name")
    kept = [place for place, row in enumerate(body) if any(row)]
    table = pd.DataFrame(
        [(body[place] + [""] * width)[:width] for place in kept],
        columns=range(width),
        index=pd.Index(kept, dtype="int64"),
        dtype="str",
    )
    table.columns = pd.Index([name.strip() for name in texts[header][:width]])
    table.attrs["blank"] = len(body) - len(kept)
    return table


def _show_formulas(
    path: Path, sheet: str | None, texts: list[list[str]], computed: list[list[bool]]
) -> None:
    """Put formulas where their values are missing: programs that write sheets do not compute."""
    with _open(path, values=False) as book:
        rows = _sheet(path, book, sheet).iter_rows()
        for known, done, row in zip(texts, computed, rows, strict=False):
            for place, cell in enumerate(row[: len(known)]):
                if not known[place] and not done[place] and cell.data_type == "f":
                    value = cell.value
                    known[place] = value if isinstance(value, str) else str(value.text or "=?")


def sheet_names(path: Path) -> tuple[str, ...]:
    """Names of the sheets of an Excel file; none of a file of another kind."""
    if path.suffix.lower() not in EXCEL or not path.is_file():
        return ()
    try:
        with _open(path) as book:
            return tuple(sheet.title for sheet in book.worksheets)
    except (ValueError, OSError, zipfile.BadZipFile):
        return ()  # whoever reads it says why it is none


@contextmanager
def _open(path: Path, *, values: bool = True) -> Iterator[Any]:
    """The book, formulas given by their values or as they are."""
    import openpyxl

    with zipfile.ZipFile(path) as packed:
        if sum(one.file_size for one in packed.infolist()) > _MOST:
            raise ValueError("its contents are larger than a sheet of Excel can be")
    with ExitStack() as stack:
        stack.enter_context(catch_warnings())
        simplefilter("ignore")  # of styles and extensions that we do not read
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=values)
        except (KeyError, TypeError, AttributeError, IndexError, SyntaxError) as error:
            raise ValueError(f"not a whole Excel file: {error}") from None
        stack.callback(book.close)
        yield book


def _sheet(path: Path, book: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    names = ", ".join(repr(title) for title in sheets)
    if name is not None and name not in sheets:
        raise DataError(f"{path}: has no sheet {name!r}, expected one of {names}")
    if name is None and len(sheets) > 1:
        raise DataError(
            f'{path}: has the sheets {names}; say which with sheet = "NAME" (--sheet NAME)'
        )
    if name is None and not sheets:
        raise ValueError("it has no sheet")
    return sheets[name] if name is not None else next(iter(sheets.values()))


def _text(cell: object) -> str:
    """A cell as text: numbers with all their digits, dates as dates."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)
