"""Orders by a Gaussian process: most uncertain, and most informative for what is asked.

Both know inputs only, so no value is needed and a batch is as good as one at a time. With a kernel
k of unit variance and noise s, the variance of a candidate x given what is computed is a sum over
rows of the Cholesky factor, one row more for each material that is taken:

    v_j(x) = (k(x_j, x) - sum_{i<j} v_i(x_j) v_i(x)) / sqrt(var_{j-1}(x_j) + s)
    var_j(x) = var_{j-1}(x) - v_j(x)^2          cov_j(t, x) = cov_{j-1}(t, x) - v_j(t) v_j(x)

Taking x lowers the variance of a target t by cov(t, x)^2 / (var(x) + s).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from forescale.growth.orders.contract import Pool, Scores, Singles
from forescale.learners.contract import Ints

LENGTH = 1.0
"""Length scale of the Laplacian kernel, in median distances between materials."""
NOISE = 0.02
"""Share of noise in the variance of a computed value."""
_ZERO = 1e-5
"""Distance below which two materials are one: what rounding leaves of zero."""


class UncertainOrder:
    """Where the computed side itself is least sure.

    Kept for comparison, as the textbook's choice: it computes what nobody asks for, and is often
    worse than random.
    """

    name: ClassVar[str] = "uncertain"
    needs_targets: ClassVar[bool] = False

    def scores(self, pool: Pool, rng: np.random.Generator) -> Scores:
        """Variance given what is computed."""
        del rng
        return _Variance(_Factor(pool))


class _Variance:
    def __init__(self, factor: _Factor) -> None:
        self._factor = factor

    def now(self) -> NDArray[np.floating]:
        return np.maximum(self._factor.variance, 0.0)

    def take(self, place: int) -> None:
        self._factor.take(place)


class InformativeOrder:
    """What most lowers the variance of the measured side's materials, summed over them.

    A candidate that is one of them counts for the others only where computed values of what is
    judged are hidden (:attr:`~forescale.growth.orders.Pool.hidden`).

    References
    ----------
    Seo et al., IJCNN 2000, doi 10.1109/IJCNN.2000.861310 (active learning by Cohn's criterion).
    """

    name: ClassVar[str] = "informative"
    needs_targets: ClassVar[bool] = True

    def scores(self, pool: Pool, rng: np.random.Generator) -> Scores:
        """Fall of the targets' variance."""
        del rng
        return _Informative(pool)


class _Informative:
    """Covariances between targets and candidates, and their squares summed over targets."""

    AFRESH = 64
    """Candidates taken before sums are found anew: updates of single precision drift."""

    def __init__(self, pool: Pool) -> None:
        self._factor = _Factor(pool)
        away = pool.target_distances()
        self._itself = _same(away) if pool.hidden else np.empty((2, 0), dtype=np.int64)
        self._cov = kernel(away)
        if len(pool.computed):
            to_targets = pool.metric.between(pool.features[pool.computed], pool.targets)
            rows = self._factor.solve(kernel(to_targets))
            self._cov -= rows.T @ self._factor.rows
        self._taken = 0
        self._squares = self._summed()

    def _summed(self) -> Singles:
        return np.asarray(np.einsum("tx,tx->x", self._cov, self._cov))

    def now(self) -> NDArray[np.floating]:
        squares = self._squares.copy()
        target, candidate = self._itself
        squares[candidate] -= self._cov[target, candidate] ** 2
        return np.asarray(np.maximum(squares, 0.0) / (self._factor.variance + NOISE))

    def take(self, place: int) -> None:
        weight = self._cov[:, place] / np.sqrt(self._factor.variance[place] + NOISE)
        row = self._factor.take(place)
        self._taken += 1
        along = weight @ self._cov
        self._cov -= weight[:, None] * row[None, :]
        if self._taken % self.AFRESH:
            self._squares += row * ((weight @ weight) * row - 2.0 * along)
            np.maximum(self._squares, 0.0, out=self._squares)
        else:
            self._squares = self._summed()


def _same(distances: Singles) -> Ints:
    """Target and candidate of each pair that is one material, shape (2, pairs)."""
    nearest = distances.argmin(axis=0)
    candidate = np.flatnonzero(distances[nearest, np.arange(distances.shape[1])] < _ZERO)
    return np.stack([nearest[candidate], candidate])


class _Factor:
    """Rows of the factor against the candidates, and what is left of their variance."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.variance = np.ones(len(pool.candidates), dtype=np.float32)
        self._lower = np.empty((0, 0))
        self.rows = self._against(pool.computed)
        self.variance -= np.einsum("ix,ix->x", self.rows, self.rows)
        self._taken = np.empty((64, len(pool.candidates)), dtype=np.float32)
        self._count = 0

    def _against(self, computed: Ints) -> Singles:
        if not len(computed):
            return np.empty((0, len(self._pool.candidates)), dtype=np.float32)
        own = self._pool.features[computed]
        within = kernel(self._pool.metric.between(own, own)).astype(float)
        within[np.diag_indices_from(within)] = 1.0 + NOISE
        self._lower = np.linalg.cholesky(within)
        return self.solve(kernel(self._pool.distances(computed)))

    def solve(self, right: Singles) -> Singles:
        """Forward substitution through the factor of what was computed at the start."""
        lower = self._lower.astype(np.float32)
        return np.asarray(solve_triangular(lower, right, lower=True, check_finite=False))

    def take(self, place: int) -> Singles:
        """Append the row of one candidate; returns it."""
        row = kernel(self._pool.distances(self._pool.candidates[place : place + 1]))[0]
        row -= self.rows[:, place] @ self.rows
        taken = self._taken[: self._count]
        row -= taken[:, place] @ taken
        row /= np.sqrt(self.variance[place] + NOISE)
        if self._count == len(self._taken):
            self._taken = np.concatenate([self._taken, np.empty_like(self._taken)])
        self._taken[self._count] = row
        self._count += 1
        self.variance = np.maximum(self.variance - row * row, 0.0)
        return np.asarray(row)


def kernel(distances: Singles) -> Singles:
    """The Laplacian kernel of unit variance."""
    return np.asarray(np.exp(-distances / LENGTH), dtype=np.float32)
