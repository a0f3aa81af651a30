"""Records of a text table: the header found, lines counted, nothing swallowed by a stray quote."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import chain, islice
from operator import length_hint
from typing import Any, TextIO

import numpy as np
import pandas as pd

from forescale.tables._blocks import simple

SEPARATORS = (",", "\t", ";")
_SNIFFED = 40  # lines by which the separator is told
_COMMENT = "#"
_OPEN_CHUNKS = 4  # chunks read until a quoted cell closes


class TextRecords:
    """A text table, its records read in blocks.

    Parameters
    ----------
    stream
        The file's text, line ends as they are.
    wanted
        Columns that the header should have, by which it is found.
    tabs
        Whether only tabs separate, as the file's name says.

    Attributes
    ----------
    names
        The header.
    separator
        What separates fields.
    seen
        Records below the header so far.
    comments, blank
        Lines read over so far: comments (they begin with ``#``), and those without any text.
    noted
        Comments among the records.
    """

    chunk = 1 << 23
    """Characters read at once."""

    def __init__(self, stream: TextIO, wanted: Sequence[str], *, tabs: bool) -> None:
        head: list[str] = []
        note = ""
        self.comments = self.blank = 0
        self.noted = self.seen = 0
        self._line = 0  # lines of the file before the next record
        for line in stream:
            if line.strip() and not line.startswith(_COMMENT):
                head.append(line)
                break
            self._line += 1
            self.comments += line.startswith(_COMMENT)
            note = line if line.startswith(_COMMENT) else note
        head.extend(islice(stream, _SNIFFED))
        if not head:
            raise ValueError("it has no header line")
        self.separator = "\t" if tabs else _separator(head, wanted)
        header, taken = _header(head, note, self.separator, wanted)
        self._line += taken
        self.comments -= not taken  # the header is the comment above the first row
        self.names = [name.strip() for name in header]
        self._head = "".join(head[taken:])
        self._stream = stream

    def blocks(self, rows: int) -> Iterator[pd.DataFrame]:
        """All records as text, ``rows`` at a time; the index counts them, empty ones too."""
        while text := self._more(self._head):
            self._head = ""
            frame = self._fast(text)
            if frame is None:
                yield from self._careful(text, rows)
            for start in range(0, 0 if frame is None else len(frame), rows):
                assert frame is not None
                yield frame if len(frame) <= rows else frame.iloc[start : start + rows]

    def _more(self, text: str) -> str:
        """Some whole lines; more of them where a quoted cell is open at their end."""
        for _ in range(_OPEN_CHUNKS):
            text += self._stream.read(self.chunk)
            if text and text[-1] != "\n":
                text += self._stream.readline()
            if text.count('"') % 2 == 0:
                break
        return text

    def _fast(self, text: str) -> pd.DataFrame | None:
        """The records of lines that need no care; None if some do."""
        width = len(self.names)
        found = simple((text if text[-1] == "\n" else text + "\n").encode(), self.separator)
        if found is None or any(note.count(self.separator) + 1 == width for note in found.notes):
            return None
        frame = found.frame(width, self.separator)
        if frame is None:
            return None
        for line, rest in found.run_over:
            self._refuse_swallowed(self._line + line + 1, rest)
        frame.index += self.seen
        frame.columns = pd.Index(self.names)
        self.comments += len(found.notes)
        self.noted += len(found.notes)
        self.blank += found.blank
        self.seen += found.records
        self._line += found.lines
        return self._filled(frame)

    def _careful(self, text: str, rows: int) -> Iterator[pd.DataFrame]:
        """The records of some lines, and of further ones if a cell runs over their end."""
        lines = iter(list(StringIO(text, newline="")))
        reader = csv.reader(chain(lines, self._stream), delimiter=self.separator, strict=True)
        records = _until_none_is_left(reader, lines)
        before = self._line
        while True:
            block = self._block(records, reader, rows)
            if not block:
                return
            first_line, self._line = self._line, before + reader.line_num
            if self._line - first_line != len(block):
                self._look_at_cells(block, first_line)
            start = self.seen
            self.seen += len(block)
            yield self._frame(block, start, first_line)

    def _filled(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Without the rows that hold no text, or blanks alone, which are counted."""
        empty = np.ones(len(frame), dtype=bool)
        for place in range(frame.shape[1]):
            cells = frame.iloc[:, place][empty]
            empty[empty] = ((cells == "") | cells.str.isspace()).to_numpy(dtype=bool)
            if not empty.any():
                return frame
        self.blank += int(empty.sum())
        return frame[~empty]

    def _block(self, records: Iterator[list[str]], reader: Any, rows: int) -> list[list[str]]:
        before = self._line - reader.line_num
        try:
            return list(islice(records, rows))
        except csv.Error as error:
            raise ValueError(
                f"in line {before + reader.line_num} or before, a quotation mark is not closed as "
                f"it was opened ({error}; {self.seen} rows were whole); double or remove stray "
                "quotation marks"
            ) from None

    def _frame(self, block: list[list[str]], start: int, first_line: int) -> pd.DataFrame:
        width = len(self.names)
        index = pd.RangeIndex(start, start + len(block))
        lengths = set(map(len, block))
        noted = [i for i, record in enumerate(block) if record and record[0][:1] == _COMMENT]
        if lengths == {width} and not noted:
            columns: Any = zip(*block, strict=True)
        else:
            kept = self._kept(block, set(noted), first_line)
            block = [block[i] + [""] * (width - len(block[i])) for i in kept]
            index = index[kept]
            columns = zip(*block, strict=True) if block else [()] * width
        frame = pd.DataFrame(dict(enumerate(columns)), index=index, dtype="str")
        frame.columns = pd.Index(self.names)
        return self._filled(frame)

    def _kept(self, block: list[list[str]], noted: set[int], first_line: int) -> list[int]:
        """Records that are rows: neither comments nor without fields; longer ones are refused."""
        width = len(self.names)
        as_wide = [i for i in noted if len(block[i]) == width]
        rows = [i for i, record in enumerate(block) if record]
        if as_wide and width > 1 and len(as_wide) < len(rows):
            raise ValueError(
                f"line {first_line + as_wide[0] + 1} begins with '{_COMMENT}' and has as "
                "many fields as the header: remove it if it is a comment, or the mark if it is a "
                "row"
            )
        kept = []
        for i, record in enumerate(block):
            if i in noted and i not in as_wide:
                self.comments += 1
                self.noted += 1
            elif not record:
                self.blank += 1
            elif len(record) > width:
                raise ValueError(
                    f"Expected {width} fields in line {first_line + i + 1}, saw {len(record)}"
                )
            else:
                kept.append(i)
        return kept

    def _look_at_cells(self, block: list[list[str]], first_line: int) -> None:
        """Refuse a cell whose further lines look like rows."""
        line = first_line
        for record in block:
            for field in record:
                for text in field.splitlines()[1:]:
                    self._refuse_swallowed(line + 1, text)
            line += 1 + sum(field.count("\n") or field.count("\r") for field in record)

    def _refuse_swallowed(self, line: int, text: str) -> None:
        """Refuse a cell with a further line that looks like a row."""
        if text.strip() and text.count(self.separator) >= len(self.names) - 1:
            raise ValueError(
                f"a quotation mark in line {line} runs over the next line, which looks like a row "
                f"({text[:40]!r}); double or remove stray quotation marks"
            )


def _until_none_is_left(records: Any, lines: Iterator[str]) -> Iterator[list[str]]:
    """Records until the one that takes the last of the lines."""
    for record in records:
        yield record
        if not length_hint(lines):
            return


def _header(
    head: list[str], note: str, separator: str, wanted: Sequence[str]
) -> tuple[list[str], int]:
    """The header's names, and how many of the lines it takes."""
    reader = csv.reader(head, delimiter=separator)
    names = next(reader)
    if reader.line_num > 1 and any(separator in name for name in names if "\n" in name):
        raise ValueError("a quotation mark in its header is not closed; remove it")
    if wanted and note and not set(wanted) <= {name.strip() for name in names}:
        noted = next(csv.reader([note.lstrip(_COMMENT)], delimiter=separator))
        if set(wanted) <= {name.strip() for name in noted} and len(noted) == len(names):
            return noted, 0
    return names, reader.line_num


def _separator(head: list[str], wanted: Sequence[str]) -> str:
    """The separator with which the header has the columns wanted and rows are as long as it."""

    def fit(mark: str) -> tuple[bool, float, int]:
        try:
            records = [r for r in csv.reader(head, delimiter=mark) if r and r[0][:1] != _COMMENT]
        except csv.Error:
            records = [head[0].split(mark)]
        if not records:
            return (False, 0.0, 0)
        width = len(records[0])
        found = width > 1 and set(wanted) <= {name.strip() for name in records[0]}
        alike = sum(len(record) == width for record in records) / len(records)
        return found, alike if width > 1 else 0.0, -SEPARATORS.index(mark)

    return max(SEPARATORS, key=fit)
