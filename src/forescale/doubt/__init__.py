"""Doubt: values that can hardly be what they say, named and never removed."""

from forescale.doubt.concentration import Concentration, concentration
from forescale.doubt.kept import keep_doubts, kept_doubts
from forescale.doubt.sides import doubt_of_unit
from forescale.doubt.values import Doubt, doubts_of, in_words, refuse

__all__ = [
    "Concentration",
    "Doubt",
    "concentration",
    "doubt_of_unit",
    "doubts_of",
    "in_words",
    "keep_doubts",
    "kept_doubts",
    "refuse",
]
