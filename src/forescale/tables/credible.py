"""What values a well-known property can have at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forescale.errors import ConfigError
from forescale.tables.units import convert, same_dimension

ORGANIC = ("molecule", "polymer")


@dataclass(frozen=True)
class Quantity:
    """A well-known quantity: what its names contain, and bounds that no material passes.

    Parameters
    ----------
    words
        Parts of its names, in small letters; empty where the unit alone tells.
    unit, low, high
        Bounds and their unit.
    kinds
        Kinds of material that the bounds are of; empty for all.
    """

    words: tuple[str, ...]
    unit: str
    low: float
    high: float
    kinds: tuple[str, ...] = ()


# Wide on purpose: a value outside is an error or in another unit. The first that fits counts.
_QUANTITIES = (
    Quantity(("band_gap", "bandgap", "band gap", "egap"), "eV", 0.0, 25.0),
    Quantity(("formation_energy", "delta_e", "enthalpy_formation"), "eV/atom", -10.0, 10.0),
    Quantity(("formation_energy", "delta_e", "enthalpy_formation"), "eV", -10.0, 10.0),
    Quantity(("above_hull", "hull_distance"), "eV/atom", -10.0, 10.0),
    Quantity(("above_hull", "hull_distance"), "eV", -10.0, 10.0),
    Quantity(("bulk_modulus", "shear_modulus"), "GPa", -2000.0, 2000.0),
    Quantity(("refractive", "ref_index"), "", 1.0, 6.0),
    Quantity(("dielectric", "permittivity"), "", 1.0, 1e6),
    Quantity(("dipole",), "debye", 0.0, 60.0, ("molecule",)),
)
_BY_UNIT = (
    Quantity((), "g/cm^3", 0.01, 8.0, ORGANIC),
    Quantity((), "g/cm^3", 0.0, 45.0),
    Quantity((), "K", 1.0, 2500.0, ORGANIC),
    Quantity((), "K", 0.0, 10_000.0),
    Quantity((), "J/(kg*K)", 10.0, 20_000.0),
    Quantity((), "W/(m*K)", 0.0, 50.0, ORGANIC),
    Quantity((), "W/(m*K)", 0.0, 10_000.0),
)


def credible_range(name: str, unit: str) -> tuple[float, float] | None:
    """Bounds in ``unit`` of the well-known quantity that a property's name tells, if any.

    >>> credible_range("_oqmd_band_gap", "meV")
    (0.0, 25000.0)
    """
    named = name.lower()
    named_ones = [q for q in _QUANTITIES if any(word in named for word in q.words)]
    return next((_bounds(q, unit) for q in named_ones if same_dimension(unit, q.unit)), None)


def credible_values(name: str, unit: str, kind: str) -> tuple[float, float] | None:
    """Bounds of a property of materials of a kind, by its name or else by its unit.

    >>> credible_values("rho", "kg/m^3", "polymer")
    (10.0, 8000.0)
    >>> credible_values("logS", "log10(mol/L)", "molecule") is None
    True
    """
    named = name.lower()
    for quantity in (*_QUANTITIES, *_BY_UNIT):
        fits = not quantity.words or any(word in named for word in quantity.words)
        if fits and (not quantity.kinds or kind in quantity.kinds):
            try:
                if same_dimension(unit, quantity.unit):
                    return _bounds(quantity, unit)
            except ConfigError:
                return None
    return None


def _bounds(quantity: Quantity, unit: str) -> tuple[float, float]:
    low, high = convert(np.array([quantity.low, quantity.high]), quantity.unit, unit)
    return float(f"{low:.12g}"), float(f"{high:.12g}")
