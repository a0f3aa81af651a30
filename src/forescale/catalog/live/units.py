"""Units as providers state them, and ranges that show whether they can be true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from forescale._imports import optional
from forescale.catalog.live.query import EXTRA
from forescale.errors import ConfigError
from forescale.tables import convert, same_dimension

_PER_ATOM = re.compile(r"\s*/\s*\{?atoms?\}?\s*$")


def read_unit(text: str) -> str:
    """A provider's unit in the notation of property tables.

    The protocol wants UCUM, and many providers write what pint reads: UCUM is tried first.
    "Per atom" has no unit of its own and is left out.

    Raises
    ------
    ConfigError
        If the text is a unit in neither notation.

    Examples
    --------
    >>> read_unit("eV"), read_unit("eV/atom"), read_unit("Ao"), read_unit("g.cm-3")
    ('eV', 'eV', 'angstrom', 'g.cm-3')
    """
    text = _PER_ATOM.sub("", text.strip())
    if text in {"", "1", "dimensionless"}:
        return ""
    ucum = _ucum(text)
    try:
        same_dimension(text, text)
    except ConfigError:
        if ucum is None:
            raise
        return ucum
    one = np.ones(1)
    if ucum is None or (same_dimension(text, ucum) and convert(one, text, ucum)[0] == 1.0):
        return text  # both notations agree: keep the provider's shorter spelling
    return ucum


def _ucum(text: str) -> str | None:
    """The pint name of a UCUM unit; None where the text is none."""
    registry = _registry()
    try:
        quantity = registry.from_ucum(text)
    except Exception:  # whatever the grammar stumbles over
        return None
    return str(quantity.units) if quantity.magnitude == 1 else None


@cache
def _registry() -> Any:
    return optional("ucumvert", EXTRA).PintUcumRegistry()  # a second


@dataclass(frozen=True)
class Quantity:
    """A well-known quantity: what its names contain, and bounds that no material passes."""

    words: tuple[str, ...]
    unit: str
    low: float
    high: float


_QUANTITIES = (
    Quantity(("band_gap", "bandgap", "egap"), "eV", 0.0, 25.0),
    Quantity(("formation_energy", "delta_e", "enthalpy_formation"), "eV", -10.0, 10.0),
    Quantity(("above_hull", "hull_distance"), "eV", -10.0, 10.0),
    Quantity(("bulk_modulus", "shear_modulus"), "GPa", -2000.0, 2000.0),
    Quantity(("density",), "g/cm^3", 0.0, 45.0),
)


def credible_range(name: str, unit: str) -> tuple[float, float] | None:
    """Bounds in ``unit`` of the well-known quantity that a property's name tells, if any.

    They are wide on purpose: a value outside is an error or in another unit.

    >>> credible_range("_oqmd_band_gap", "meV")
    (0.0, 25000.0)
    """
    for quantity in _QUANTITIES:
        if any(word in name.lower() for word in quantity.words):
            if not same_dimension(unit, quantity.unit):
                return None
            low, high = convert(np.array([quantity.low, quantity.high]), quantity.unit, unit)
            return float(low), float(high)
    return None
