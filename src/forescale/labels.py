"""Vocabularies whose members carry the words that people read."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class LabelEnum(StrEnum):
    """A word of study files and of JSON, with what stands for it in a table and in a sentence.

    Members are written as ``NAME = value, label, description`` and are strings: they compare,
    sort and serialise as their value.

    Examples
    --------
    >>> class Answer(LabelEnum):
    ...     YES = "yes", "Yes", "it is so"
    >>> Answer.YES == "yes", Answer("yes").label, Answer.YES.description
    (True, 'Yes', 'it is so')
    """

    label: str
    description: str

    def __new__(cls, value: str, label: str = "", description: str = "") -> Self:
        """Make a member that is its value and carries its words."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.description = description
        return member


class MaterialKind(LabelEnum):
    """What a row of a table is about."""

    COMPOSITION = "composition", "composition", "a formula, such as LiFePO4"
    MOLECULE = "molecule", "molecule", "a SMILES, such as CCO"
    PAIR = "pair", "pair", "a solute or polymer in a solvent, such as *CC* in CCO at 300 K"
    POLYMER = "polymer", "polymer", "the SMILES of a repeat unit with two open ends, such as *CC*"


class Take(LabelEnum):
    """What to take for values that are not one number: ``>300``, ``1.12-1.13``, ``~1.2``."""

    REFUSE = "refuse", "refuse", "bounds, ranges, estimates and uncertainties are bad rows"
    NUMBER = (
        "number",
        "number",
        "the number of a bound, an estimate or a value with uncertainty",
    )
    MIDDLE = "middle", "middle", "the middle of a range; the number of the latter two"


class DoubtPolicy(LabelEnum):
    """What to do about values that can hardly be what they say."""

    TELL = "tell", "tell", "they are named and kept"
    REFUSE = "refuse", "refuse", "a table with any is refused"
