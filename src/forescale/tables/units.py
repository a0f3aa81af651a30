"""Units of properties as this field writes them, read and converted with pint.

Beside what pint reads: energies and volumes per atom or formula unit (``eV/atom``,
``Å^3/f.u.``), shares (``wt%``, ``ppb``), gas permeabilities (``Barrer``) and logarithms
(``log10(S/m)``). Energies per mole and per particle convert (1 eV is 96.485 kJ/mol).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from forescale.errors import ConfigError, did_you_mean
from forescale.tables._units import Unit, energy_moles, parse_unit, registry, why_not

_USUAL = (
    "g/cm^3", "kg/m^3", "g/mL", "K", "kelvin", "degC", "celsius", "degF", "eV", "meV", "eV/atom",
    "hartree", "kcal/mol", "kJ/mol", "J/(kg*K)", "J/(g*K)", "J/(mol*K)", "W/(m*K)", "GPa", "MPa",
    "nm", "angstrom", "debye", "S/cm", "S/m", "mPa*s", "wt%", "percent", "Barrer", "g/mol",
    "dimensionless",
)  # fmt: skip
"""What a misspelt unit may mean."""


@cache
def _unit(text: str) -> Unit:
    try:
        return parse_unit(text)
    except ValueError as error:
        raise ConfigError(
            f"got unit {text[:80]!r}, which is not known ({error}); "
            'expected something like "g/cm^3", "J/(kg*K)", "kcal/mol", "eV/atom", "K", "wt%", '
            f'"log10(S/m)" or "" (no unit){did_you_mean(text[:80], _USUAL)}'
        ) from None


def same_dimension(first: str, second: str) -> bool:
    """Whether values in one unit can be converted to the other.

    >>> same_dimension("g/cm^3", "kg/m^3"), same_dimension("K", "eV")
    (True, False)
    >>> same_dimension("eV", "kJ/mol"), same_dimension("eV/atom", "eV")
    (True, False)
    """
    return why_not(_unit(first), _unit(second)) is None


def convert(values: NDArray[np.float64], unit: str, to: str) -> NDArray[np.float64]:
    """Convert values between units.

    Raises
    ------
    ConfigError
        If a unit is unknown or the two measure different things.

    Examples
    --------
    >>> convert(np.array([1050.0]), "kg/m^3", "g/cm^3").round(6).tolist()
    [1.05]
    >>> convert(np.array([1.0]), "eV", "kJ/mol").round(3).tolist()
    [96.485]
    >>> convert(np.array([-3.0]), "log10(S/cm)", "log10(S/m)").tolist()
    [-1.0]
    """
    given, wanted = _unit(unit), _unit(to)
    if (reason := why_not(given, wanted)) is not None:
        raise ConfigError(f"got unit {unit!r}, which cannot be converted to {to!r}{reason}")
    values = np.asarray(values, dtype=float)
    if given == wanted:
        return values
    if given.logarithm:
        # log_b(x in the new unit) = (log_a(x in the old)·ln a + ln factor) / ln b
        factor = float(_linear(np.ones(1), given, wanted)[0])
        return np.asarray((values * given.logarithm + np.log(factor)) / wanted.logarithm)
    return _linear(values, given, wanted)


def _linear(values: NDArray[np.float64], given: Unit, wanted: Unit) -> NDArray[np.float64]:
    """Values without a logarithm: by pint, and by Avogadro's number where moles go or come."""
    moles = energy_moles(given, wanted)
    unit = given.unit if not moles else given.unit * registry().Unit("mol") ** moles
    try:
        quantity = registry().Quantity(values, unit).to(wanted.unit)
    except Exception as error:  # pint's own, of logarithmic units in products
        raise ConfigError(f"got units that cannot be converted ({str(error)[:120]})") from None
    share = given.share / wanted.share * constants.N_A ** (-moles)
    return np.asarray(quantity.magnitude * share, dtype=float)
