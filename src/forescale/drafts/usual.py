"""Names that columns usually have, by what they hold; one list for every guess."""

from __future__ import annotations

import re

from forescale.drafts.properties import property_of, spaced
from forescale.drafts.units import unit_in_name

MATERIALS = {
    "material": ("material", "smiles", "psmiles", "repeat_unit", "formula", "composition", "key"),
    "solute": ("solute", "polymer"),
    "solvent": ("solvent",),
    "temperature": ("temperature",),
}
"""Columns of materials, by role, in small letters."""
_STRUCTURES = re.compile(
    r"(?:^| )(?:p?smiles|repeat unit|structure|monomer|molecule|polymer|canonical smiles)(?:$| )"
)
_FORMULAS = re.compile(r"(?:^| )(?:formula|composition|formulae|pretty formula)(?:$| )")
_NUMBERING = re.compile(
    r"(?:^| )(?:id|ids|index|idx|no|nr|number|num|row|unnamed|cid|cas|casrn|rn|uuid|doi|year|ref|"
    r"reference|replicate|seed|fold|count|page|entry)(?:$| )"
)
_SCATTER = re.compile(
    r"(?:^| )(?:std|stdev|sd|se|sem|sigma|err|error|uncertainty|unc|stderr|deviation|var|variance)"
    r"(?:$| )"
)
_CONDITION = re.compile(
    r"(?:^| )(?:temp|temperature|t|pressure|p|wavelength|frequency|ph|time|date|mw|"
    r"molecular weight|molar mass|degree of polymerization|natoms|n atoms)(?:$| )"
)
_VALUE = re.compile(r"(?:^| )(?:value|y|target|property|exp|measured|calc|computed|md|dft)(?:$| )")
_TEMPERATURE = re.compile(r"(?:^| )(?:temp|temperature|t)(?:$| )")


def structure_bonus(name: str, kind: str) -> float:
    """What a column's name says for its holding materials of the kind."""
    text = spaced(name)
    if _NUMBERING.search(text):
        return -0.6
    own = _FORMULAS if kind == "composition" else _STRUCTURES
    other = _STRUCTURES if kind == "composition" else _FORMULAS
    bonus = 0.3 if own.search(text) or text == "material" else 0.0
    return bonus - (0.4 if other.search(text) else 0.0)


def value_score(name: str) -> float:
    """What a column's name says for its holding the values of a property; below 0: none.

    >>> value_score("density (g/cm3)") > value_score("x") > 0 > value_score("density_std")
    True
    """
    stem, unit = unit_in_name(name)
    text = spaced(stem)
    if _SCATTER.search(text):
        return -2.0
    if _NUMBERING.search(text):
        return -1.5
    score = 1.0
    if property_of(stem) or property_of(name):
        score += 2.0
    elif _CONDITION.search(text):
        return -1.0
    return score + (0.5 if unit is not None else 0.0) + (0.5 if _VALUE.search(text) else 0.0)


def is_temperature(name: str) -> bool:
    """Whether a column's name is that of a temperature at which values hold."""
    stem, _ = unit_in_name(name)
    return bool(_TEMPERATURE.search(spaced(stem)))


def role_of(name: str) -> str | None:
    """The side of a pair that a column's name speaks of."""
    text = spaced(name)
    return next((one for one in ("solvent", "solute", "polymer") if one in text), None)
