"""The source stage where rows are pairs: exact at every size, by conjugate gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.learners._stages import StagePrediction
from forescale.learners.kernels import KernelName, kernel
from forescale.learners.lowrank import Landmarks
from forescale.learners.pair_kernel import PairKernel, Preconditioner, SideKernel, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Distances = NDArray[np.float32]

MOST_OPERATIONS = 4e11
"""Of one product with the kernel: some seconds."""

_PRECISE_BELOW = 1e9  # operations of one product; double precision costs nothing there
_RANK = 1_000  # of the preconditioner
_SMOOTH_RANK = 100  # of the part of a kernel that is kept in double precision
_TOLERANCE = 0.2  # of the noise that the solution leaves in the values: errors differ by about 1 %


def operations(sides: tuple[int, int]) -> float:
    """Of one product of the kernel of a table of sides with a vector."""
    return 2.0 * sides[0] * sides[1] * (sides[0] + sides[1])


@dataclass(frozen=True)
class PairStage:
    """Gaussian process on pairs, its hyper-parameters given.

    The mean is the average of the values, which differs little from the generalised
    least-squares mean where n is large, and not at all in what is solved.
    """

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
    ) -> StagePrediction:
        """Predictions for other pairs from each number of computed values.

        Parameters
        ----------
        distances
            Among all sides of either kind, shapes (A, A) and (B, B).
        rows, wanted
            Which two sides the ordered rows, and the pairs to predict, have.
        nearness
            Kernel between pairs to predict and the rows in whatever else there is that all
            rows share (one temperature, say), shape (T,).
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

            return SideKernel.among(rows, len(one), rank=0 if small else _SMOOTH_RANK)

        left, right = (
            among(one, length) for one, length in zip(distances, self.lengths, strict=True)
        )
        rank, done = min(_RANK, int(sizes[0])), 0
        first = PairKernel(left, right, (rows[0][:rank], rows[1][:rank]))
        landmarks = Landmarks(first.to_landmarks(np.arange(rank), rank))
        weights: Floats = np.zeros(0)  # in the unit of the values
        means = np.empty((len(sizes), len(wanted[0])))
        steps = 0
        for place, size in enumerate(sizes):
            here = (rows[0][:size], rows[1][:size])
            pairs = PairKernel.of_rows(left, right, here)
            centre, spread = values[:size].mean(), values[:size].std() or 1.0
            found = solve(
                pairs,
                noise,
                (values[:size] - centre) / spread,
                Preconditioner(pairs, landmarks, noise),
                np.concatenate([weights, np.zeros(size - done)]) / spread,
                _TOLERANCE,
            )
            weights, done, steps = spread * found.weights, int(size), steps + found.steps
            means[place] = centre + signal * nearness * _read(left, right, here, wanted, weights)
        notes = {"source_noise": noise, "source_steps": float(steps)}
        notes["source_residual"] = found.residual
        return StagePrediction(means, notes=notes, weights=weights, centre=float(centre))


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
