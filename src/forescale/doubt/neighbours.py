"""What a material's neighbours in structure lead one to expect of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors import describe
from forescale.errors import ForescaleError

NEIGHBOURS = 7
MOST = 5_000
"""Materials above which neighbours are not compared: the pairs would be too many."""
LEAST = 15
"""Materials below which they are not either: there is no telling what is usual."""

_DESCRIPTORS = {
    "composition": "element_fractions",
    "molecule": "morgan",
    "pair": "morgan",
    "polymer": "morgan",
}
_DECADES = 3.0  # a span of this many powers of ten is compared by ratios


@dataclass(frozen=True)
class Expected:
    """What each value is expected to be, and how far off it is.

    Parameters
    ----------
    middle
        Median of the neighbours' values, shape (materials,).
    spread
        How far values usually are from it, on the scale of comparison.
    logarithmic
        Whether ratios are compared instead of differences.
    """

    middle: NDArray[np.float64]
    spread: float
    logarithmic: bool

    def distance(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many usual distances values are from what is expected, shape (materials,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            off = (
                np.log10(values / self.middle) if self.logarithmic else values - self.middle
            ) / self.spread
        return np.where(np.isnan(off), np.inf, np.abs(off))


def expected_values(kind: str, keys: Sequence[str], values: NDArray[np.float64]) -> Expected | None:
    """Expectations from the nearest materials; None where there are too few or too many.

    Distances are Euclidean between square roots of counts of circular environments (of
    compositions: of amounts of elements). The spread is 1.4826 times the median distance,
    at least a thousandth of the values' own.
    """
    if not LEAST <= len(keys) <= MOST:
        return None
    near = _nearest(kind, keys)
    if near is None:
        return None
    positive = values[values > 0]
    logarithmic = bool(
        len(positive) == len(values)
        and np.log10(np.quantile(positive, 0.95) / np.quantile(positive, 0.05)) > _DECADES
    )
    scale = np.log10(values) if logarithmic else values
    middle = np.median(scale[near], axis=1)
    spread = 1.4826 * float(np.median(np.abs(scale - middle)))
    usual = 1.4826 * float(np.median(np.abs(scale - np.median(scale))))
    if not usual > 0:
        return None
    return Expected(10.0**middle if logarithmic else middle, max(spread, 1e-3 * usual), logarithmic)


def _nearest(kind: str, keys: Sequence[str]) -> NDArray[np.int64] | None:
    """Rows of the nearest other materials, shape (materials, neighbours)."""
    try:
        blocks = describe(kind, _DESCRIPTORS[kind], list(keys), show_progress=False)
    except ForescaleError:
        return None  # a descriptor's trouble is told where it is used to learn
    features = np.concatenate(
        [_scaled(block.features.values)[block.index] for block in blocks], axis=1
    )
    squares = (features**2).sum(axis=1)
    count = min(NEIGHBOURS, len(keys) - 1)
    found = np.empty((len(keys), count), dtype=np.int64)
    for start in range(0, len(keys), 500):
        part = slice(start, start + 500)
        far = squares[part, None] + squares[None, :] - 2.0 * features[part] @ features.T
        rows = np.arange(far.shape[0])
        far[rows, rows + start] = np.inf
        found[part] = np.argpartition(far, count - 1, axis=1)[:, :count]
    return found


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Square roots of counts and amounts; a temperature by its spread."""
    if values.shape[1] == 1:
        return np.asarray((values - values.mean()) / (values.std() or 1.0), dtype=np.float32)
    return np.asarray(np.sqrt(np.maximum(values, 0.0)), dtype=np.float32)
