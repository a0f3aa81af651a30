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
from forescale.learners.gp.metric import Anchors, Metric
from forescale.splits import Split

Floats = NDArray[np.float64]

OUTSIDE = 0.95
"""A material is outside if it is farther from training than this share of the measured
materials are from their own nearest other: one in twenty of those would be, too."""

_MOST = 5_000  # training materials that distances are taken to: all measured, then computed ones
_ROWS = 500  # rows of distances at a time
_ROUNDING = 1e-9  # how far below zero a distance of a model of an earlier release may lie


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
        return Surroundings(data, rng).domain()

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
        """The domain that gave the arrays.

        Raises
        ------
        KeyError, ValueError
            If an array is missing or is not what it should be.
        """
        parts: list[dict[str, NDArray[Any]]] = [{} for _ in range(blocks)]
        for key, value in arrays.items():
            head, _, name = key.partition(".")
            if name:
                parts[int(head.removeprefix("anchors_"))][name] = value
        spacing = np.asarray(arrays["spacing"], dtype=float)
        if spacing.ndim != 1 or not len(spacing) or (spacing < -_ROUNDING).any():
            raise ValueError("spacing: expected distances, none below zero")
        spacing = np.maximum(spacing, 0.0)
        if (np.diff(spacing) < 0).any():
            raise ValueError("spacing: expected distances in ascending order")
        for part in parts:
            check_anchors(part)
        return cls(tuple(Anchors.restore(part) for part in parts), spacing)


def check_anchors(part: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays that are no anchors, by name.

    Raises
    ------
    KeyError, ValueError
        If an array is missing, or has a wrong type or shape.
    """
    values, counts = part["values"], part["is_count"]
    if values.ndim != 2 or not values.size or values.dtype.kind != "f":
        raise ValueError("anchors: expected features as a table of numbers")
    if counts.dtype != bool or counts.shape != values.shape[1:]:
        raise ValueError(f"is_count: expected {values.shape[1]} truth values")
    real = int((~counts).sum())
    for name, kind in (("center", "f"), ("spread", "f"), ("varies", "b")):
        if part[name].dtype.kind != kind or part[name].shape != (real,):
            raise ValueError(f"{name}: expected one entry for each of {real} columns")
    if (part["spread"] < 0).any() or (values[:, counts] < 0).any():
        raise ValueError("spread, counts: expected none below zero")
    if part["weights"].shape != (2,) or (part["weights"] < 0).any():
        raise ValueError("weights: expected two, none below zero")


class Surroundings:
    """The training materials of a study, and how far each measured one is from the others.

    Parameters
    ----------
    data
        Both sides of the study.
    rng
        Draws what distances are taken to where there are more than 5,000 sides.
    """

    def __init__(self, data: TransferData, rng: np.random.Generator) -> None:
        self._blocks = data.blocks
        self._sides = [_Side.of(block, data, rng) for block in data.blocks]

    def domain(self) -> Domain:
        """The domain of all of them."""
        spacing = np.mean([side.spacing() for side in self._sides], axis=0)
        anchors = tuple(side.anchors for side in self._sides)
        return Domain(anchors, np.sort(spacing[np.isfinite(spacing)]))

    def places(self, data: TransferData) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The anchor of each block of every computed and of every measured row, -1 for none.

        Returns
        -------
        computed, measured
            Shapes (rows, blocks).
        """
        pairs = list(zip(self._sides, data.blocks, strict=True))
        source = np.stack([side.place(block.source) for side, block in pairs], axis=1)
        return source, np.stack([side.target for side, _ in pairs], axis=1)

    def held_out(self, split: Split) -> Floats:
        """Distances of a split's test rows to what it learns from, shape (test rows,)."""
        found = []
        for side, block in zip(self._sides, self._blocks, strict=True):
            learnt = np.union1d(block.source[split.source], block.target[split.train])
            present = np.isin(side.used, learnt)
            sides, place = np.unique(block.target[split.test], return_inverse=True)
            some = _nearest(side.anchors, block.values[sides], present)
            found.append(some[place])
        return np.asarray(np.mean(found, axis=0))


@dataclass(frozen=True)
class _Side:
    """One block: its anchors, and the place among them of each measured row's side."""

    anchors: Anchors
    target: NDArray[np.int64]
    used: NDArray[np.int64]

    @classmethod
    def of(cls, block: Block, data: TransferData, rng: np.random.Generator) -> _Side:
        measured = np.unique(block.target)
        measured = np.sort(rng.permutation(measured)[:_MOST])
        computed = np.setdiff1d(block.source, measured)
        room = max(0, _MOST - len(measured))
        used = np.union1d(measured, rng.permutation(computed)[:room])
        reference = block.values[np.unique(block.source[data.source_only])]
        metric = Metric(reference, block.is_count, "laplacian")
        return cls(Anchors(metric, block.values[used]), _place(used, block.target), used)

    def place(self, sides: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which anchor each side is, -1 where it is none."""
        return _place(self.used, sides)

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
        nearest = np.maximum(nearest, 0.0)  # a sum of counts can end a rounding error below
        return np.asarray(np.where(self.target >= 0, nearest[self.target], np.nan))


def _place(used: NDArray[np.int64], sides: NDArray[np.int64]) -> NDArray[np.int64]:
    place = np.searchsorted(used, sides)
    known = used[np.minimum(place, len(used) - 1)] == sides
    return np.where(known, place, -1)


def _nearest(
    anchors: Anchors, values: NDArray[np.float32], present: NDArray[np.bool_] | None = None
) -> Floats:
    """Distance of each row to the nearest anchor, of those present."""
    nearest = np.empty(len(values))
    for start in range(0, len(values), _ROWS):
        part = slice(start, start + _ROWS)
        distances = anchors.distances(values[part])
        if present is not None and present.any():
            distances = distances[:, present]
        nearest[part] = distances.min(axis=1)
    return np.maximum(nearest, 0.0)  # a sum of counts can end a rounding error below
