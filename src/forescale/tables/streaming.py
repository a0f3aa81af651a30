"""Tables too long to hold: the rows of a file, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from forescale.errors import DataError
from forescale.tables._archives import DAMAGED, open_text
from forescale.tables._text import TextRecords
from forescale.tables.dialect import PLAIN, Dialect
from forescale.tables.reading import (
    check_columns,
    has_tabs,
    is_parquet,
    is_text,
    read_columns,
    unreadable,
)


def column_names(path: Path, dialect: Dialect = PLAIN) -> list[str]:
    """Names of the columns of a table.

    Raises
    ------
    DataError
        If the file is absent or no table.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        if is_parquet(path):
            return list(pq.ParquetFile(path).schema_arrow.names)
        if not is_text(path):
            return [str(name) for name in read_columns(path, None, dialect).columns]
        with open_text(path) as lines:
            return TextRecords(lines, [], tabs=has_tabs(path)).names
    except DAMAGED as error:
        raise unreadable(path, error) from None


def stream_columns(
    path: Path, columns: list[str], rows: int, dialect: Dialect = PLAIN
) -> Iterator[pd.DataFrame]:
    """Some columns of a table, at most ``rows`` rows at a time.

    The same as :func:`~forescale.tables.read_columns` otherwise: text stays text, and the
    index numbers the file's data rows from 0, empty lines counted.

    Raises
    ------
    DataError
        If the file is absent, unreadable, or lacks one of the columns.
    """
    parts = _parts(path, columns, rows, dialect)
    while True:
        try:
            part = next(parts, None)
        except DAMAGED as error:
            raise unreadable(path, error) from None
        if part is None:
            return
        if len(part):
            yield part


def _parts(path: Path, columns: list[str], rows: int, dialect: Dialect) -> Iterator[pd.DataFrame]:
    if is_parquet(path):
        check_columns(path, column_names(path), columns)
        yield from _parquet(path, columns, rows)
    elif is_text(path) and path.is_file():
        with open_text(path) as lines:
            records = TextRecords(lines, columns, tabs=has_tabs(path))
            check_columns(path, records.names, columns)
            for part in records.blocks(rows):
                yield part[columns]
    else:
        frame = read_columns(path, columns, dialect)[columns]
        for start in range(0, len(frame), rows):
            yield frame.iloc[start : start + rows]


def _parquet(path: Path, columns: list[str], rows: int) -> Iterator[pd.DataFrame]:
    start = 0
    for batch in pq.ParquetFile(path).iter_batches(rows, columns=columns):
        part = batch.to_pandas()
        yield part.set_index(pd.RangeIndex(start, start + len(part)))
        start += len(part)
