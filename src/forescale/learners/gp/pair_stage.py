"""The source stage where rows are pairs: exact at every size, by conjugate gradients.

The kernel is a product of two, so it has no linear part here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forescale.learners.contract import Floats, Ints
from forescale.learners.gp.distances import SideDistances
from forescale.learners.gp.exact import ExactSource
from forescale.learners.gp.kernels import Candidate, KernelName, kernel
from forescale.learners.gp.low_rank_stage import split_sizes
from forescale.learners.gp.lowrank import Landmarks
from forescale.learners.gp.pair_kernel import PairKernel, Preconditioner, SideKernel, solve
from forescale.learners.gp.source import KernelMean, SourcePrediction, SourceTask, TrainedSource

Distances = NDArray[np.float32]

MOST_OPERATIONS = 4e11
"""Of one product with the kernel: some seconds."""

_PRECISE_BELOW = 1e9  # operations of one product; double precision costs nothing there
_RANK = 1_000  # of the preconditioner, at least
_RANK_GROWTH = 4.0  # of it, times the square root of the rows: twice the rank, half the steps
_WHOLE = 1_000  # sides whose kernel is kept in double precision: next to no operations are there
_SMOOTH_RANK = 300
"""Of the part of a kernel in double precision, where there are more sides: with 100 the rest is
so large that rounding slows the steps, 236 in place of 142 at 270,000 pairs."""

_TOLERANCE = 0.2  # of the noise that the solution leaves in the values: errors differ by about 1 %


def operations(sides: tuple[int, int]) -> float:
    """Of one product of the kernel of a table of sides with a vector."""
    return 2.0 * sides[0] * sides[1] * (sides[0] + sides[1])


@dataclass(frozen=True)
class PairSource:
    """Exact up to so many rows as any process; beyond, exact by conjugate gradients.

    The first rows choose the kernel. Beyond them the mean is the average of the values,
    which differs little from the generalised least-squares mean where n is large, and own
    values are not left out, which one among so many does not tell.
    """

    exact: ExactSource
    exact_rows: int
    name: str = "process"

    def on(self, blocks: tuple[SideDistances, ...]) -> PairSource:
        """See :class:`~forescale.learners.gp.source.SourceStage`; only exact rows may change."""
        return replace(self, exact=self.exact.on(blocks))

    def predict(self, task: SourceTask) -> SourcePrediction:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        small, rest, candidate = split_sizes(self.exact, self.exact_rows, task)
        if rest is None:
            return small
        means, notes, _, _ = self._solved(rest, candidate)
        return SourcePrediction(np.concatenate([small.mean, means]), None, notes)

    def train(self, task: SourceTask) -> TrainedSource:
        """See :class:`~forescale.learners.gp.source.SourceStage`."""
        if len(task.rows) <= self.exact_rows:
            return self.exact.train(task)
        _, rest, candidate = split_sizes(self.exact, self.exact_rows, task)
        assert rest is not None
        means, _, weights, centre = self._solved(rest, candidate)
        sides = [block.source[task.rows] for block in self.exact.blocks]
        mean = KernelMean(np.stack(sides), candidate, weights, np.array([centre]))
        return TrainedSource(mean, means[-1], sides)

    def _solved(
        self, task: SourceTask, candidate: Candidate
    ) -> tuple[Floats, dict[str, float], Floats, float]:
        """Predictions of each size; notes, weights and centre of the last."""
        blocks, name = self.exact.blocks, self.exact.kernel
        nearness = np.ones(len(task.wanted[0]))
        vary = []
        for place, block in enumerate(blocks):
            if np.ptp(block.source):
                vary.append(place)
            else:  # whatever all rows share: one temperature, say
                same = block.between(task.wanted[place], block.source[:1])[None, :, 0]
                nearness *= kernel(name, same, (candidate.lengths[place],))
        a, b = vary
        stage = _PairStage(name, (candidate.lengths[a], candidate.lengths[b]), candidate.noise)
        return stage.predict(
            distances=(blocks[a].square(), blocks[b].square()),
            rows=(blocks[a].source[task.rows], blocks[b].source[task.rows]),
            wanted=(task.wanted[a], task.wanted[b]),
            nearness=nearness,
            values=task.values,
            sizes=task.sizes,
        )


@dataclass(frozen=True)
class _PairStage:
    """The process on pairs, its hyper-parameters given."""

    name: KernelName
    lengths: tuple[float, float]
    noise: float

    def predict(
        self,
        *,
        distances: tuple[Distances, Distances],
        rows: tuple[Ints, Ints],
        wanted: tuple[Ints, Ints],
        nearness: Floats,
        values: Floats,
        sizes: Ints,
    ) -> tuple[Floats, dict[str, float], Floats, float]:
        """Predictions of other pairs at each size; notes, weights and centre of the last.

        Parameters
        ----------
        distances
            Among all sides of either kind, shapes (A, A) and (B, B).
        rows, wanted
            Which two sides the ordered rows, and the pairs to predict, have.
        nearness
            Kernel between pairs to predict and the rows in whatever else there is, shape (T,).
        values
            Computed values in order, shape (N,).
        sizes
            Ascending numbers of values, the last at most N.
        """
        noise, signal = self.noise, 1.0 - self.noise
        small = operations((len(distances[0]), len(distances[1]))) < _PRECISE_BELOW

        def among(one: Distances, length: float) -> SideKernel:
            def rows(sides: Ints) -> Floats:
                return kernel(self.name, one[None, sides], (length,))

            whole = small or len(one) <= _WHOLE
            return SideKernel.among(rows, len(one), rank=0 if whole else _SMOOTH_RANK)

        left, right = (
            among(one, length) for one, length in zip(distances, self.lengths, strict=True)
        )
        weights: Floats = np.zeros(0)  # in the unit of the values
        means = np.empty((len(sizes), len(wanted[0])))
        steps = done = 0
        for place, size in enumerate(sizes):
            here = (rows[0][:size], rows[1][:size])
            pairs = PairKernel.of_rows(left, right, here)
            centre, spread = values[:size].mean(), values[:size].std() or 1.0
            rank = min(int(size), max(_RANK, round(_RANK_GROWTH * float(size) ** 0.5)))
            first = PairKernel(left, right, (rows[0][:rank], rows[1][:rank]))
            found = solve(
                pairs,
                noise,
                (values[:size] - centre) / spread,
                Preconditioner(pairs, Landmarks(first.to_landmarks(np.arange(rank), rank)), noise),
                np.concatenate([weights, np.zeros(size - done)]) / spread,
                _TOLERANCE,
            )
            weights, done, steps = spread * found.weights, int(size), steps + found.steps
            means[place] = centre + signal * nearness * _read(left, right, here, wanted, weights)
        notes = {"source_noise": noise, "source_steps": float(steps)}
        notes["source_residual"] = found.residual
        return means, notes, weights, float(centre)


def _read(
    left: SideKernel,
    right: SideKernel,
    rows: tuple[Ints, Ints],
    wanted: tuple[Ints, Ints],
    weights: Floats,
) -> Floats:
    """Kernel between pairs wanted and rows, times the weights of rows."""
    (a, at_a), (b, at_b) = (np.unique(side, return_inverse=True) for side in wanted)
    table = PairKernel(left, right, rows).table(weights)
    everything = (np.arange(len(left)), np.arange(len(right)))
    over_b = right.part(b, everything[1]).times(table.T).T
    return np.asarray(left.part(a, everything[0]).times(over_b)[at_a, at_b])
