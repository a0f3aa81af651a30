"""Tables too long to hold: the rows of a CSV or Parquet file, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forescale.errors import DataError
from forescale.tables.reading import check_columns, separator, unreadable


def column_names(path: Path) -> list[str]:
    """Names of the columns of a CSV or Parquet file.

    Raises
    ------
    DataError
        If the file is absent or no table.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        if _is_parquet(path):
            return list(pq.ParquetFile(path).schema_arrow.names)
        return [str(name).strip() for name in next(_csv(path, 1), pd.DataFrame([[""]])).iloc[0]]
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from None


def stream_columns(path: Path, columns: list[str], rows: int) -> Iterator[pd.DataFrame]:
    """Some columns of a CSV or Parquet file, at most ``rows`` rows at a time.

    The same as :func:`~forescale.tables.read_columns` otherwise: text stays text, and the
    index numbers the file's data rows from 0, empty lines counted.

    Raises
    ------
    DataError
        If the file is absent, unreadable, or lacks one of the columns.
    """
    check_columns(path, column_names(path), columns)
    parts = _parquet(path, columns, rows) if _is_parquet(path) else _text(path, columns, rows)
    while True:
        try:
            part = next(parts, None)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise unreadable(path, error) from None
        if part is None:
            return
        if len(part):
            yield part


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in {".parquet", ".pq"}


def _parquet(path: Path, columns: list[str], rows: int) -> Iterator[pd.DataFrame]:
    start = 0
    for batch in pq.ParquetFile(path).iter_batches(rows, columns=columns):
        part = batch.to_pandas()
        yield part.set_index(pd.RangeIndex(start, start + len(part)))
        start += len(part)


def _text(path: Path, columns: list[str], rows: int) -> Iterator[pd.DataFrame]:
    names: list[str] | None = None
    for part in _csv(path, rows):
        part = part.fillna("")
        if names is None:
            names, part = [str(name).strip() for name in part.iloc[0]], part.iloc[1:]
        part.columns = pd.Index(names)
        filled = (part != "").any(axis=1)
        yield part.loc[filled, columns].set_index(part.index[filled] - 1)


def _csv(path: Path, rows: int) -> Any:
    return pd.read_csv(
        path,
        sep=separator(path),
        header=None,
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=False,
        encoding="utf-8-sig",
        chunksize=rows,
    )
