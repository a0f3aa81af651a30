"""Compositions as arrays: which elements, in which fractions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors._elements import COUNT, numbers
from forescale.materials import Composition


def element_fractions(keys: Sequence[str]) -> NDArray[np.float64]:
    """Fraction of the atoms that each element has, shape (keys, elements).

    >>> element_fractions(["H2O"])[0, [0, 7]].round(3).tolist()
    [0.667, 0.333]
    """
    place = numbers()
    fractions = np.zeros((len(keys), COUNT))
    for row, key in zip(fractions, keys, strict=True):
        for symbol, amount in Composition(key).amounts.items():
            row[place[symbol]] = amount
    return np.asarray(fractions / fractions.sum(axis=1, keepdims=True))
