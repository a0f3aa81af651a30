"""Trees on one source atop the predictions of the others.

f_top is learnt from the features and f_below of each of its materials, f_below by trees that
have not seen that material's own value in the source below; the mean of that and of the trees
of the one source alone is the column. A poorer database *below* a better one helps where the
two side by side, or merged, do not: which one is better, evidence of the measured values says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.learners.boosted.stage import Fit, TreeMean, TreeSource, predicted
from forescale.learners.contract import Floats, Ints
from forescale.learners.gp.columns import FEWEST
from forescale.learners.gp.kernels import KernelName
from forescale.learners.gp.source import (
    Arrays,
    NewRows,
    SourceTask,
    TrainedSource,
    among_first,
)

Features = NDArray[np.float32]


@dataclass(frozen=True)
class TreeStack:
    """Trees of each source atop the others.

    Implements :class:`~forescale.learners.gp.source.Stack`.
    """

    trees: TreeSource

    def predict(self, tasks: Sequence[SourceTask], counts: Ints) -> tuple[Floats, Floats | None]:
        """See :class:`~forescale.learners.gp.source.Stack`."""
        rows = _Rows.of(self.trees, tasks)
        mean = np.full((len(counts), len(tasks), len(tasks[0].own)), np.nan)
        half = np.full(mean.shape[1:], np.nan)
        for cell, sizes in enumerate(counts.tolist()):
            for top in range(len(tasks)):
                built = rows.built(top, sizes)
                if built is None:
                    continue
                mean[cell, top] = built.at_wanted()
                if cell == len(counts) - 1:
                    half[top] = built.at_wanted(half=True)
        return mean, half

    def train(self, tasks: Sequence[SourceTask]) -> list[TrainedSource]:
        """See :class:`~forescale.learners.gp.source.Stack`."""
        rows = _Rows.of(self.trees, tasks)
        sizes = [len(task.rows) for task in tasks]
        found = []
        for top in range(len(tasks)):
            built = rows.built(top, sizes)
            if built is None:
                raise ValueError(f"source {top} has {sizes[top]} values, expected more to learn")
            mean = StackMean(
                TreeMean.of(built.atop),
                TreeMean.of(built.alone),
                tuple(TreeMean.of(fits) for fits in built.below),
            )
            found.append(TrainedSource(mean, built.at_wanted()))
        return found


@dataclass(frozen=True)
class _Built:
    """Fits of one cell with one source atop, and what they see of the wanted rows."""

    atop: list[Fit]
    alone: list[Fit]
    below: list[list[Fit]]
    wanted: Features
    seen: Features  # with the predictions below
    own: Ints

    def at_wanted(self, *, half: bool = False) -> Floats:
        first = predicted(self.atop, self.seen, self.own, half=half)
        return 0.5 * (first + predicted(self.alone, self.wanted, self.own, half=half))


@dataclass(frozen=True)
class _Rows:
    """Features of all rows of each source, and where each material is in the other sources."""

    trees: TreeSource
    tasks: Sequence[SourceTask]
    features: list[Features]
    wanted: Features
    places: list[list[Ints]]  # [j][k]: what ``own`` of j calls each row of k; -1 where nothing

    @classmethod
    def of(cls, trees: TreeSource, tasks: Sequence[SourceTask]) -> _Rows:
        sides = [trees.sides(task.rows) for task in tasks]
        stacked = np.concatenate([np.stack(one, axis=1) for one in sides])
        _, material = np.unique(stacked, axis=0, return_inverse=True)
        ends = np.cumsum([len(task.rows) for task in tasks])[:-1]
        each = np.split(material.ravel(), ends)
        places = []
        for task, own in zip(tasks, each, strict=True):
            if task.groups is not None:
                names = (other.groups for other in tasks)
                places.append([name for name in names if name is not None])
                continue
            at = np.full(1 + material.max(initial=-1), -1)
            at[own[::-1]] = np.arange(len(own))[::-1]
            places.append([at[other] for other in each])
        features = [trees.features(one) for one in sides]
        return cls(trees, tasks, features, trees.features(tasks[0].wanted), places)

    def built(self, top: int, sizes: Sequence[int]) -> _Built | None:
        """All fits with a source atop; None where it, or everything below, has too little."""
        below = [j for j, n in enumerate(sizes) if j != top and n >= FEWEST]
        n = sizes[top]
        if n < FEWEST or not below:
            return None
        task, x = self.tasks[top], self.features[top][:n]
        alone = self.trees.alone(self.features[top], task, n)
        fits = [self._below(j, sizes[j]) for j in below]
        at_rows, at_wanted = [x], [self.wanted]
        for j, one in zip(below, fits, strict=True):
            own = self._before(self.places[j][top][:n], j, sizes[j])
            at_rows.append(_column(predicted(one, x, own)))
            own = self._before(self.tasks[j].own, j, sizes[j])
            at_wanted.append(_column(predicted(one, self.wanted, own)))
        seen = np.concatenate(at_wanted, axis=1)
        key = ("atop", top, tuple(sizes))
        memo = {} if task.memo is None else task.memo
        if key not in memo:
            memo[key] = self.trees.fits(np.concatenate(at_rows, axis=1), task, n)
        return _Built(memo[key], alone, fits, self.wanted, seen, self._before(task.own, top, n))

    def _below(self, j: int, n: int) -> list[Fit]:
        """Fits of a source that each leave out half of the materials that others have too."""
        task = self.tasks[j]
        key = ("below", j, n)
        memo = {} if task.memo is None else task.memo
        if key not in memo:
            others = [places for k, places in enumerate(self.places[j]) if k != j]
            hidden = replace(task, own=np.concatenate([task.own, *others]))
            memo[key] = self.trees.fits(self.features[j][:n], hidden, n)
        return list(memo[key])

    def _before(self, own: Ints, j: int, size: int) -> Ints:
        """What is among the first rows of a source, -1 for the rest."""
        return among_first(own, size, self.tasks[j].groups)


def _column(values: Floats) -> Features:
    return values[:, None].astype(np.float32)


@dataclass(frozen=True)
class StackMean:
    """Trained trees atop others; implements :class:`~forescale.learners.gp.source.SourceMean`.

    Parameters
    ----------
    atop
        Of the features and the predictions of ``below``.
    alone
        Of the features alone.
    """

    atop: TreeMean
    alone: TreeMean
    below: tuple[TreeMean, ...]
    kind: str = "stack"

    def predict(self, name: KernelName, new: NewRows) -> Floats:
        """See :class:`~forescale.learners.gp.source.SourceMean`."""
        del name
        features = new.features()
        seen = [features, *(_column(one.at(features)) for one in self.below)]
        return 0.5 * (self.atop.at(np.concatenate(seen, axis=1)) + self.alone.at(features))

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """See :class:`~forescale.learners.gp.source.SourceMean`."""
        arrays: Arrays = {}
        centres = []
        for place, one in enumerate((self.atop, self.alone, *self.below)):
            kept, told = one.state()
            arrays |= {f"{place}_{key}": value for key, value in kept.items()}
            centres.append(told["centre"])
        return arrays, {"kind": self.kind, "centres": centres}

    @classmethod
    def restore(cls, arrays: Arrays, settings: Mapping[str, Any]) -> StackMean:
        """The trees that gave the state."""
        parts = []
        for place, centre in enumerate(settings["centres"]):
            head = f"{place}_"
            own = {k.removeprefix(head): v for k, v in arrays.items() if k.startswith(head)}
            parts.append(TreeMean.restore(own, {"centre": centre}))
        atop, alone, *below = parts
        return cls(atop, alone, tuple(below))
