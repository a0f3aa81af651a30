"""How far a new material is from what the model has learnt from.

Distances are those of the Laplacian kernel: features on one scale, 1 being the median
distance between two materials of the source. A material with several sides is as far as
their mean: each side from the nearest one in training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.learners import Block, NewBlock, TransferData
from forescale.learners.kernels import Anchors, Metric

Floats = NDArray[np.float64]

OUTSIDE = 0.95
"""A material is outside if it is farther from training than this share of the measured
materials are from their own nearest other: one in twenty of those would be, too."""

_MOST = 5_000  # training materials that distances are taken to: all measured, then computed ones
_ROWS = 500  # rows of distances at a time


@dataclass(frozen=True)
class Domain:
    """Training materials, and how far apart they are.

    Parameters
    ----------
    anchors
        Distinct training sides, for each block.
    spacing
        Distance of each measured material to the nearest other one in training, ascending,
        shape (measured,).
    """

    anchors: tuple[Anchors, ...]
    spacing: Floats

    @classmethod
    def of(cls, data: TransferData, rng: np.random.Generator) -> Domain:
        """The domain of a study's data, from at most 5,000 distinct sides a block."""
        blocks = [_Side.of(block, data, rng) for block in data.blocks]
        spacing = np.mean([side.spacing() for side in blocks], axis=0)
        return cls(tuple(side.anchors for side in blocks), np.sort(spacing[np.isfinite(spacing)]))

    @property
    def threshold(self) -> float:
        """Distance beyond which a material is outside."""
        return float(np.quantile(self.spacing, OUTSIDE, method="higher"))

    def distance(self, blocks: Sequence[NewBlock]) -> Floats:
        """Distances of new materials, shape (materials,)."""
        sides = [
            _nearest(anchor, block.values)[block.rows]
            for anchor, block in zip(self.anchors, blocks, strict=True)
        ]
        return np.asarray(np.mean(sides, axis=0))

    def percentile(self, distance: Floats) -> Floats:
        """Share, in per cent, of measured materials nearer to their own nearest other."""
        below = np.searchsorted(self.spacing, distance, side="left")
        return np.asarray(100.0 * below / len(self.spacing))

    def state(self) -> dict[str, NDArray[Any]]:
        """Arrays that :meth:`restore` takes."""
        arrays = {
            f"anchors_{place}.{key}": value
            for place, anchor in enumerate(self.anchors)
            for key, value in anchor.state().items()
        }
        return {"spacing": self.spacing, **arrays}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], blocks: int) -> Domain:
        """The domain that gave the arrays."""
        parts: list[dict[str, NDArray[Any]]] = [{} for _ in range(blocks)]
        for key, value in arrays.items():
            head, _, name = key.partition(".")
            if name:
                parts[int(head.removeprefix("anchors_"))][name] = value
        return cls(tuple(Anchors.restore(part) for part in parts), arrays["spacing"])


@dataclass(frozen=True)
class _Side:
    """One block: its anchors, and the place among them of each measured row's side."""

    anchors: Anchors
    target: NDArray[np.int64]

    @classmethod
    def of(cls, block: Block, data: TransferData, rng: np.random.Generator) -> _Side:
        measured = np.unique(block.target)
        measured = np.sort(rng.permutation(measured)[:_MOST])
        computed = np.setdiff1d(block.source, measured)
        room = max(0, _MOST - len(measured))
        used = np.union1d(measured, rng.permutation(computed)[:room])
        reference = block.values[np.unique(block.source[data.source_only])]
        metric = Metric(reference, block.is_count, "laplacian")
        place = np.searchsorted(used, block.target)
        known = used[np.minimum(place, len(used) - 1)] == block.target
        return cls(Anchors(metric, block.values[used]), np.where(known, place, -1))

    def spacing(self) -> Floats:
        """Distance of each measured row's side to the nearest other; NaN if it is no anchor."""
        own = np.unique(self.target[self.target >= 0])
        nearest = np.full(len(self.anchors.values), np.nan)
        for start in range(0, len(own), _ROWS):
            some = own[start : start + _ROWS]
            distances = self.anchors.distances(self.anchors.values[some])
            distances[np.arange(len(some)), some] = np.inf
            nearest[some] = distances.min(axis=1)
        nearest[np.isinf(nearest)] = 0.0  # a single side: nothing else to be near to
        return np.asarray(np.where(self.target >= 0, nearest[self.target], np.nan))


def _nearest(anchors: Anchors, values: NDArray[np.float32]) -> Floats:
    nearest = np.empty(len(values))
    for start in range(0, len(values), _ROWS):
        part = slice(start, start + _ROWS)
        nearest[part] = anchors.distances(values[part]).min(axis=1)
    return np.maximum(nearest, 0.0)  # a sum of counts can end a rounding error below
