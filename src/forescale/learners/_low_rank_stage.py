"""The source stage on landmarks: every size of a table that streams through in chunks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from forescale.learners._stages import StagePrediction
from forescale.learners.kernels import KernelName, fast_kernel, kernel
from forescale.learners.lowrank import Landmarks, Sums

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Distances = NDArray[np.float32]

_CHUNK = 2048  # rows in memory at a time


@dataclass(frozen=True)
class LowRankStage:
    """Regression on landmarks, the share of noise chosen at every size by its likelihood.

    Length scales are given: the exact stage chose them on the first rows.
    """

    name: KernelName
    lengths: tuple[float, ...]
    noises: tuple[float, ...]

    def predict(
        self,
        *,
        within: Distances,
        cross: Distances,
        rows: Callable[[int, int], Distances],
        values: Floats,
        sizes: Ints,
    ) -> tuple[StagePrediction, Floats]:
        """Predictions for other rows from each number of computed values.

        Parameters
        ----------
        within, cross
            Distances among the landmarks, shape (blocks, r, r), and from the rows to
            predict, shape (blocks, T, r).
        rows
            Distances of ordered rows start..stop to the landmarks, shape
            (blocks, stop - start, r); called once for each chunk.
        values
            Computed values in order, shape (N,).
        sizes
            Ascending numbers of values, the last at most N.

        Returns
        -------
        prediction
            Of each size, shape (sizes, T).
        half
            At the largest size with the first half of the landmarks, shape (T,).
        """
        rank = within.shape[-1]
        landmarks = Landmarks(kernel(self.name, within, self.lengths))
        features = landmarks.features(kernel(self.name, cross, self.lengths))
        sums = Sums(rank)
        centred = values - values[0]  # large values would drown their differences
        means = np.empty((len(sizes), len(features)))
        ends = np.union1d(np.arange(0, sizes[-1], _CHUNK), sizes)
        for start, stop in pairwise(ends):
            near = fast_kernel(self.name, rows(start, stop), self.lengths)
            sums.add(near.astype(np.float64), centred[start:stop])
            for place in np.flatnonzero(sizes == stop):
                fit = sums.fit(landmarks, self.noises, rank)
                means[place] = fit.predict(features)
        half = sums.fit(landmarks, self.noises, max(1, rank // 2)).predict(features)
        notes = {f"source_length_{b}": length for b, length in enumerate(self.lengths, start=1)}
        notes |= {"source_noise": fit.noise, "source_jitter": landmarks.jitter}
        notes["source_rank"] = float(rank)
        weights = solve_triangular(landmarks.factor, fit.weights, lower=True, trans=1)
        centre = float(fit.mean + values[0])
        stage = StagePrediction(means + values[0], notes=notes, weights=weights, centre=centre)
        return stage, half + values[0]
