"""The default for compositions: distributions of element properties, and element fractions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors._base import Column
from forescale.descriptors.element_fractions import ElementFractions
from forescale.descriptors.element_properties import ElementProperties


class CompositionProperties:
    """Columns of :class:`ElementProperties`, then of :class:`ElementFractions`.

    Examples
    --------
    >>> len(CompositionProperties().columns)
    388
    """

    name = "composition"
    parts = (ElementProperties(), ElementFractions())
    version = "; ".join(part.version for part in parts)
    material_kinds: tuple[str, ...] = ("composition",)
    quick = True

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return tuple(column for part in self.parts for column in part.columns)

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        return np.concatenate([part.rows(keys) for part in self.parts], axis=1)
