"""Units as providers state them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np

from forescale._machine.imports import optional
from forescale.catalog.live.query import EXTRA
from forescale.errors import ConfigError
from forescale.tables import convert, same_dimension

_PER_ATOM = re.compile(r"\s*/\s*\{?atoms?\}?\s*$")


def read_unit(text: str) -> str:
    """A provider's unit in the notation of property tables.

    The protocol wants UCUM, and many providers write what pint reads: UCUM is tried first.
    "Per atom" is no unit of UCUM and is kept as it is.

    Raises
    ------
    ConfigError
        If the text is a unit in neither notation.

    Examples
    --------
    >>> read_unit("eV"), read_unit("eV/atom"), read_unit("Ao"), read_unit("g.cm-3")
    ('eV', 'eV/atom', 'angstrom', 'g.cm-3')
    """
    text = text.strip()
    if found := _PER_ATOM.search(text):
        return f"{read_unit(text[: found.start()])}/atom"
    if text in {"", "1", "dimensionless"}:
        return ""
    ucum = _ucum(text)
    try:
        same_dimension(text, text)
    except ConfigError:
        if ucum is None:
            raise
        return ucum
    one = np.ones(1)
    if ucum is None or (same_dimension(text, ucum) and convert(one, text, ucum)[0] == 1.0):
        return text  # both notations agree: keep the provider's shorter spelling
    return ucum


def _ucum(text: str) -> str | None:
    """The pint name of a UCUM unit; None where the text is none."""
    registry = _registry()
    try:
        quantity = registry.from_ucum(text)
    except Exception:  # whatever the grammar stumbles over
        return None
    return str(quantity.units) if quantity.magnitude == 1 else None


@cache
def _registry() -> Any:
    return optional("ucumvert", EXTRA).PintUcumRegistry()  # a second
