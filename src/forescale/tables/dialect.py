"""How a file of a table is written, where the file itself cannot say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from forescale.errors import ConfigError

DecimalMark = Literal[".", ","]


@dataclass(frozen=True)
class Dialect:
    """What a reader is told about a file.

    Parameters
    ----------
    decimal
        Decimal mark of its numbers, ``"."`` or ``","``. With a comma, full stops, spaces and
        apostrophes between groups of three digits are read over.
    sheet
        Name of the sheet of an Excel file; needed where it has several.
    """

    decimal: DecimalMark = "."
    sheet: str | None = None

    def __post_init__(self) -> None:
        if self.decimal not in (".", ","):
            raise ConfigError(f'decimal: got {self.decimal!r}, expected "." or ","')


PLAIN = Dialect()
"""Numbers with a decimal point; the only sheet."""
