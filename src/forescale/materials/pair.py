"""A pair: a solute or polymer in a solvent, at a temperature where one is given.

The key reads like a sentence, ``*CC(*)c1ccccc1 in Cc1ccccc1 at 298.15 K``. SMILES hold no
spaces, so it comes apart again without any chemistry.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from forescale.errors import MaterialError
from forescale.materials.molecule import Molecule
from forescale.materials.polymer import Polymer

_FORM = re.compile(r"(\S+) in (\S+)(?: at (\S+) K)?")
_EXPECTED = "'SOLUTE in SOLVENT' or 'SOLUTE in SOLVENT at TEMPERATURE K'"


class PairSides(NamedTuple):
    """The sides of a pair's key: canonical SMILES, and the temperature in K if it has one."""

    solute: str
    solvent: str
    temperature: float | None


@dataclass(frozen=True)
class Pair:
    """A solute (molecule) or polymer (repeat unit) in a solvent.

    Parameters
    ----------
    key
        Canonical sides, and the temperature to 0.01 K where there is one.

    Examples
    --------
    >>> Pair.parse("OCC in O at 298.150 K") == Pair.of("CCO", "O", 298.15)
    True
    >>> Pair.of("*C(c1ccccc1)C*", "Cc1ccccc1").key
    '*CC(*)c1ccccc1 in Cc1ccccc1'
    """

    key: str

    @classmethod
    def parse(cls, text: str) -> Pair:
        """Parse a pair written like its key; raises :class:`MaterialError` otherwise."""
        form = _FORM.fullmatch(" ".join(text.split())) if isinstance(text, str) else None
        if form is None:
            raise MaterialError(f"got {text!r}, expected {_EXPECTED}")
        solute, solvent, temperature = form.groups()
        return cls.of(solute, solvent, None if temperature is None else _number(temperature))

    @classmethod
    def of(cls, solute: str, solvent: str, temperature: float | None = None) -> Pair:
        """The pair of two SMILES at a temperature in K.

        Raises
        ------
        MaterialError
            If a side is no molecule (the solute may be a repeat unit), or the temperature
            is not above absolute zero.
        """
        sides = f"{solute_key(solute)} in {solvent_key(solvent)}"
        return cls(sides if temperature is None else sides + temperature_ending(temperature))

    @property
    def sides(self) -> PairSides:
        """Canonical sides, told from the key alone."""
        return sides_of(self.key)


def sides_of(key: str) -> PairSides:
    """The sides of a pair's canonical key.

    >>> sides_of("CCO in O at 298.15 K")
    PairSides(solute='CCO', solvent='O', temperature=298.15)
    """
    pair, _, temperature = key.partition(" at ")
    solute, _, solvent = pair.partition(" in ")
    return PairSides(solute, solvent, float(temperature[:-2]) if temperature else None)


@lru_cache(maxsize=100_000)
def solute_key(smiles: str) -> str:
    """Canonical SMILES of a solute: a repeat unit if it has open ends, else a molecule."""
    kind = Polymer if isinstance(smiles, str) and "*" in smiles else Molecule
    try:
        return kind.parse(smiles).key
    except MaterialError as error:
        raise MaterialError(f"solute: {error}") from None


@lru_cache(maxsize=100_000)
def solvent_key(smiles: str) -> str:
    """Canonical SMILES of a solvent, a molecule."""
    try:
        return Molecule.parse(smiles).key
    except MaterialError as error:
        raise MaterialError(f"solvent: {error}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise MaterialError(f"temperature: got {text!r}, expected a number in K") from None


def temperature_ending(temperature: float) -> str:
    """The end of a key: to 0.01 K, so that 25 °C is 298.15 K however it was computed.

    >>> temperature_ending(25 + 273.15)
    ' at 298.15 K'
    """
    if not math.isfinite(temperature):
        raise MaterialError(f"temperature: got {temperature}, expected a number in K")
    if round(temperature, 2) <= 0:
        raise MaterialError(f"temperature: got {temperature:g} K, expected one above absolute zero")
    return f" at {f'{temperature:.2f}'.rstrip('0').rstrip('.')} K"
