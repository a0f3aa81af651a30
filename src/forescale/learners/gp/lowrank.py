"""Gaussian-process regression on landmarks, for as many rows as there are.

With r landmarks, K_mm = L·Lᵀ among them and k(x) the kernel between a row and them, a row's
features are z(x) = L⁻¹k(x), and z(x)·z(x') stands for the kernel (Nyström; Williams and
Seeger 2001; as a Gaussian process the "projected process" of Rasmussen and Williams 2006,
section 8.3.3). The model of rows in order is that of :mod:`forescale.learners.gp.prefix` with
Z·Zᵀ in place of K:

    y ~ N(mu, s²·A),   A = (1 - w)·Z·Zᵀ + w·I.

Everything it needs of n rows are sums over rows: KᵀK (r × r), Kᵀ[y, 1], and the products of
y and 1. So rows stream through in chunks, each size costs one solve when it is reached, and
every share of noise w and every smaller rank are served by the same sums: the features of
the first r' landmarks are the first r' of the r.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack, solve_triangular

from forescale.learners.gp.prefix import SingularKernelError

Array = NDArray[np.float64]

_FIRST_JITTER = 1e-6  # kernels of rows come in single precision
_LAST_JITTER = 1e-2


@dataclass(frozen=True)
class LowRankFit:
    """A posterior mean in terms of the landmarks' features.

    Parameters
    ----------
    noise
        Share w of noise.
    mean
        Generalised least-squares mean mu.
    weights
        Of the features z, shape (rank,).
    log_likelihood
        Log marginal likelihood with mu integrated out and s² at its estimate.
    factor
        Lower Cholesky factor F of (1 - w)·ZᵀZ + w·I.
    ones, total
        F⁻¹·Zᵀ·1, shape (rank,), and 1ᵀ·A⁻¹·1: what the mean is known by.
    """

    noise: float
    mean: float
    weights: Array
    log_likelihood: float
    factor: Array
    ones: Array
    total: float

    def predict(self, features: Array) -> Array:
        """Means for rows with these features, shape (T, at least rank) → (T,)."""
        return np.asarray(self.mean + features[:, : len(self.weights)] @ self.weights)

    def left_out(self, features: Array, y: Array) -> Array:
        """Means of learnt rows, each without its own value y (the constant mean is kept)."""
        z = features[:, : len(self.weights)]
        white = solve_triangular(self.factor, z.T, lower=True, check_finite=False)
        share = np.minimum((1.0 - self.noise) * np.sum(white**2, axis=0), 1.0 - 1e-6)
        return np.asarray((self.predict(features) - share * y) / (1.0 - share))

    def rows_left_out(self, new: Array, features: Array, y: Array) -> Array:
        """Means of new rows without some learnt ones and their values.

        As :meth:`~forescale.learners.gp.prefix.PrefixGP.groups_left_out`, with A⁻¹ by the
        identity of Woodbury.
        """
        rank = len(self.weights)
        white, seen = (
            solve_triangular(self.factor, z[:, :rank].T, lower=True, check_finite=False)
            for z in (features, new)
        )
        signal = 1.0 - self.noise
        one = (1.0 - signal * self.ones @ white) / self.noise
        precision = (np.eye(len(y)) - signal * (white.T @ white)) / self.noise
        precision -= np.outer(one, one) / self.total
        error = np.linalg.solve(precision, (y - self.predict(features)) / self.noise)
        share = np.outer(1.0 - signal * self.ones @ seen, one) / self.total
        return np.asarray(self.predict(new) - (signal * (seen.T @ white) + share) @ error)


class Landmarks:
    """Factor of the kernel among the landmarks.

    Parameters
    ----------
    kernel
        Shape (r, r), unit diagonal, landmarks in order of importance.
    """

    def __init__(self, kernel: Array) -> None:
        self.jitter = _FIRST_JITTER
        while True:
            matrix = kernel + self.jitter * np.eye(len(kernel))
            factor, info = lapack.dpotrf(matrix, lower=1, overwrite_a=1, clean=1)
            if info == 0:
                break
            if self.jitter >= _LAST_JITTER:
                raise SingularKernelError(
                    f"the kernel matrix of {len(kernel)} landmarks is singular even with "
                    f"{self.jitter:g} added to its diagonal; are descriptors finite and distinct?"
                )
            self.jitter *= 10
        self.factor: Array = factor

    def features(self, cross: Array) -> Array:
        """Features z of rows with kernel ``cross`` to the landmarks, shape (T, r) → (T, r)."""
        return np.asarray(solve_triangular(self.factor, cross.T, lower=True, check_finite=False).T)


class Sums:
    """What regression on the landmarks needs of the rows seen so far."""

    def __init__(self, rank: int) -> None:
        self.rows = 0
        self._gram: Array = np.zeros((rank, rank), order="F")
        self._moments: Array = np.zeros((rank, 2))
        self._products: Array = np.zeros((2, 2))

    def add(self, cross: Array, y: Array) -> None:
        """Add rows: their kernel to the landmarks, shape (c, r), and values, shape (c,)."""
        both = np.column_stack([y, np.ones(len(y))])
        self.rows += len(y)
        self._gram = blas.dsyrk(1.0, cross.T, beta=1.0, c=self._gram, lower=1, overwrite_c=1)
        self._moments += cross.T @ both
        self._products += both.T @ both

    def fit(self, landmarks: Landmarks, noises: tuple[float, ...], rank: int) -> LowRankFit:
        """The fit of the rows so far on the first landmarks, at the likeliest share of noise."""
        white, factor = self.whitened(landmarks, rank), landmarks.factor[:rank, :rank]
        moments = solve_triangular(factor, self._moments[:rank], lower=True, check_finite=False)
        fits = (self._at(white, moments, noise) for noise in noises)
        return max(fits, key=lambda fit: fit.log_likelihood)

    def whitened(self, landmarks: Landmarks, rank: int) -> Array:
        """ZᵀZ of the first landmarks, shape (rank, rank)."""
        factor = landmarks.factor[:rank, :rank]
        gram = np.tril(self._gram[:rank, :rank])
        gram += np.tril(gram, -1).T
        white = solve_triangular(factor, gram, lower=True, check_finite=False, overwrite_b=True)
        return np.asarray(solve_triangular(factor, white.T, lower=True, check_finite=False))

    def _at(self, white: Array, moments: Array, noise: float) -> LowRankFit:
        signal = 1.0 - noise
        matrix = signal * white
        matrix.flat[:: len(matrix) + 1] += noise
        factor, info = lapack.dpotrf(matrix.T, lower=1, overwrite_a=1, clean=0)
        assert info == 0, "a Gram matrix plus noise is positive definite"
        half = solve_triangular(factor, moments, lower=True, check_finite=False)
        # [y, 1]ᵀ A⁻¹ [y, 1], by the identity of Woodbury.
        quadratic = (self._products - signal * half.T @ half) / noise
        mean = quadratic[0, 1] / quadratic[1, 1]
        freedom = self.rows - 1
        scale2 = (quadratic[0, 0] - mean * quadratic[0, 1]) / freedom
        scale2 = max(scale2, np.finfo(float).tiny)  # exactly explained, or less by rounding
        log_det = (self.rows - len(white)) * np.log(noise) + 2 * np.log(np.diag(factor)).sum()
        log_likelihood = -0.5 * (
            freedom * (np.log(2 * np.pi * scale2) + 1) + log_det + np.log(quadratic[1, 1])
        )
        weights = signal * solve_triangular(
            factor, half[:, 0] - mean * half[:, 1], lower=True, trans=1, check_finite=False
        )
        return LowRankFit(
            noise, float(mean), weights, float(log_likelihood), np.tril(factor),
            half[:, 1], float(quadratic[1, 1]),
        )  # fmt: skip
