"""The source stage as an exact process: every prefix of an order from one factorisation.

At each size the candidate with the highest marginal likelihood of that prefix is used;
values that come later in the order never enter the choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from forescale.learners.contract import Floats, Ints
from forescale.learners.gp.distances import SideDistances, Sides, closeness
from forescale.learners.gp.kernels import Candidate, Closeness, KernelName
from forescale.learners.gp.prefix import PrefixFit, PrefixGP, Prior
from forescale.learners.gp.source import KernelMean, SourcePrediction, SourceTask, TrainedSource

_RACE = ((100, 24), (400, 4), (1_600, 1))
"""Up to 100 rows all candidates run, up to 400 the best 24 of 100, up to 1,600 the best four
of 400, then the best one: the likelihood of 400 rows already tells most apart, and cost
grows as the cube."""

RACE_ROWS = _RACE[-1][0]
"""Rows that settle the kernel."""


@dataclass(frozen=True)
class ExactSource:
    """Gaussian process on the computed values.

    Parameters
    ----------
    kernel, candidates
        Of the process.
    blocks
        Distances among the materials.
    most
        Rows beyond which no more are taken: larger sizes have the prediction of so many.
    """

    kernel: KernelName
    candidates: tuple[Candidate, ...]
    blocks: tuple[SideDistances, ...]
    most: int | None = None
    name: str = "process"

    def on(self, blocks: tuple[SideDistances, ...]) -> ExactSource:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        return replace(self, blocks=blocks)

    def predict(self, task: SourceTask) -> SourcePrediction:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        return self.raced(self._cut(task))[0]

    def raced(self, task: SourceTask) -> tuple[SourcePrediction, Candidate]:
        """Predictions, and what won at the end."""
        rows = self._sides(task.rows)
        within = closeness(self.blocks, rows, rows)
        cross = closeness(self.blocks, task.wanted, rows)
        means = np.empty((len(task.sizes), len(task.own)))
        notes: dict[str, float] = {}
        for candidate, gp, part in self._winners(within, task.values, np.unique(task.sizes)):
            if gp is not None and part is not None:
                k = cross.corner(len(task.own), part.sizes[-1]).kernel(self.kernel, candidate)
                found = gp.mean(part, k, np.ones((len(k), 1)))
                _leave_out(found, gp, part, task, k)
                for place in np.flatnonzero(np.isin(task.sizes, part.sizes)):
                    means[place] = found[part.sizes == task.sizes[place]]
                if part.sizes[-1] == task.sizes[-1]:
                    notes = {**candidate.notes("source"), "source_jitter": gp.jitter}
        return SourcePrediction(means, notes=notes), candidate

    def train(self, task: SourceTask) -> TrainedSource:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        task = self._cut(task)
        rows = self._sides(task.rows)
        within = closeness(self.blocks, rows, rows)
        last = np.array([len(task.rows)])
        *_, (candidate, gp, fit), _ = self._winners(within, task.values, last)
        assert gp is not None
        assert fit is not None
        weights = gp.weights(fit)[0][:, -1]
        mean = KernelMean(np.stack(rows), candidate, weights, fit.coefficients[-1])
        k = closeness(self.blocks, task.wanted, rows).kernel(self.kernel, candidate)
        found = mean.mean(k, np.ones((len(k), 1)))[None]
        _leave_out(found, gp, fit, task, k)
        return TrainedSource(mean, found[0], rows)

    def _cut(self, task: SourceTask) -> SourceTask:
        """No more rows than are taken."""
        most = min(self.most or len(task.rows), len(task.rows))
        return task.first(most, np.minimum(task.sizes, most))

    def _sides(self, rows: Ints) -> Sides:
        return [block.source[rows] for block in self.blocks]

    def _winners(
        self, within: Closeness, values: Floats, sizes: Ints
    ) -> Iterator[tuple[Candidate, PrefixGP | None, PrefixFit | None]]:
        """Each candidate with the sizes at which it is the best so far; the later one wins.

        Last comes the winner by itself, for where none of the sizes was asked for.
        """
        candidates, done = self.candidates, 0
        for limit, survivors in (*_RACE, (len(values), 1)):
            limit = min(limit, len(values))
            here = sizes[(sizes > done) & (sizes <= limit)]
            if limit <= done:
                break
            # The end of a heat decides who runs on, whether or not it is a size asked for.
            ends = np.union1d(here, [limit])
            asked = np.isin(ends, here)
            scores = np.full((len(candidates), len(ends)), -np.inf)
            for index, candidate in enumerate(candidates):
                gp, fit = self._fit(within, values, limit, candidate, ends)
                scores[index] = fit.log_likelihood + candidate.simple
                best = (scores[index] > np.delete(scores, index, 0).max(0, initial=-np.inf)) & asked
                if best.any():
                    yield candidate, gp, fit.at(best)
            order = np.argsort(-scores[:, -1], kind="stable")[:survivors]
            candidates, done = tuple(candidates[index] for index in order), limit
        yield candidates[0], None, None

    def _fit(
        self, within: Closeness, values: Floats, limit: int, candidate: Candidate, ends: Ints
    ) -> tuple[PrefixGP, PrefixFit]:
        k = within.corner(limit, limit).kernel(self.kernel, candidate)
        gp = PrefixGP(k, candidate.noise, overwrite=True)
        return gp, gp.fit(values[:limit], np.ones((limit, 1)), Prior.flat(1), ends)


def _leave_out(found: Floats, gp: PrefixGP, fit: PrefixFit, task: SourceTask, k: Floats) -> None:
    """Put in the predictions without own values, shape (sizes, T), where a size has them."""
    wanted = np.flatnonzero(task.own_among(int(fit.sizes[-1])) >= 0)
    if not len(wanted):
        return
    if task.groups is None:
        alone = gp.left_out(fit, task.values, task.own[wanted])
    else:
        alone = gp.groups_left_out(fit, k[wanted], task.own[wanted], task.groups)
    found[:, wanted] = np.where(np.isnan(alone), found[:, wanted], alone)
