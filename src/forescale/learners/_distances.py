"""Distances between the sides that rows have, kept on disk or computed when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale._workers import default_workers
from forescale.learners._base import Block, Ints, TransferData
from forescale.learners.kernels import Anchors, KernelName, Metric

Distances = NDArray[np.float32]

SQUARE_SIDES = 16_000
"""Up to so many sides all distances among them are kept: 1 GB."""

_COLUMNS_BYTES = 6 << 30
"""Up to so many bytes the distances from all sides to the landmarks are kept on disk;
beyond, every replicate computes them again."""

_SLAB = 8192  # sides whose distances to the landmarks are written at a time


@dataclass(frozen=True)
class SideDistances:
    """Distances among the distinct sides of a block, and which side each row has.

    Parameters
    ----------
    path
        All distances among sides, or None where there are too many: then they are computed
        when asked for.
    values
        Features of the sides.
    source, target
        Which side each row has, shapes (rows,).
    """

    metric: Metric
    path: Path | None
    values: Path
    source: Ints
    target: Ints

    @classmethod
    def prepare(
        cls,
        block: Block,
        source_only: Ints,
        name: KernelName,
        folder: Path,
        place: int,
        *,
        always_square: bool,
    ) -> SideDistances:
        """Learn the scales of a block and compute what all replicates share."""
        metric = Metric(block.values[np.unique(block.source[source_only])], block.is_count, name)
        sides = len(block.values)
        values = folder / f"features-{place}.npy"
        np.save(values, block.values)
        if not always_square and sides > SQUARE_SIDES:
            return cls(metric, None, values, block.source, block.target)
        path = folder / f"distances-{place}.npy"
        out = _new(path, (sides, sides))
        metric.fill_pairwise(block.values, out, default_workers())
        out.flush()
        return cls(metric, path, values, block.source, block.target)

    def between(self, left: Ints, right: Ints) -> Distances:
        """Distances between sides, shape (left, right)."""
        if self.path is not None:
            return np.asarray(np.load(self.path, mmap_mode="r")[np.ix_(left, right)])
        return self.metric.between(self.features(left), self.features(right))

    def anchors(self, sides: Ints) -> Anchors:
        """Some of the sides, to take distances of new ones to."""
        return Anchors(self.metric, self.features(sides))

    def square(self) -> Distances:
        """All distances among sides; there must be few enough to keep them."""
        assert self.path is not None
        return np.asarray(np.load(self.path, mmap_mode="r"))

    def features(self, sides: Ints) -> NDArray[np.float32]:
        """Features of sides, shape (sides, features)."""
        return np.asarray(np.load(self.values, mmap_mode="r")[sides])


@dataclass(frozen=True)
class LandmarkDistances:
    """Distances from the sides of one block to those of the landmarks.

    Parameters
    ----------
    side
        Which distinct side each landmark has: a column of the distances, shape (rank,).
    columns
        Distances from every side to each of those, or None where they are computed when
        asked for.
    """

    sides: SideDistances
    distinct: Ints
    side: Ints
    columns: Path | None

    @classmethod
    def prepare(
        cls, sides: SideDistances, landmarks: Ints, folder: Path, place: int
    ) -> LandmarkDistances:
        """Find the sides of some source rows, and keep distances to them if there is room."""
        distinct, side = np.unique(sides.source[landmarks], return_inverse=True)
        if sides.path is not None:
            return cls(sides, distinct, side, None)
        features = np.load(sides.values, mmap_mode="r")
        rows = len(features)
        if 4 * rows * len(distinct) > _COLUMNS_BYTES:
            return cls(sides, distinct, side, None)
        path = folder / f"landmarks-{place}.npy"
        del features
        _new(path, (rows, len(distinct)))
        right = sides.features(distinct)
        for start in range(0, rows, _SLAB):  # mapped anew, so that no more is in memory
            part = np.load(path, mmap_mode="r+")[start : start + _SLAB]
            left = sides.features(np.arange(start, start + len(part)))
            sides.metric.fill_between(left, right, part, default_workers())
        return cls(sides, distinct, side, path)

    def to(self, wanted: Ints) -> Distances:
        """Distances from sides to landmarks, shape (sides wanted, rank)."""
        if self.columns is not None:
            found = np.asarray(np.load(self.columns, mmap_mode="r")[wanted])
        else:
            found = self.sides.between(wanted, self.distinct)
        return np.take(found, self.side, axis=1)


def choose_landmarks(data: TransferData, rank: int) -> Ints:
    """Source rows to stand for the others, in a random order, no two of the same sides.

    Only materials that are never tested are taken: where the model can bend is learnt from
    inputs, and inputs of test materials must not say where. One choice serves all
    replicates, and its leading part is the choice for a smaller rank.
    """
    rows = np.random.default_rng(0).permutation(data.source_only)
    sides = np.stack([block.source[rows] for block in data.blocks], axis=1)
    _, first = np.unique(sides, axis=0, return_index=True)
    return np.asarray(rows[np.sort(first)[:rank]])


def _new(path: Path, shape: tuple[int, int]) -> np.memmap[Any, np.dtype[np.float32]]:
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
