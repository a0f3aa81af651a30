"""The kinds of material, by the name that study files use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from forescale.errors import ConfigError
from forescale.materials.composition import Composition
from forescale.materials.molecule import Molecule
from forescale.materials.pair import Pair
from forescale.materials.polymer import Polymer

KEY_VERSION = 3
"""Of the rules that make keys; caches and run folders of other rules are told apart by it.

1: up to release 0.1. 2: white space refused, atom maps cleared, charges drawn in one way,
keys of symmetric cages settled, formula units after full stops and oxidation states told.
3: the unit of a chain without single bonds is its smallest, too.
"""


class Material(Protocol):
    """Anything with a canonical key: equal keys mean the same material."""

    @property
    def key(self) -> str: ...


KINDS: dict[str, Callable[[str], Material]] = {
    "composition": Composition.parse,
    "molecule": Molecule.parse,
    "pair": Pair.parse,
    "polymer": Polymer.parse,
}


def parse_material(kind: str, text: str) -> Material:
    """Parse ``text`` as a material of the named kind.

    Raises
    ------
    MaterialError
        If the text does not describe such a material.
    ConfigError
        If the kind is unknown.

    Examples
    --------
    >>> parse_material("molecule", "OCC").key
    'CCO'
    """
    if kind not in KINDS:
        raise ConfigError(f"got material kind {kind!r}, expected one of {', '.join(KINDS)}")
    return KINDS[kind](text)
