"""Rows written as they come, to a file that appears when it is whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forescale._machine.files import replace_file
from forescale._machine.spreadsheets import neutralised
from forescale.errors import DataError

_DIGITS = "%.8g"


class Writer(Protocol):
    """Takes tables with the same columns, one after the other."""

    def write(self, rows: pd.DataFrame) -> None:
        """Append rows."""
        ...


@contextmanager
def open_writer(path: Path | None) -> Iterator[Writer]:
    """A writer of CSV, of Parquet by the file's name, or to standard output."""
    if path is None:
        yield _ToText(sys.stdout)
        return
    with RowWriter(path) as writer:
        yield writer


class RowWriter:
    """Writes CSV, or Parquet if the file's name says so; without rows there is no file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stack = ExitStack()
        self._writer: Writer | None = None

    def __enter__(self) -> RowWriter:
        return self

    def write(self, rows: pd.DataFrame) -> None:
        """Append rows; their columns are those of the first call."""
        try:
            if self._writer is None:
                self._writer = self._open(rows)
            self._writer.write(rows)
        except OSError as error:
            raise self._unwritable(error) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._stack.__exit__(kind, error, trace)
        except OSError as problem:
            if problem is error:
                raise
            raise self._unwritable(problem) from None

    def _open(self, rows: pd.DataFrame) -> Writer:
        temporary = self._stack.enter_context(replace_file(self.path))
        if self.path.suffix.lower() in {".parquet", ".pq"}:
            schema = pa.Schema.from_pandas(rows, preserve_index=False).remove_metadata()
            return _ToParquet(self._stack.enter_context(pq.ParquetWriter(temporary, schema)))
        return _ToText(self._stack.enter_context(temporary.open("w", encoding="utf-8", newline="")))

    def _unwritable(self, error: OSError) -> DataError:
        return DataError(f"{self.path}: cannot be written ({error}); choose another file")


class _ToText:
    def __init__(self, handle: Any) -> None:
        self._handle, self._begun = handle, False

    def write(self, rows: pd.DataFrame) -> None:
        shown = neutralised(rows)  # people open it in spreadsheets, which run formulas
        shown.to_csv(self._handle, index=False, header=not self._begun, float_format=_DIGITS)
        self._begun = True


class _ToParquet:
    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer

    def write(self, rows: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(rows, preserve_index=False)
        self._writer.write_table(table.cast(self._writer.schema))
