"""Text of many lines that can be read at once: told apart by its bytes from what needs care."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

_LINE_FEED, _RETURN, _QUOTE, _NOTE = b'\n\r"#'


@dataclass(frozen=True)
class Simple:
    """Lines that a fast parser reads as the careful one would.

    Parameters
    ----------
    data
        The rows, without comments and empty lines.
    places
        Which records of the text they are, from 0.
    records, lines
        How many records and lines the text has, comments and empty ones counted.
    notes
        The comments.
    blank
        How many lines are empty.
    run_over
        Lines in which a quoted cell opened before goes on, by the number of the line before
        from 0, and what of the cell they hold.
    """

    data: bytes
    places: NDArray[np.intp]
    records: int
    lines: int
    notes: list[str]
    blank: int
    run_over: list[tuple[int, str]]

    def frame(self, width: int, separator: str) -> pd.DataFrame | None:
        """The rows as text, columns numbered from 0; None if a row is not ``width`` wide."""
        if not self.data:
            return pd.DataFrame({place: [] for place in range(width)}, dtype="str")
        names = [str(place) for place in range(width)]
        try:
            table = csv.read_csv(
                pa.BufferReader(self.data),
                csv.ReadOptions(
                    column_names=names, use_threads=False, block_size=len(self.data) + 1
                ),
                csv.ParseOptions(
                    delimiter=separator,
                    newlines_in_values=bool(self.run_over),
                    ignore_empty_lines=False,
                ),
                csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.large_string()),
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            return None
        frame = table.to_pandas()
        if len(frame) != len(self.places):
            return None
        return frame.set_axis(range(width), axis=1).set_axis(self.places, axis=0)


def simple(text: bytes, separator: str) -> Simple | None:
    """The text, ending with a line end, if every quotation mark in it is where it should be.

    ``None`` where lines end otherwise than with a line feed, where a quotation mark stands
    inside a cell that none opens, or is not closed, and where a comment has one.
    """
    if b"\0" in text or text.count(b"\r") != text.count(b"\r\n"):
        return None
    at = np.frombuffer(text, dtype=np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(at == _LINE_FEED) + 1])
    lengths = np.diff(starts)
    starts = starts[:-1]
    first = at[starts]
    notes = first == _NOTE
    blank = (first == _LINE_FEED) | (first == _RETURN)
    over = notes | blank
    whole = np.ones(len(starts), dtype=bool)  # lines that begin a record
    marks = np.flatnonzero(at == _QUOTE)
    if len(marks):
        if not _well_placed(at, marks, ord(separator)):
            return None
        before = np.searchsorted(marks, starts)
        whole = before % 2 == 0
        in_notes = np.diff(np.append(before, len(marks)))[notes]
        if (over & ~whole).any() or in_notes.any():
            return None
    records = np.cumsum(whole) - 1
    rows = whole & ~over
    data = text if not over.any() else at[np.repeat(~over, lengths)].tobytes()
    return Simple(
        data=data,
        places=records[rows],
        records=int(whole.sum()),
        lines=len(starts),
        notes=[text[starts[i] : starts[i] + lengths[i]].decode() for i in np.flatnonzero(notes)],
        blank=int(blank.sum()),
        run_over=[] if whole.all() else _run_over(text, starts, marks, whole),
    )


def _well_placed(at: NDArray[np.uint8], marks: NDArray[np.intp], separator: int) -> bool:
    """Whether marks open and close whole cells in turn; two beside each other are one inside."""
    if len(marks) % 2:
        return False
    opening, closing = marks[::2], marks[1::2]
    before = at[np.maximum(opening - 1, 0)]
    opened = (opening == 0) | (before == separator) | (before == _LINE_FEED)
    after = at[np.minimum(closing + 1, len(at) - 1)]
    closed = (after == separator) | (after == _LINE_FEED) | (after == _RETURN)
    doubled = opening[1:] == closing[:-1] + 1
    return bool((opened[1:] | doubled).all() and (closed[:-1] | doubled).all()) and bool(
        opened[0] and closed[-1]
    )


def _run_over(
    text: bytes, starts: NDArray[np.intp], marks: NDArray[np.intp], whole: NDArray[np.bool_]
) -> list[tuple[int, str]]:
    """Lines that begin inside a cell: the line before, and what of the cell is in them."""
    doubled = marks[2::2] == marks[1:-1:2] + 1
    closing = marks[1::2][~np.append(doubled, False)]
    found = []
    for line in np.flatnonzero(~whole).tolist():
        start = starts[line]
        end = closing[np.searchsorted(closing, start)]
        stop = text.find(b"\n", start, end)
        found.append((line - 1, text[start : end if stop < 0 else stop].decode()))
    return found
