"""Units of properties, read and converted with pint."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.errors import ConfigError

# "cm3" and "mol-1", as papers write them: digits that end a name are its exponent.
_PLAIN_EXPONENT = re.compile(r"(?<=[^\W\d_])(-?\d+)\b")
_STRAY = re.compile(r"[^\w\s*/^().+\-·⋅⁻°%]")  # pint reads over some characters
_DIMENSIONLESS = ("", "1", "dimensionless", "-")


@cache
def _registry() -> Any:
    import pint  # half a second, and only tables with units need it

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@cache
def _unit(text: str) -> Any:
    name = "dimensionless" if text.strip() in _DIMENSIONLESS else text
    try:
        return _parsed(name)
    except ValueError as error:
        with suppress(ValueError):
            return _parsed(_PLAIN_EXPONENT.sub(r"^\1", name))
        raise ConfigError(
            f"got unit {text!r}, which is not known ({error}); "
            'expected something like "g/cm^3", "J/(kg*K)", "kcal/mol", "K" or "" (no unit)'
        ) from None


def _parsed(name: str) -> Any:
    if stray := _STRAY.search(name):
        raise ValueError(f"{stray[0]!r} has no place in a unit")
    try:
        return _registry().Unit(name)
    except Exception as error:  # pint passes on whatever its parser stumbles over
        raise ValueError(str(error) or "it cannot be parsed") from None


def same_dimension(first: str, second: str) -> bool:
    """Whether values in one unit can be converted to the other.

    >>> same_dimension("g/cm^3", "kg/m^3"), same_dimension("K", "eV")
    (True, False)
    """
    return bool(_unit(first).dimensionality == _unit(second).dimensionality)


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
    """
    if not same_dimension(unit, to):
        raise ConfigError(f"got unit {unit!r}, which cannot be converted to {to!r}")
    if _unit(unit) == _unit(to):
        return np.asarray(values, dtype=float)
    quantity = _registry().Quantity(np.asarray(values, dtype=float), _unit(unit))
    return np.asarray(quantity.to(_unit(to)).magnitude, dtype=float)
