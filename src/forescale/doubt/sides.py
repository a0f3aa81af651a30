"""Whether one side of a study is in another unit than it says.

A table that is wrong throughout has no outliers: what gives it away is the other side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forescale.doubt.values import Doubt, undone
from forescale.tables import PropertyTable, convert, same_dimension

LEAST = 8
"""Materials on both sides below which all values of both are compared."""
_APART, _TOGETHER = 2.0, 0.7  # distances in spreads of the computed values
_APART_UNMATCHED = 6.0


def doubt_of_unit(source: PropertyTable, target: PropertyTable, side: str = "") -> Doubt | None:
    """The doubt that the target is in the source's unit, if a mistake of units explains the gap.

    Compared are the materials on both sides, or, if they are few, the medians of both tables.

    Examples
    --------
    >>> import pandas as pd
    >>> from forescale.tables import ColumnMap, Provenance, build_table
    >>> units = [f"*{'C' * n}O*" for n in range(1, 30)]
    >>> def table(kind, factor):
    ...     return build_table(
    ...         pd.DataFrame({"u": units, "rho": [factor * (1 + n / 100) for n in range(29)]}),
    ...         ColumnMap("u", "rho"), name="rho", unit="g/cm^3", kind=kind,
    ...         material_kind="polymer", provenance=Provenance())
    >>> doubt_of_unit(table("computed", 1.0), table("measured", 1000.0)).reason
    'their computed values have a median of 1.14; a factor of 1,000 would make it 1.14'
    >>> doubt_of_unit(table("computed", 1.0), table("measured", 1.1)) is None
    True
    """
    if not same_dimension(source.unit, target.unit):
        return None
    computed = dict(zip(source.keys, convert(source.values, source.unit, target.unit), strict=True))
    both = [place for place, key in enumerate(target.keys) if key in computed]
    matched = len(both) >= LEAST
    here = target.values[both] if matched else target.values
    there = np.array(
        [computed[target.keys[place]] for place in both] if matched else list(computed.values())
    )
    if min(len(here), len(there)) < LEAST:
        return None
    spread = 1.4826 * float(np.median(np.abs(there - np.median(there))))
    apart = _matched if matched else _of_medians
    if not spread > 0 or apart(here, there) < spread * (_APART if matched else _APART_UNMATCHED):
        return None
    best: tuple[float, str, float] | None = None
    for trial, words in undone(here, target.unit):
        distance = apart(trial, there) / spread
        if distance < _TOGETHER and (best is None or distance < best[0]):
            best = distance, words, float(np.median(trial))
    if best is None:
        return None
    of = f"all {len(both)} materials on both sides" if matched else f"all {len(here)} materials"
    expected = float(np.median(there))
    return Doubt(
        key="",
        material=f"the median of {of}",
        rows=(),
        value=float(np.median(here)),
        unit=target.unit,
        expected=expected,
        reason=f"{'their' if matched else 'the'} computed values have a median of {expected:.4g}; "
        f"{best[1]} would make it {best[2]:.4g}",
        side=side,
    )


def _matched(here: NDArray[np.float64], there: NDArray[np.float64]) -> float:
    return float(np.median(np.abs(here - there)))


def _of_medians(here: NDArray[np.float64], there: NDArray[np.float64]) -> float:
    return abs(float(np.median(here)) - float(np.median(there)))
