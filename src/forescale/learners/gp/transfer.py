"""Two stages put together: any source stages below, the process on measured values above.

Both keep the prefix property where their parts do, so that a whole (n × m) grid costs a few
factorisations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forescale.learners.contract import Floats, Grid, GridPrediction, Ints
from forescale.learners.gp.columns import Columns, sources_of
from forescale.learners.gp.distances import SideDistances, Sides, closeness, linear
from forescale.learners.gp.kernels import Closeness
from forescale.learners.gp.model import KernelPosterior, TransferModel, kept_anchors
from forescale.learners.gp.source import (
    KernelMean,
    SourceMean,
    SourceStage,
    SourceTask,
    Stack,
    among_first,
)
from forescale.learners.gp.target import TargetStage, standardised
from forescale.splits import Split


@dataclass(frozen=True)
class _Replicate:
    """A split, its rows of each source, sizes of m, and what stages keep for one another."""

    split: Split
    orders: tuple[Ints, ...]
    sizes: Ints
    seed: int
    memo: dict[Any, Any]


@dataclass(frozen=True)
class PreparedTransfer:
    """Values of a study and the stages that learn from them.

    Parameters
    ----------
    blocks
        Distances between the materials' sides.
    further
        Blocks that only the second stage has.
    sources, target
        The stages.
    leave_out
        Whether a training material's own computed value is left out of what predicts it,
        as test materials have none.
    prefix_scales
        Whether scales of features are learnt, in every replicate, from inputs of the first
        computed materials alone, so that no size sees what comes after it.
    groups
        Group of each computed and measured row, where whole groups are left out.
    tested_together
        Group of each measured row, where whole groups are tested.
    source_of
        Which of several sources each computed row is of; None where there is one.
    stack
        What learns from one source atop the others.
    """

    blocks: tuple[SideDistances, ...]
    further: tuple[SideDistances, ...]
    sources: tuple[SourceStage, ...]
    target: TargetStage
    source_values: Floats
    target_values: Floats
    leave_out: bool = False
    prefix_scales: bool = False
    groups: tuple[Ints, Ints] | None = None
    tested_together: Ints | None = None
    source_of: Ints | None = None
    stack: Stack | None = None

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """See :class:`~forescale.learners.PreparedLearner`."""
        orders = self._orders(split.source)
        counts = self._counts(split.source, grid.n_source)
        job = _Replicate(split, orders, grid.n_target, seed, {})
        found = self._in_order(job, counts, grid.n_source)
        lines = []
        for place, sizes in enumerate(grid.of_source):
            cells = np.tile([len(order) for order in orders], (len(sizes), 1))
            cells[:, place] = np.minimum(sizes, cells[:, place])
            if len(sizes):
                lines.append(self._with_others(job, cells, place).mean[1:])
            else:  # a run that grows by cells of other sources alone
                lines.append(np.empty((0, *found.mean.shape[1:])))
        return replace(found, of_source=tuple(lines))

    def _in_order(self, job: _Replicate, counts: Ints, sizes: Ints) -> GridPrediction:
        """Cells of the first so many computed values, whatever their source."""
        if not self.prefix_scales:
            return self._predict(job, counts)
        rows = _scale_rows(sizes)
        parts = [
            self._scaled(job.split.source[:number])._predict(job, counts[rows == number])
            for number in np.unique(rows)
        ]
        last = parts[-1]
        # Without a source there is no size to see too early: it has the best scales there are.
        mean = np.concatenate([last.mean[:1], *(part.mean[1:] for part in parts)])
        return GridPrediction(mean, last.std, last.half_capacity, last.notes)

    def _with_others(self, job: _Replicate, cells: Ints, place: int) -> GridPrediction:
        """Cells of one source's sizes; scales are learnt from the others, which are all there."""
        if not self.prefix_scales:
            return self._predict(job, cells)
        own = set(job.orders[place].tolist())
        others = np.array([row for row in job.split.source.tolist() if row not in own])
        (number,) = _scale_rows(np.array([len(others)]))
        return self._scaled(others[:number])._predict(job, cells)

    def _scaled(self, rows: Ints) -> PreparedTransfer:
        """The same with features on scales learnt from some computed materials."""

        def scaled(blocks: tuple[SideDistances, ...]) -> tuple[SideDistances, ...]:
            return tuple(block.rescaled(block.source[rows]) for block in blocks)

        blocks = scaled(self.blocks)
        return replace(
            self,
            blocks=blocks,
            further=scaled(self.further),
            sources=tuple(stage.on(blocks) for stage in self.sources),
            prefix_scales=False,
        )

    def _predict(self, job: _Replicate, counts: Ints) -> GridPrediction:
        """Cells of so many computed values of each source, shape (cells, sources)."""
        train, test = job.split.train[: job.sizes[-1]], job.split.test
        tasks = []
        for place, (order, most) in enumerate(zip(job.orders, counts.max(axis=0), strict=True)):
            task = self._task(order[:most], np.concatenate([train, test]), place, job)
            task.own[len(train) :] = -1  # what is known of a test material is not hidden
            tasks.append(task)
        columns = Columns.of(self.sources, self.stack, tasks, counts)
        known, new = self._all_sides(train), self._all_sides(test)
        second = self.target.predict(
            within=self._closeness(known, known),
            cross=self._closeness(new, known),
            values=self.target_values[train],
            basis=columns.basis,
            scale=columns.scale,
            sizes=job.sizes,
            groups=self._together(train),
        )
        zero_shot = columns.zero_shot(slice(len(train), None), self.target.same)
        tuned, half_capacity = second.mean, None
        if columns.halved:
            half_capacity = np.concatenate([zero_shot[-2][None], tuned[-2]])
            tuned, zero_shot = np.delete(tuned, -2, axis=0), np.delete(zero_shot, -2, axis=0)
        mean = np.full((1 + len(counts), 1 + len(job.sizes), len(test)), np.nan)
        mean[1:, 0] = zero_shot
        mean[:, 1:] = tuned
        return GridPrediction(mean, second.std, half_capacity, {**columns.notes, **second.notes})

    def train(self, source: Ints, target: Ints, seed: int) -> TransferModel:
        """See :class:`~forescale.learners.TrainsModel`."""
        if self.prefix_scales:
            (rows,) = _scale_rows(np.array([len(source)]))
            return self._scaled(source[:rows]).train(source, target, seed)
        orders = self._orders(source)
        nothing = np.zeros(0, dtype=np.int64)
        job = _Replicate(Split(source, target, nothing), orders, np.array([len(target)]), seed, {})
        tasks = [self._task(order, target, place, job) for place, order in enumerate(orders)]
        trained = [stage.train(task) for task in tasks for stage in self.sources]
        if self.stack is not None:
            trained += self.stack.train(tasks)
        at_known = np.stack([one.at_wanted for one in trained])
        layout = sources_of(len(tasks), len(self.sources), stacked=self.stack is not None)
        basis, scale = np.empty_like(at_known), np.empty(len(layout))
        location = np.empty(len(layout))
        for column, place in enumerate(layout):
            values = tasks[place].values
            (basis[column],), (scale[column],) = standardised(
                at_known[column][None], values, np.array([len(values)])
            )
            location[column] = np.cumsum(values)[-1] / len(values)
        known = self._all_sides(target)
        targets = self.target.train(
            within=self._closeness(known, known),
            values=self.target_values[target],
            basis=basis,
            scale=scale,
            groups=self._together(target),
        )
        # Anchors are the sides in use, and rows point to their places among those.
        used = [np.unique(sides) for sides in known]
        for one in trained:
            for place, sides in enumerate(one.sides or ()):
                used[place] = np.union1d(used[place], sides)
        measured = _places(used, known)
        return TransferModel(
            kernel=self.target.kernel,
            anchors=kept_anchors((*self.blocks, *self.further), used),
            described=len(self.blocks),
            sources=tuple(_anchored(one.mean, used, one.sides) for one in trained),
            location=location,
            scale=scale,
            targets=tuple(KernelPosterior.of(one, measured) for one in targets),
        )

    def _orders(self, source: Ints) -> tuple[Ints, ...]:
        """Rows of each source in their order."""
        if self.source_of is None:
            return (source,)
        own = self.source_of[source]
        return tuple(source[own == place] for place in range(1 + int(self.source_of.max())))

    def _counts(self, source: Ints, sizes: Ints) -> Ints:
        """How many of the first rows are of each source, shape (sizes, sources)."""
        if self.source_of is None:
            return sizes[:, None]
        own = self.source_of[source]
        each = own[:, None] == np.arange(1 + self.source_of.max())
        return np.asarray(np.cumsum(each, axis=0)[sizes - 1])

    def _task(self, rows: Ints, wanted: Ints, place: int, job: _Replicate) -> SourceTask:
        """All these rows of a source, to predict measured ones from."""
        memo = job.memo if len(job.orders) > 1 else None
        values, sizes = self.source_values[rows], np.array([len(rows)])
        own = self._own(rows, wanted)
        groups = None if self.groups is None else self.groups[0][rows]
        sides = self._sides(wanted)
        return SourceTask(rows, values, sizes, sides, own, job.seed, place, memo, groups)

    def _together(self, rows: Ints) -> Ints | None:
        return None if self.tested_together is None else self.tested_together[rows]

    def _sides(self, rows: Ints) -> Sides:
        return [block.target[rows] for block in self.blocks]

    def _all_sides(self, rows: Ints) -> Sides:
        return [block.target[rows] for block in (*self.blocks, *self.further)]

    def _closeness(self, left: Sides, right: Sides) -> Closeness:
        near = closeness((*self.blocks, *self.further), left, right)
        # Blocks of the second stage alone are distances, and no linear features.
        described = len(self.blocks)
        return Closeness(
            near.distances,
            linear(self.blocks, left[:described]),
            linear(self.blocks, right[:described]),
        )

    def _own(self, source: Ints, target: Ints) -> Ints:
        """Place in the order of each measured row's own computed value, or its group; or -1."""
        if self.groups is not None:
            return among_first(self.groups[1][target], len(source), self.groups[0][source])
        if not self.leave_out:
            return np.full(len(target), -1)
        computed = np.stack([block.source[source] for block in self.blocks], axis=1)
        place = {tuple(sides): row for row, sides in enumerate(computed.tolist())}
        measured = np.stack([block.target[target] for block in self.blocks], axis=1)
        return np.array([place.get(tuple(sides), -1) for sides in measured.tolist()], dtype=int)


def _scale_rows(sizes: Ints) -> Ints:
    """From how many of the first materials the scales of each size are learnt.

    A power of four, so that factorisations of few sizes are wasted: below 64 of two.
    """
    powers = np.array([*(2**k for k in range(1, 6)), *(4**k for k in range(3, 16))])
    return np.asarray(np.minimum(powers[np.searchsorted(powers, sizes, side="right") - 1], sizes))


def _anchored(mean: SourceMean, used: list[Ints], sides: Sides | None) -> SourceMean:
    """A mean whose rows point to places among the anchors."""
    if sides is None or not isinstance(mean, KernelMean):
        return mean
    places = _places(used, sides)
    return KernelMean(places, mean.candidate, mean.weights, mean.coefficients)


def _places(used: list[Ints], rows: Sides) -> Ints:
    """Where the sides of rows are among the sorted ones in use, shape (blocks, rows)."""
    return np.stack([np.searchsorted(a, b) for a, b in zip(used, rows, strict=False)])
