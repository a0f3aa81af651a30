"""What a material is: parsed once, compared by a canonical key.

A material knows its structure and nothing of properties or files. ``parse_material``
turns a string of a table into one; every failure is a :class:`MaterialError` that says
what was got and what was expected.
"""

from forescale.materials._kinds import KEY_VERSION, KINDS, Material, parse_material
from forescale.materials.composition import Composition, chemical_system
from forescale.materials.groupings import GROUPINGS
from forescale.materials.molecule import Molecule
from forescale.materials.pair import Pair, PairSides
from forescale.materials.polymer import Polymer

__all__ = [
    "GROUPINGS",
    "KEY_VERSION",
    "KINDS",
    "Composition",
    "Material",
    "Molecule",
    "Pair",
    "PairSides",
    "Polymer",
    "chemical_system",
    "parse_material",
]
