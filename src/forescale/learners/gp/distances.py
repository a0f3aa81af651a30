"""Distances between the sides that rows have, kept on disk or computed when asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from forescale._machine.files import replace_file
from forescale._machine.workers import default_workers
from forescale.learners.contract import Block, Ints, TransferData
from forescale.learners.gp.kernels import Closeness, KernelName
from forescale.learners.gp.metric import Anchors, Metric

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
        most: int | None,
    ) -> SideDistances:
        """Learn the scales of a block and compute what all replicates share.

        Distances that the folder keeps are not computed again: where sides came to stand behind
        those of an earlier call and scales are the same, only rows of new sides are found.

        Parameters
        ----------
        most
            Most sides of which all distances are kept; None keeps them whatever the number.
        """
        metric = Metric(block.values[np.unique(block.source[source_only])], block.is_count, name)
        sides = len(block.values)
        values = folder / f"features-{place}.npy"
        if most is not None and sides > most:
            np.save(values, block.values)
            return cls(metric, None, values, block.source, block.target)
        path = folder / f"distances-{place}.npy"
        known = _known_sides(folder, place, metric, block.values)
        if known < sides:
            with replace_file(path) as temporary:
                _fill(temporary, path, metric, block.values, known)
        # The features come last: they say of which sides there are distances.
        with replace_file(values) as temporary, temporary.open("wb") as file:
            np.save(file, block.values)
        with (
            replace_file(folder / f"scales-{place}.npz") as temporary,
            temporary.open("wb") as file,
        ):
            np.savez(file, **metric.state())  # type: ignore[arg-type]
        return cls(metric, path, values, block.source, block.target)

    def rescaled(self, sides: Ints) -> SideDistances:
        """The same materials on scales learnt from some of the sides."""
        rows = self.features(np.unique(sides))
        return replace(self, metric=self.metric.relearnt(rows), path=None)

    @classmethod
    def cumulative(cls, block: Block, source_only: Ints, folder: Path, place: int) -> SideDistances:
        """Distances along the scale of a block's cumulative shares, computed when asked for."""
        assert block.cumulative is not None
        metric = Metric.plain(block.cumulative[np.unique(block.source[source_only])])
        values = folder / f"cumulative-{place}.npy"
        np.save(values, block.cumulative)
        return cls(metric, None, values, block.source, block.target)

    def between(self, left: Ints, right: Ints) -> Distances:
        """Distances between sides, shape (left, right)."""
        if self.path is not None:
            return np.asarray(np.load(self.path, mmap_mode="r")[np.ix_(left, right)])
        if left is right:
            out = np.empty((len(left), len(left)), dtype=np.float32)
            self.metric.fill_pairwise(self.features(left), out)
            return out
        return self.metric.between(self.features(left), self.features(right))

    def linear(self, sides: Ints) -> NDArray[np.float64]:
        """Features of sides for a kernel's linear part, shape (sides, columns)."""
        distinct, place = np.unique(sides, return_inverse=True)
        return np.asarray(self.metric.linear(self.features(distinct))[place])

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


Sides = Sequence[Ints]
"""Which side of each block rows have."""


def closeness(blocks: Sequence[SideDistances], left: Sides, right: Sides) -> Closeness:
    """What kernels between two sets of rows are made of."""
    sides = zip(blocks, left, right, strict=True)
    distances = np.stack([block.between(a, b) for block, a, b in sides])
    return Closeness(distances, linear(blocks, left), linear(blocks, right))


def linear(blocks: Sequence[SideDistances], rows: Sides) -> NDArray[np.float64]:
    """Features of rows for a kernel's linear part, shape (rows, columns)."""
    found = [block.linear(sides) for block, sides in zip(blocks, rows, strict=True)]
    return np.asarray(np.concatenate(found, axis=1) / np.sqrt(len(found)))


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


def _known_sides(folder: Path, place: int, metric: Metric, values: NDArray[np.float32]) -> int:
    """Leading sides whose distances the folder keeps from an earlier call, on the same scales."""
    try:
        kept = np.load(folder / f"features-{place}.npy", mmap_mode="r")
        distances = np.load(folder / f"distances-{place}.npy", mmap_mode="r")
        with np.load(folder / f"scales-{place}.npz") as scales:
            then = dict(scales)
    except (OSError, ValueError, KeyError, BadZipFile):
        return 0
    now, count = metric.state(), len(kept)
    same = (
        distances.shape == (count, count)
        and then.keys() == now.keys()
        and all(np.array_equal(then[name], now[name]) for name in now)
        and np.array_equal(kept, values[:count])
    )
    return count if same else 0


def _fill(
    path: Path, before: Path, metric: Metric, values: NDArray[np.float32], known: int
) -> None:
    """Write all distances, taking those among the first sides from an earlier file."""
    out = _new(path, (len(values), len(values)))
    if not known:
        metric.fill_pairwise(values, out, default_workers())
    else:
        out[:known, :known] = np.load(before, mmap_mode="r")
        metric.fill_between(values[known:], values, out[known:], default_workers())
        out[:known, known:] = out[known:, :known].T
    out.flush()


def _new(path: Path, shape: tuple[int, int]) -> np.memmap[Any, np.dtype[np.float32]]:
    new = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    if hasattr(os, "posix_fallocate") and new.nbytes:  # a full disk is told now, not by a signal
        with path.open("rb+") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return new
