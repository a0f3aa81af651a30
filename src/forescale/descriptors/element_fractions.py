"""Fractions of the elements in a composition."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors._amounts import element_fractions
from forescale.descriptors._elements import numbers
from forescale.descriptors.contract import Column


class ElementFractions:
    """Fraction of the atoms that are of each element, one column for each of 118.

    Needs no library but knows no likeness of elements: what is learnt of chlorides says
    nothing about bromides.

    Examples
    --------
    >>> ElementFractions().rows(["NaCl"])[0, [10, 16]].tolist()
    [0.5, 0.5]
    """

    name = "element_fractions"
    version = "1"
    material_kinds: tuple[str, ...] = ("composition",)
    quick = True

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column holds, with its unit and source."""
        source = "atomic fraction, from the formula"
        return tuple(Column(f"fraction {symbol}", source=source) for symbol in numbers())

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Values of each material, shape (materials, columns)."""
        return element_fractions(keys).astype(np.float32)
