"""The source stage on landmarks: every size of a table that streams through in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.linalg import solve_triangular

from forescale.learners.contract import Floats
from forescale.learners.gp.distances import LandmarkDistances, SideDistances, Sides, linear
from forescale.learners.gp.exact import RACE_ROWS, ExactSource
from forescale.learners.gp.kernels import Candidate, Closeness
from forescale.learners.gp.lowrank import Landmarks, LowRankFit, Sums
from forescale.learners.gp.source import KernelMean, SourcePrediction, SourceTask, TrainedSource

_CHUNK = 2048  # rows in memory at a time


@dataclass(frozen=True)
class LandmarkSource:
    """Exact up to so many rows; beyond, regression on landmarks.

    The exact rows choose the kernel; the share of noise is chosen at every size by its
    likelihood.

    Parameters
    ----------
    exact
        The process of the first rows.
    exact_rows
        Sizes up to this are solved exactly.
    landmarks
        Distances to them, for each block.
    noises
        Candidate shares of noise.
    """

    exact: ExactSource
    exact_rows: int
    landmarks: tuple[LandmarkDistances, ...]
    noises: tuple[float, ...]
    name: str = "process"

    def on(self, blocks: tuple[SideDistances, ...]) -> LandmarkSource:
        """See :class:`~forescale.learners.gp.source.SourceStage`; only exact rows may change."""
        return replace(self, exact=self.exact.on(blocks))

    def predict(self, task: SourceTask) -> SourcePrediction:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        small, rest, candidate = split_sizes(self.exact, self.exact_rows, task)
        if rest is None:
            return small
        means = [small.mean]
        for place, (fit, features, half) in enumerate(self._fits(rest, candidate)):
            here = task.first(int(rest.sizes[place]), rest.sizes[: place + 1])
            means.append(self._means(fit, features, here, candidate)[None])
            if half is not None:
                at_half = self._means(half, features, here, candidate)
                notes = {**candidate.notes("source"), "source_noise": fit.noise}
        notes["source_rank"] = float(len(fit.weights))
        return SourcePrediction(np.concatenate(means), at_half, notes)

    def train(self, task: SourceTask) -> TrainedSource:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        if len(task.rows) <= self.exact_rows:
            return self.exact.train(task)
        _, rest, candidate = split_sizes(self.exact, self.exact_rows, task)
        assert rest is not None
        *_, (fit, features, _) = self._fits(rest, candidate)
        # The weights of landmarks have the share of signal in them.
        flat = Candidate(candidate.lengths, 0.0, candidate.linear)
        weights = solve_triangular(self._marks(candidate).factor, fit.weights, lower=True, trans=1)
        sides = [mark.distinct[mark.side] for mark in self.landmarks]
        mean = KernelMean(np.stack(sides), flat, weights, np.array([fit.mean + task.values[0]]))
        return TrainedSource(mean, self._means(fit, features, task, candidate), sides)

    def _fits(
        self, task: SourceTask, candidate: Candidate
    ) -> Iterator[tuple[LowRankFit, Floats, LowRankFit | None]]:
        """The fit of each size, features of the wanted rows, and the half fit at the end."""
        name, marks = self.exact.kernel, self._marks(candidate)
        rank = len(marks.factor)
        features = marks.features(self._near(task.wanted).kernel(name, candidate))
        sums, centred = Sums(rank), task.values - task.values[0]  # or differences would drown
        ends = np.union1d(np.arange(0, task.sizes[-1], _CHUNK), task.sizes)
        for start, stop in pairwise(ends):
            rows = task.rows[start:stop]
            near = self._near([block.source[rows] for block in self.exact.blocks])
            sums.add(near.fast_kernel(name, candidate), centred[start:stop])
            if stop in task.sizes:
                fit, half = sums.fit(marks, self.noises, rank), None
                if stop == task.sizes[-1]:
                    half = sums.fit(marks, self.noises, max(1, rank // 2))
                yield fit, features, half

    def _means(
        self, fit: LowRankFit, features: Floats, task: SourceTask, candidate: Candidate
    ) -> Floats:
        """Of the wanted rows, without what each leaves out of all rows of a task."""
        found, centred = fit.predict(features), task.values - task.values[0]
        wanted = np.flatnonzero(task.own >= 0)
        if task.groups is not None:
            self._leave_out_groups(found, fit, features, task, candidate)
        elif len(wanted):
            found[wanted] = fit.left_out(features[wanted], centred[task.own[wanted]])
        return np.asarray(found + task.values[0])

    def _leave_out_groups(
        self,
        found: Floats,
        fit: LowRankFit,
        features: Floats,
        task: SourceTask,
        candidate: Candidate,
    ) -> None:
        """Put in the predictions without groups; features of their rows are computed again."""
        marks = self._marks(candidate)
        for group in np.unique(task.own[task.own >= 0]):
            rows, new = np.flatnonzero(task.groups == group), task.own == group
            near = self._near([block.source[task.rows[rows]] for block in self.exact.blocks])
            learnt = marks.features(near.kernel(self.exact.kernel, candidate))
            y = task.values[rows] - task.values[0]
            found[new] = fit.rows_left_out(features[new], learnt, y)

    def _marks(self, candidate: Candidate) -> Landmarks:
        within = self._near([mark.distinct[mark.side] for mark in self.landmarks])
        return Landmarks(within.kernel(self.exact.kernel, candidate))

    def _near(self, sides: Sides) -> Closeness:
        marks = zip(self.landmarks, sides, strict=True)
        here = [mark.distinct[mark.side] for mark in self.landmarks]
        blocks = self.exact.blocks
        return Closeness(
            np.stack([m.to(s) for m, s in marks]), linear(blocks, sides), linear(blocks, here)
        )


def split_sizes(
    exact: ExactSource, exact_rows: int, task: SourceTask
) -> tuple[SourcePrediction, SourceTask | None, Candidate]:
    """The exact prediction of sizes up to a limit, the task of the others, and the kernel.

    Where no size is exact, the first rows still choose the kernel.
    """
    small = task.sizes[task.sizes <= exact_rows]
    rows = max(small.max(initial=0), min(RACE_ROWS, exact_rows, len(task.rows)))
    found, candidate = exact.raced(task.first(rows, small))
    rest = task.sizes[len(small) :]
    return found, task.of(rest) if len(rest) else None, candidate
