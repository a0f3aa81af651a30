"""Boosted trees on the computed values (LightGBM), a fit for each size.

What the process has from one factorisation is lost here, so that each size costs a fit;
sizes are geometric, and the largest few are the price. One thread and fixed seeds: the same
numbers wherever and beside whatever they are computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from forescale.learners.boosted.options import TreeOptions
from forescale.learners.boosted.trees import Trees
from forescale.learners.contract import Floats, Ints, StoredBlock
from forescale.learners.gp.distances import SideDistances, Sides
from forescale.learners.gp.kernels import KernelName
from forescale.learners.gp.source import (
    Arrays,
    NewRows,
    SourcePrediction,
    SourceTask,
    TrainedSource,
)

_DIGITS = 5  # of standardised values: what another unit changes in the last bits splits no tree
_FEWEST = 10  # values for which there are trees; fewer have their mean
_TRIED = 500  # values by which it is tried whether trees foretell any, and how many trees
_TREES_TRIED = 100
_SURE = 1.28  # standard errors of a rank correlation: one source of noise in ten passes


@dataclass(frozen=True)
class TreeSource:
    """Trees on the computed values; implements :class:`~forescale.learners.gp.source.SourceStage`.

    Where own values are to be left out, two halves of the trees each learn without one half
    of those, predict what they have not seen, and are averaged elsewhere.
    """

    options: TreeOptions
    blocks: tuple[StoredBlock, ...]
    name: str = "trees"

    def on(self, blocks: tuple[SideDistances, ...]) -> TreeSource:
        """See :class:`~forescale.learners.gp.source.SourceStage`; trees know no scales."""
        del blocks
        return self

    def predict(self, task: SourceTask) -> SourcePrediction:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        features, wanted = self.features(self.sides(task.rows)), self.features(task.wanted)
        mean = np.empty((len(task.sizes), len(wanted)))
        half: Floats | None = None
        for place, size in enumerate(task.sizes):
            fits = self.alone(features[:size], task, int(size))
            own = task.own_among(int(size))
            mean[place] = predicted(fits, wanted, own)
            if place == len(task.sizes) - 1:
                half = predicted(fits, wanted, own, half=True)
        return SourcePrediction(
            mean, half, {"source_trees": float(self.options.size(len(task.rows))[0])}
        )

    def train(self, task: SourceTask) -> TrainedSource:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        features, wanted = self.features(self.sides(task.rows)), self.features(task.wanted)
        fits = self.alone(features, task, len(task.rows))
        return TrainedSource(TreeMean.of(fits), predicted(fits, wanted, task.own))

    def sides(self, rows: Ints) -> Sides:
        """Sides of computed rows, of each block."""
        return [block.source[rows] for block in self.blocks]

    def features(self, sides: Sides) -> NDArray[np.float32]:
        """All features of rows with these sides, shape (rows, features)."""
        found = [block.features(own) for block, own in zip(self.blocks, sides, strict=True)]
        return np.concatenate(found, axis=1)

    def alone(self, features: NDArray[np.float32], task: SourceTask, size: int) -> list[Fit]:
        """One fit of all rows, or two that each leave out half of the wanted rows' own values."""
        if task.memo is None:
            return self.fits(features, task, size)
        key = ("alone", task.source, size)
        if key not in task.memo:
            task.memo[key] = self.fits(features, task, size)
        return list(task.memo[key])

    def fits(self, features: NDArray[np.float32], task: SourceTask, size: int) -> list[Fit]:
        """Those fits, of features that need not be the materials' own, shape (size, any)."""
        if not foretell(features[:size], task.values[:size], self.options, task.seed):
            return [Fit(None, float(task.values[:size].mean()), 0.0, np.arange(size))]
        known = np.unique(task.own_among(size))
        known = known[known >= 0]
        rows = np.arange(size)
        names, values = task.names(rows), task.values[:size]
        parts = [known[known % 2 == part] for part in (0, 1)] if len(known) else [known]
        kept = [rows[~np.isin(names, hidden)] for hidden in parts]
        fits = [Fit.of(features, values, own, self.options, task.seed) for own in kept]
        return [replace(fit, learnt=names[fit.learnt]) for fit in fits]


@dataclass(frozen=True)
class Fit:
    """Trees of some of the rows; ``learnt`` has their places, or their groups."""

    booster: lightgbm.Booster | None
    centre: float
    scatter: float
    learnt: Ints

    @classmethod
    def of(
        cls,
        features: NDArray[np.float32],
        values: Floats,
        rows: Ints,
        options: TreeOptions,
        seed: int,
    ) -> Fit:
        """Fit some rows of features and values; their mean where there is nothing to split by."""
        own = values[rows] if len(rows) else values
        centre, scatter = float(own.mean()), float(own.std())
        x = features[rows]
        flat = scatter <= 1e-12 * max(1.0, abs(centre))
        if flat or len(rows) < _FEWEST or not np.ptp(x, axis=0).any():
            return cls(None, centre, 0.0, rows)
        label = np.round((own - centre) / scatter, _DIGITS)
        trees, leaves = options.size(len(rows))
        settings = _settings(options, leaves, len(rows), seed)
        data = lightgbm.Dataset(x, label, params=settings)
        booster = lightgbm.train(settings, data, trees)
        return cls(booster, centre, scatter, rows)

    def predict(self, features: NDArray[np.float32], *, half: bool = False) -> Floats:
        """Values for rows of features, by all trees or by the first half."""
        if self.booster is None:
            return np.full(len(features), self.centre)
        trees = max(1, self.booster.num_trees() // 2) if half else -1
        found = self.booster.predict(features, num_iteration=trees, num_threads=1)
        return self.centre + self.scatter * np.asarray(found, dtype=float)

    def trees(self) -> Trees:
        """The splits, with what leaves add in the unit of the values."""
        if self.booster is None:
            return Trees.joined([])
        return Trees.joined([Trees.read(self.booster.dump_model())], self.scatter)


def foretell(
    features: NDArray[np.float32], values: Floats, options: TreeOptions, seed: int
) -> bool:
    """Whether trees of one half of some first values foretell the order of the other.

    Trees of values that have nothing to do with the features differ from one material to the
    next all the same, and with few measured values nothing tells that they are of no use.
    """
    values = values[:_TRIED]
    rows = np.arange(len(values))
    if len(rows) < 2 * _FEWEST:
        return True  # too few to tell
    few = options.model_copy(update={"trees": min(options.trees, _TREES_TRIED)})
    found = np.empty(len(rows))
    for part in (0, 1):
        fit = Fit.of(features, values, rows[rows % 2 != part], few, seed)
        found[rows % 2 == part] = fit.predict(features[: len(rows)][rows % 2 == part])
    if not np.ptp(found) or not np.ptp(values):
        return False
    likeness = float(np.corrcoef(rankdata(found), rankdata(values))[0, 1])
    return bool(np.arctanh(min(likeness, 0.999)) * (len(rows) - 3) ** 0.5 > _SURE)


def _settings(options: TreeOptions, leaves: int, rows: int, seed: int) -> dict[str, Any]:
    return {
        "objective": "regression",
        "learning_rate": options.rate,
        "num_leaves": leaves,
        "feature_fraction": options.feature_share,
        "bagging_fraction": options.value_share,
        "bagging_freq": 1,
        "min_data_in_leaf": min(10, max(2, rows // 20)),
        "max_bin": 127,
        "seed": seed % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }


def predicted(
    fits: list[Fit], wanted: NDArray[np.float32], own: Ints, *, half: bool = False
) -> Floats:
    """The mean of the fits; for a row whose own value one of them has learnt, the other's."""
    found = np.stack([fit.predict(wanted, half=half) for fit in fits])
    mean = found.mean(axis=0)
    if len(fits) > 1:
        for fit, one in zip(fits, found, strict=True):
            unseen = (own >= 0) & ~np.isin(own, fit.learnt)
            mean[unseen] = one[unseen]
    return np.asarray(mean)


@dataclass(frozen=True)
class TreeMean:
    """Trained trees; implements :class:`~forescale.learners.gp.source.SourceMean`."""

    trees: Trees
    centre: float
    kind: str = "trees"

    @classmethod
    def of(cls, fits: list[Fit]) -> TreeMean:
        """The mean of some fits."""
        trees = Trees.joined([fit.trees() for fit in fits], 1.0 / len(fits))
        return cls(trees, float(np.mean([fit.centre for fit in fits])))

    def predict(self, name: KernelName, new: NewRows) -> Floats:
        """See :class:`~forescale.learners.gp.source.SourceMean`."""
        del name
        return self.at(new.features())

    def at(self, features: NDArray[np.floating]) -> Floats:
        """Means for rows of features."""
        return self.centre + self.trees.predict(features)

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """See :class:`~forescale.learners.gp.source.SourceMean`."""
        return self.trees.state(), {"kind": self.kind, "centre": self.centre}

    @classmethod
    def restore(cls, arrays: Arrays, settings: Mapping[str, Any]) -> TreeMean:
        """The trees that gave the state."""
        return cls(Trees.restore(arrays), float(settings["centre"]))
