"""How the properties of its elements are distributed in a composition."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors._amounts import element_fractions
from forescale.descriptors._elements import PROPERTIES, element_table, tables_version
from forescale.descriptors.contract import Column

_STATISTICS = ("mean", "deviation", "minimum", "maximum", "range", "mode")


class ElementProperties:
    """Mean, average deviation, minimum, maximum, range and mode of 45 element properties.

    Mean and deviation are weighted by atomic fraction; the mode is the value of the most
    abundant element, the mean over several that are equally abundant. The statistics of
    Ward et al. 2016, doi 10.1038/npjcompumats.2016.28, on properties of mendeleev (see
    :mod:`forescale.descriptors._elements` for units, sources, and elements without a value).

    Examples
    --------
    >>> ElementProperties().columns[2].name
    'mean pettifor_number'
    """

    name = "element_properties"
    version = f"1+mendeleev{tables_version()}"
    material_kinds: tuple[str, ...] = ("composition",)
    quick = True

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column holds, with its unit and source."""
        return tuple(
            Column(f"{statistic} {known.name}", unit=known.unit, source=known.source)
            for statistic in _STATISTICS
            for known in PROPERTIES
        )

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Values of each material, shape (materials, columns)."""
        table = element_table()
        fractions = element_fractions(keys)
        # A formula has few of the elements: pad each to the most that any has.
        most = int((fractions > 0).sum(axis=1).max(initial=1))
        chosen = np.argsort(-fractions, axis=1, kind="stable")[:, :most]
        weight = np.take_along_axis(fractions, chosen, axis=1)[:, :, None]
        values = table[chosen]  # (keys, elements present, properties)
        present = weight > 0
        mean = (weight * values).sum(axis=1)
        deviation = (weight * np.abs(values - mean[:, None])).sum(axis=1)
        low = np.where(present, values, np.inf).min(axis=1)
        high = np.where(present, values, -np.inf).max(axis=1)
        leading = weight >= weight[:, :1]  # fractions that are equal are equal exactly
        mode = np.where(leading, values, 0.0).sum(axis=1) / leading.sum(axis=1)
        parts = (mean, deviation, low, high, high - low, mode)
        return np.concatenate(parts, axis=1).astype(np.float32)
