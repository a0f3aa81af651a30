"""From a table's material columns to canonical keys, with the reason for every bad row.

Each distinct string is parsed once: 270,000 pairs are 11,000 solutes and 300 solvents.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.errors import ConfigError, MaterialError
from forescale.materials import parse_material
from forescale.materials.pair import solute_key, solvent_key, temperature_ending
from forescale.tables.dialect import DecimalMark
from forescale.tables.numbers import read_numbers
from forescale.tables.units import convert, same_dimension

PLAUSIBLE_K = (100.0, 1000.0)
"""Temperatures of liquids, in K: rows outside are set aside (25 °C given as K, say)."""


@dataclass(frozen=True)
class PairColumns:
    """Columns of a table of pairs.

    Parameters
    ----------
    solute, solvent
        Columns of SMILES; a solute with two ``*`` is a polymer's repeat unit.
    temperature, temperature_unit
        Column of temperatures and its unit, where the table has one.
    valid_temperature
        Lowest and highest credible temperature in that unit; 100 to 1,000 K by default.
    """

    solute: str
    solvent: str
    temperature: str | None = None
    temperature_unit: str = "K"
    valid_temperature: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not same_dimension(self.temperature_unit, "K"):
            raise ConfigError(
                f"temperature_unit: got {self.temperature_unit!r}, expected a unit of "
                'temperature, such as "K" or "degC"'
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The columns used."""
        columns = (self.solute, self.solvent, self.temperature)
        return tuple(column for column in columns if column is not None)


@dataclass(frozen=True)
class ParsedRows:
    """Materials of a table's rows, in order.

    Parameters
    ----------
    texts
        As given, for messages and rejects.
    keys
        Canonical keys, ``None`` where the row has no material.
    faults
        Why it has none.
    implausible
        Why a row that can be read should be set aside all the same.
    """

    texts: list[str]
    keys: list[str | None]
    faults: list[str | None]
    implausible: list[str | None]


def parse_rows(
    kind: str, raw: pd.DataFrame, columns: str | PairColumns, decimal: DecimalMark = "."
) -> ParsedRows:
    """Parse the materials of all rows; nothing is raised for a bad one."""
    if isinstance(columns, PairColumns):
        return _pairs(raw, columns, decimal)
    texts = _texts(raw[columns])
    keys, faults = _each_once(lambda text: parse_material(kind, text).key, texts)
    return ParsedRows(texts, keys, faults, [None] * len(texts))


def _pairs(raw: pd.DataFrame, columns: PairColumns, decimal: DecimalMark) -> ParsedRows:
    solutes, solvents = _texts(raw[columns.solute]), _texts(raw[columns.solvent])
    texts = [f"{solute} in {solvent}" for solute, solvent in zip(solutes, solvents, strict=True)]
    solute, faults = _each_once(solute_key, solutes)
    solvent, others = _each_once(solvent_key, solvents)
    faults = [_joined(pair) for pair in zip(faults, others, strict=True)]
    sides: list[str | None] = [
        f"{a} in {b}" if a is not None and b is not None else None
        for a, b in zip(solute, solvent, strict=True)
    ]
    if columns.temperature is None:
        return ParsedRows(texts, sides, faults, [None] * len(texts))
    given = _texts(raw[columns.temperature])
    kelvin = _kelvin(raw[columns.temperature], columns, decimal)
    texts = [
        f"{text} at {temperature} {columns.temperature_unit}"
        for text, temperature in zip(texts, given, strict=True)
    ]
    endings, wrong = _temperatures(kelvin, given, columns)
    faults = [_joined(pair) for pair in zip(faults, wrong, strict=True)]
    keys = [
        side + ending if side is not None and ending is not None else None
        for side, ending in zip(sides, endings, strict=True)
    ]
    return ParsedRows(texts, keys, faults, _implausible(kelvin, given, columns))


def _kelvin(column: pd.Series, columns: PairColumns, decimal: DecimalMark) -> NDArray[np.float64]:
    """Temperatures in K, NaN where there is no number."""
    numbers = read_numbers(column, "table", decimal=decimal).values
    return convert(numbers, columns.temperature_unit, "K")


def _temperatures(
    kelvin: NDArray[np.float64], given: list[str], columns: PairColumns
) -> tuple[list[str | None], list[str | None]]:
    """The ends of the keys, such as `` at 298.15 K``, or what is wrong with the temperature."""
    unit, column = columns.temperature_unit, columns.temperature

    endings: list[str | None] = []
    faults: list[str | None] = []
    for value, text in zip(kelvin.tolist(), given, strict=True):
        ending = fault = None
        if not math.isfinite(value):
            fault = f"got temperature {text!r} in column {column!r}, expected a number"
        elif round(value, 2) <= 0:
            fault = (
                f"got temperature {text} {unit} in column {column!r}, "
                "expected one above absolute zero"
            )
        else:
            ending = temperature_ending(value)
        endings.append(ending)
        faults.append(fault)
    return endings, faults


def _implausible(
    kelvin: NDArray[np.float64], given: list[str], columns: PairColumns
) -> list[str | None]:
    unit = columns.temperature_unit
    valid = columns.valid_temperature
    low, high = PLAUSIBLE_K if valid is None else convert(np.array(valid), unit, "K").tolist()
    shown = PLAUSIBLE_K if valid is None else valid
    reason = (
        f"outside the valid range {shown[0]:g} to {shown[1]:g} {'K' if valid is None else unit}"
    )
    outside = (kelvin < low) | (kelvin > high)
    return [
        f"temperature {text} {unit} {reason}" if out else None
        for text, out in zip(given, outside.tolist(), strict=True)
    ]


def _texts(column: pd.Series) -> list[str]:
    texts = column.astype(str).mask(column.isna(), "").to_numpy(dtype=object)
    return list(texts.tolist())  # of an Arrow column, far faster than one by one


def _each_once(
    parse: Callable[[str], str], texts: list[str]
) -> tuple[list[str | None], list[str | None]]:
    """Keys and faults of texts, every distinct one parsed once."""
    known: dict[str, tuple[str | None, str | None]] = {}
    for text in dict.fromkeys(texts):
        try:
            known[text] = parse(text), None
        except MaterialError as error:
            known[text] = None, str(error)
    return [known[text][0] for text in texts], [known[text][1] for text in texts]


def _joined(reasons: tuple[str | None, str | None]) -> str | None:
    return "; ".join(reason for reason in reasons if reason is not None) or None
