"""Properties by the names that people give their columns, and units by the size of values.

The ranges tell units apart, nothing else: they are wide enough for any condensed material,
and what no range tells apart stays open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class KnownProperty:
    """A property with the units it is usually given in, each with the range of most values."""

    name: str
    words: re.Pattern[str]
    units: tuple[tuple[str, float, float], ...]


def _known(name: str, words: str, *units: tuple[str, float, float]) -> KnownProperty:
    return KnownProperty(name, re.compile(rf"(?:^|[^a-z0-9])(?:{words})(?:$|[^a-z0-9])"), units)


_KELVIN = (("degC", -280.0, 130.0), ("K", 260.0, 5000.0))
PROPERTIES = (
    _known("density", "rho|density|dens|mass density",
           ("g/cm^3", 0.05, 25), ("kg/m^3", 50, 25000)),
    _known("refractive index", "n ?d|ri|refractive index|refractive indices|nd20|n20d",
           ("", 1.0, 5.0)),
    _known("band gap", "gap|band ?gap|egap|eg|bandgap energy", ("eV", -0.01, 20)),
    _known("glass transition temperature", "tg|glass transition|glass transition temperature",
           *_KELVIN),
    _known("boiling point", "tb|bp|boiling point|boiling temperature|t ?boil", *_KELVIN),
    _known("melting point", "tm|mp|melting point|melting temperature|t ?melt", *_KELVIN),
    _known("thermal conductivity", "tc|kappa|thermal conductivity|lambda", ("W/(m*K)", 0.01, 5000)),
    _known("heat capacity", "cp|heat capacity|specific heat|specific heat capacity",
           ("J/(kg*K)", 200, 10000)),
    _known("formation energy", "formation energy per atom|e ?form per atom", ("eV/atom", -10, 10)),
    _known("chi parameter", "chi|flory ?huggins|chi parameter", ("", -20, 50)),
    _known("dielectric constant", "eps|epsilon|dielectric constant|permittivity", ("", 1, 10000)),
)  # fmt: skip
"""Known properties; a column of another name needs its unit in the name, or said."""


def spaced(name: str) -> str:
    """A column's name in small letters, words set apart by spaces.

    >>> spaced("BandGap_exp (eV)")
    'band gap exp ev'
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def property_of(name: str) -> KnownProperty | None:
    """The property that a column's name speaks of.

    >>> property_of("rho_md").name, property_of("Tg (K)").name, property_of("score")
    ('density', 'glass transition temperature', None)
    """
    text = spaced(name)
    return next((one for one in PROPERTIES if one.words.search(text)), None)


def usual_units(name: str, values: Sequence[float]) -> tuple[str, ...]:
    """Units in which a column of that name and these values may be, likeliest first.

    >>> usual_units("density", [998.0, 1050.0]), usual_units("Tg", [210.0, 420.0, 380.0])
    (('kg/m^3',), ('K',))
    """
    known = property_of(name)
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if known is None or not len(finite):
        return ()
    low, middle, high = np.quantile(finite, [0.02, 0.5, 0.98])
    return tuple(
        unit
        for unit, least, most in known.units
        if (least <= low and high <= most) or (unit == "K" and low > 0 and middle >= least)
    )
