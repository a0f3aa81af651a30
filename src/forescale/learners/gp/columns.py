"""Columns of the second stage: what each stage makes of each source, for cells of their sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations as subsets

import numpy as np

from forescale.learners.contract import Floats, Ints
from forescale.learners.gp.form import Combination
from forescale.learners.gp.source import SourceStage, SourceTask, Stack
from forescale.learners.gp.target import standardised

FEWEST = 2
"""Values of one of several sources without which it has no column: it is constant there."""


@dataclass(frozen=True)
class Columns:
    """Predictions of the wanted rows by every column.

    Columns are source by source, for each its stages in order; then, where there is a stack,
    each source atop the others.

    Parameters
    ----------
    mean
        Shape (cells, columns, T), NaN where a source has too few values; the last but one
        cell is the last with half the capacity where ``halved``.
    basis, scale
        Standardised by the values that each column learnt from, 0 where there are too few, and
        their scatter; shapes (cells, columns, T) and (cells, columns).
    halved
        Whether a cell of half the capacity is inserted before the last.
    notes
        What was chosen at the largest sizes.
    """

    mean: Floats
    basis: Floats
    scale: Floats
    halved: bool
    notes: Mapping[str, float]

    @classmethod
    def of(
        cls,
        stages: Sequence[SourceStage],
        stack: Stack | None,
        tasks: Sequence[SourceTask],
        counts: Ints,
    ) -> Columns:
        """Learn from the first so many values of each source.

        Parameters
        ----------
        tasks
            All values of each source that any cell has.
        counts
            Values of each source in each cell, shape (cells, sources).
        """
        means: list[Floats] = []
        halves: list[Floats | None] = []
        notes: dict[str, float] = {}
        for task, own in zip(tasks, counts.T, strict=True):
            sizes = np.unique(own)
            sizes = sizes if len(tasks) == 1 else sizes[sizes >= FEWEST]
            for stage in stages:
                mean = np.full((len(own), len(task.own)), np.nan)
                halves.append(None)
                if len(sizes):
                    found = stage.predict(task.of(sizes))
                    there = own >= sizes[0]
                    mean[there] = found.mean[np.searchsorted(sizes, own[there])]
                    halves[-1] = found.half
                    notes |= found.notes
                means.append(mean)
        if stack is not None:
            atop, half = stack.predict(tasks, counts)
            means += list(np.moveaxis(atop, 1, 0))
            halves += [None] * len(tasks) if half is None else list(half)
        layout = sources_of(len(tasks), len(stages), stacked=stack is not None)
        return cls._standardised(np.stack(means, axis=1), halves, tasks, counts, layout, notes)

    @classmethod
    def _standardised(
        cls,
        mean: Floats,
        halves: list[Floats | None],
        tasks: Sequence[SourceTask],
        counts: Ints,
        layout: Sequence[int],
        notes: Mapping[str, float],
    ) -> Columns:
        halved = any(half is not None for half in halves)
        if halved:  # before the last, whose intervals and notes are kept
            last = [m if h is None else h for m, h in zip(mean[-1], halves, strict=True)]
            mean = np.insert(mean, -1, np.stack(last), axis=0)
            counts = np.insert(counts, -1, counts[-1], axis=0)
        basis, scale = np.empty_like(mean), np.empty(mean.shape[:2])
        for column, source in enumerate(layout):
            values = tasks[source].values
            sizes = np.maximum(counts[:, source], 1)
            if len(values):
                basis[:, column], scale[:, column] = standardised(mean[:, column], values, sizes)
            else:
                basis[:, column], scale[:, column] = 0.0, 1.0
        return cls(mean, np.where(np.isnan(basis), 0.0, basis), scale, halved, notes)

    def zero_shot(self, rows: slice, same: Sequence[bool]) -> Floats:
        """The mean over the columns that predict the property, shape (cells, rows)."""
        chosen = list(same) if any(same) else [True] * len(same)
        return mean_known(self.mean[:, chosen, rows])


def combinations(
    sources: int, stages: int, models: Sequence[Combination], *, stacked: bool
) -> tuple[Combination, ...]:
    """Columns of each model of the second stage.

    Each source has the models of a single one. Where there is a stack, each has those with its
    last stage's column replaced by the one atop the others too; else sources stand side by side
    in every combination (of more than three: all of them, or all but one).

    Parameters
    ----------
    models
        Stages of each model of a single source.

    Examples
    --------
    >>> combinations(1, 2, ((0,), (1,), (0, 1)), stacked=False)
    ((0,), (1,), (0, 1))
    >>> combinations(2, 1, ((0,),), stacked=True)
    ((0,), (2,), (1,), (3,))
    >>> combinations(2, 1, ((0,),), stacked=False)
    ((0,), (1,), (0, 1))
    """
    found: list[Combination] = []
    for source in range(sources):
        first, atop = source * stages, sources * stages + source
        found += [tuple(first + stage for stage in model) for model in models]
        if stacked and sources > 1:
            found += [
                tuple(first + stage if stage < stages - 1 else atop for stage in model)
                for model in models
                if stages - 1 in model
            ]
    if not stacked and sources > 1:
        few = range(2, sources + 1) if sources <= 3 else (sources - 1, sources)
        sets = [chosen for number in few for chosen in subsets(range(sources), number)]
        found += [tuple(source * stages for source in chosen) for chosen in sets]
    return tuple(found)


def mean_known(values: Floats) -> Floats:
    """Means over the second axis of what is known, NaN where nothing is."""
    known = ~np.isnan(values)
    if known.all():
        return np.asarray(values.mean(axis=1))
    number = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def sources_of(sources: int, stages: int, *, stacked: bool) -> tuple[int, ...]:
    """The source of each column: those of the stages, then one atop for each source.

    >>> sources_of(2, 2, stacked=True)
    (0, 0, 1, 1, 0, 1)
    """
    own = [place for place in range(sources) for _ in range(stages)]
    return (*own, *range(sources)) if stacked else tuple(own)
