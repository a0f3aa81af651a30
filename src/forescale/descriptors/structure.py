"""The default for molecules and polymers: two-dimensional descriptors and Morgan counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors.contract import Column
from forescale.descriptors.morgan import MorganCounts
from forescale.descriptors.rdkit2d import RDKit2D


class Structure:
    """Columns of :class:`RDKit2D`, then of :class:`MorganCounts`.

    Examples
    --------
    >>> {column.kind for column in Structure().columns} == {"real", "count"}
    True
    """

    name = "structure"
    parts = (RDKit2D(), MorganCounts())
    version = "; ".join(part.version for part in parts)
    material_kinds: tuple[str, ...] = ("molecule", "polymer")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column holds, with its unit and source."""
        return tuple(column for part in self.parts for column in part.columns)

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Values of each material, shape (materials, columns)."""
        return np.concatenate([part.rows(keys) for part in self.parts], axis=1)
