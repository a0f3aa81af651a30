"""Gaussian-process regression of every prefix of an ordered table, from one factorisation.

The leading n × n block of a Cholesky factor is the factor of the first n rows, and forward
substitution never looks ahead. Whatever is a sum over whitened rows is therefore known for
*every* n once it is known for the last: coefficients of the mean, scale, marginal
likelihood, predictions and their variances. Both stages of transfer use this one class:
the computed table in ``n_source``, the measured one in ``n_target``.

The model of a stage, for rows in order, is

    y ~ N(H·beta, s²·A),   A = (1 - w)·K + w·I,   beta ~ N(b, s²·P⁻¹),   p(s²) ∝ 1/s²,

with kernel matrix K (unit diagonal), noise share w, basis H and prior precision P, where
zero means flat; a linear part of K adds to the diagonal. beta and s² are integrated out or at
their posterior means, so that no scale of y needs to be known. See Rasmussen and Williams,
Gaussian Processes for Machine Learning (2006), section 2.7, for the basis and doi
10.1093/biomet/87.1.1 (Kennedy and O'Hagan 2000) for the two stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack, solve_triangular

from forescale.errors import ForescaleError

Array = NDArray[np.float64]

_FIRST_JITTER = 1e-10
_LAST_JITTER = 1e-4


class SingularKernelError(ForescaleError):
    """The kernel matrix stays singular whatever is added to its diagonal."""


@dataclass(frozen=True)
class Prior:
    """Normal prior of the basis coefficients, in units of the residual scale s.

    Parameters
    ----------
    mean
        Shape (p,).
    precision
        Diagonal of P, shape (p,); zero is flat.
    """

    mean: Array
    precision: Array

    @classmethod
    def flat(cls, size: int) -> Prior:
        """No prior knowledge of ``size`` coefficients."""
        return cls(np.zeros(size), np.zeros(size))


@dataclass(frozen=True)
class PrefixFit:
    """Posterior of the coefficients and the scale for each prefix length.

    Parameters
    ----------
    sizes
        Prefix lengths n, shape (S,).
    coefficients
        Posterior means of beta, shape (S, p).
    covariance
        Posterior covariance of beta divided by s², shape (S, p, p).
    scale2
        s² of each prefix, shape (S,).
    log_likelihood
        Log marginal likelihood with beta integrated out and s² at its estimate, shape (S,).
    """

    sizes: NDArray[np.int64]
    coefficients: Array
    covariance: Array
    scale2: Array
    log_likelihood: Array
    white_y: Array
    white_basis: Array

    def at(self, chosen: NDArray[np.bool_]) -> PrefixFit:
        """The fit at some of its sizes only."""
        return replace(
            self,
            sizes=self.sizes[chosen],
            coefficients=self.coefficients[chosen],
            covariance=self.covariance[chosen],
            scale2=self.scale2[chosen],
            log_likelihood=self.log_likelihood[chosen],
        )


class PrefixGP:
    """The Cholesky factor of a stage's covariance, rows in order.

    Parameters
    ----------
    kernel
        K of the ordered rows, shape (N, N), symmetric with unit diagonal.
    noise
        Share w of the variance that is noise, in (0, 1].
    overwrite
        Let the factor take the kernel's memory.

    Raises
    ------
    SingularKernelError
        If no jitter up to 1e-4 makes the matrix positive definite.
    """

    def __init__(self, kernel: Array, noise: float, *, overwrite: bool = False) -> None:
        self.noise = noise
        self.jitter = 0.0
        diagonal = 1.0 + (1.0 - noise) * (np.diag(kernel) - 1.0)
        # Symmetric, so the transpose is the same matrix in the order LAPACK wants. The factor
        # takes the lower triangle; the upper one keeps the matrix for another attempt.
        matrix = (kernel if overwrite else kernel.copy()).T
        matrix *= 1.0 - noise
        jitter = _FIRST_JITTER
        while True:
            np.fill_diagonal(matrix, diagonal + self.jitter)
            factor, info = lapack.dpotrf(matrix, lower=1, overwrite_a=1, clean=0)
            if info == 0:
                break
            if jitter > _LAST_JITTER:
                raise SingularKernelError(
                    f"the kernel matrix of {len(kernel)} rows is singular even with "
                    f"{self.jitter:g} added to its diagonal; are descriptors finite and distinct?"
                )
            matrix = np.triu(factor, 1)
            matrix += matrix.T
            self.jitter, jitter = jitter, 10 * jitter
        self.factor: Array = factor
        self.half_log_det: Array = np.cumsum(np.log(np.diag(factor)))

    def whiten(self, rows: Array) -> Array:
        """L⁻¹ applied to columns of the first n rows, shape (n, c) → (n, c)."""
        factor = self.factor[: len(rows), : len(rows)]
        return np.asarray(solve_triangular(factor, rows, lower=True, check_finite=False))

    def inverse(self, size: int | None = None) -> Array:
        """L⁻¹ of the first n rows (all), shape (n, n): the corner of that of more rows."""
        return np.tril(lapack.dtrtri(self.factor[:size, :size], lower=1)[0])

    def fit(self, y: Array, basis: Array, prior: Prior, sizes: NDArray[np.int64]) -> PrefixFit:
        """Fit each prefix.

        Parameters
        ----------
        y
            Values in order, shape (N,).
        basis
            H, shape (N, p).
        prior
            Prior of the p coefficients.
        sizes
            Prefix lengths, ascending, each at least 1 more than the number of flat
            coefficients, shape (S,).
        """
        white = self.whiten(np.column_stack([y, basis]))
        return self.fit_white(white[:, 0], white[:, 1:], prior, sizes)

    def fit_white(
        self, white_y: Array, white_basis: Array, prior: Prior, sizes: NDArray[np.int64]
    ) -> PrefixFit:
        """:meth:`fit` for rows that are already whitened."""
        last = np.asarray(sizes) - 1
        gram = np.cumsum(white_basis[:, :, None] * white_basis[:, None, :], axis=0)[last]
        gram = gram + np.diag(prior.precision)
        moment = np.cumsum(white_basis * white_y[:, None], axis=0)[last]
        moment = moment + prior.precision * prior.mean
        covariance = np.asarray(np.linalg.inv(gram), dtype=float)
        coefficients = np.einsum("spq,sq->sp", covariance, moment)
        squares = np.cumsum(white_y**2)[last] + prior.mean @ (prior.precision * prior.mean)
        squares = squares - np.einsum("sp,sp->s", moment, coefficients)
        # Exactly explained data would give zero, or less by rounding.
        squares = np.maximum(squares, np.finfo(float).tiny)
        proper = prior.precision > 0
        freedom = np.asarray(sizes) - np.count_nonzero(~proper)
        scale2 = squares / freedom
        log_likelihood = -0.5 * (
            freedom * (np.log(2 * np.pi * scale2) + 1.0)
            + 2.0 * self.half_log_det[last]
            + np.linalg.slogdet(gram)[1]
            - np.log(prior.precision[proper]).sum()
        )
        return PrefixFit(
            np.asarray(sizes),
            coefficients,
            covariance,
            scale2,
            log_likelihood,
            white_y,
            white_basis,
        )

    def weights(self, *fits: PrefixFit) -> list[Array]:
        """A⁻¹(y − H·beta) of each prefix, zero beyond it, shapes (largest size, S) of the fit.

        One substitution for each size that some of the fits have.
        """
        found = [np.zeros((fit.sizes[-1], len(fit.sizes))) for fit in fits]
        for size in np.unique(np.concatenate([fit.sizes for fit in fits])):
            at = [(k, s) for k, fit in enumerate(fits) for s in np.flatnonzero(fit.sizes == size)]
            residuals = np.empty((size, len(at)), order="F")
            for column, (k, s) in enumerate(at):
                white = fits[k].white_basis[:size] @ fits[k].coefficients[s]
                residuals[:, column] = fits[k].white_y[:size] - white
            solved = solve_triangular(
                self.factor[:size, :size], residuals, lower=True, trans=1, check_finite=False,
                overwrite_b=True,
            )  # fmt: skip
            for column, (k, s) in enumerate(at):
                found[k][:size, s] = solved[:, column]
        return found

    def mean(self, fit: PrefixFit, cross: Array, basis: Array) -> Array:
        """Predictive means of each prefix.

        Parameters
        ----------
        cross
            Kernel between new and ordered rows, shape (T, N) or (T, largest size).
        basis
            H of the new rows, shape (T, p).

        Returns
        -------
        array
            Shape (S, T).
        """
        return self.means([fit], cross, [basis])[0]

    def means(self, fits: list[PrefixFit], cross: Array, bases: Sequence[Array]) -> list[Array]:
        """:meth:`mean` of several models."""
        found = []
        for fit, basis, weights in zip(fits, bases, self.weights(*fits), strict=True):
            correction = (1.0 - self.noise) * (cross[:, : len(weights)] @ weights)
            found.append(np.asarray(fit.coefficients @ basis.T + correction.T))
        return found

    def left_out(self, fit: PrefixFit, y: Array, rows: NDArray[np.int64]) -> Array:
        """Predictive means of some of the rows, each without its own value.

        With the flat prior of a constant mean alone (Dubrule 1983, doi 10.1007/BF01033030):
        y - (Q·y)/diag(Q), Q = A⁻¹ - A⁻¹·1·1ᵀ·A⁻¹/(1ᵀ·A⁻¹·1). Entries of A⁻¹ of a prefix are
        sums over its rows of L⁻¹, so that this too is known for every prefix at once.

        Parameters
        ----------
        rows
            Places in the order, shape (R,).

        Returns
        -------
        array
            Shape (S, R); NaN where a row is not in the prefix.
        """
        last = np.asarray(fit.sizes) - 1
        units = np.zeros((len(self.factor), len(rows)))
        units[rows, np.arange(len(rows))] = 1.0
        white = self.whiten(units)[: last[-1] + 1]
        one = fit.white_basis[: last[-1] + 1, 0]
        of_y = _prefix_sums(white * fit.white_y[: last[-1] + 1, None], last)
        of_one = _prefix_sums(white * one[:, None], last)
        diagonal = _prefix_sums(white**2, last)
        total = np.cumsum(one**2)[last][:, None]
        residual = of_y - fit.coefficients[:, :1] * of_one
        precision = diagonal - of_one**2 / total
        with np.errstate(divide="ignore", invalid="ignore"):
            means = y[rows] - residual / precision
        return np.asarray(np.where(rows[None, :] <= last[:, None], means, np.nan))

    def groups_left_out(
        self,
        fit: PrefixFit,
        cross: Array,
        own: NDArray[np.int64],
        groups: NDArray[np.int64],
    ) -> Array:
        """Predictive means of new rows, each without the values of one group of rows.

        With the flat prior of a constant mean alone. What the rest says of a group R is
        y_R - e, e = (Q_RR)⁻¹·(Q·y)_R with Q as in :meth:`left_out`, and putting that in the
        place of y_R changes no prediction of the rest: a new row's is its own less c·e, c its
        weights of y_R.

        Parameters
        ----------
        cross
            Kernel between new and ordered rows, shape (T, N) or (T, largest size).
        own
            Which group each leaves out, shape (T,).
        groups
            Group of each ordered row, shape (N,).

        Returns
        -------
        array
            Shape (S, T); NaN where a prefix has no row of the group, or no other.
        """
        last = int(fit.sizes[-1])
        found = np.full((len(fit.sizes), len(own)), np.nan)
        mean = self.mean(fit, cross, np.ones((len(own), 1)))
        seen = self.whiten((1.0 - self.noise) * cross[:, :last].T)
        for group in np.unique(own):
            rows = np.flatnonzero(groups[:last] == group)
            units = np.zeros((last, len(rows)))
            units[rows, np.arange(len(rows))] = 1.0
            units, new = self.whiten(units), own == group
            for place, size in enumerate(fit.sizes.tolist()):
                number = int(np.searchsorted(rows, size))
                if not 0 < number < size:
                    continue
                one, unit = fit.white_basis[:size, 0], units[:size, :number]
                share = one @ unit / (one @ one)
                unit = unit - np.outer(one, share)
                error = np.linalg.solve(unit.T @ unit, unit.T @ fit.white_y[:size])
                weights = unit.T @ seen[:size, new] + share[:, None]
                found[place, new] = mean[place, new] - weights.T @ error
        return found

    def variance(
        self, fit: PrefixFit, cross: Array, basis: Array, prior: Array | float = 1.0
    ) -> Array:
        """Predictive variances of the noise-free value, in units of y², shape (S, T).

        Add ``scale2 * noise`` for the variance of a new observation.

        Parameters
        ----------
        prior
            Kernel of each new row with itself, shape (T,).
        """
        white = self.whiten((1.0 - self.noise) * cross.T)
        last = np.asarray(fit.sizes) - 1
        explained = _prefix_sums(white**2, last)
        gap = np.empty((len(last), *basis.shape))
        for column in range(basis.shape[1]):
            projected = _prefix_sums(white * fit.white_basis[:, column, None], last)
            gap[:, :, column] = basis[:, column] - projected
        uncertain_mean = np.einsum("stp,spq,stq->st", gap, fit.covariance, gap)
        spread = np.maximum((1.0 - self.noise) * prior - explained, 0.0) + uncertain_mean
        return np.asarray(fit.scale2[:, None] * spread)


def _prefix_sums(rows: Array, last: NDArray[np.int64]) -> Array:
    """Sums of rows 0..last for each entry of ``last`` (ascending), shape (S, T)."""
    starts = np.concatenate([[0], last[:-1] + 1])
    blocks = np.add.reduceat(rows[: last[-1] + 1], starts, axis=0)
    return np.asarray(np.cumsum(blocks, axis=0))


def evidence(
    gp: PrefixGP, white_y: Array, white_basis: Array, prior: Prior, sizes: NDArray[np.int64]
) -> Array:
    """Log marginal likelihoods of many models of one covariance; see :meth:`PrefixGP.fit`.

    Parameters
    ----------
    white_y
        Whitened values, shape (N,).
    white_basis
        Whitened basis of each model, shape (models, N, p).
    prior
        Its mean has a row for each model, shape (models, p); precisions are theirs all.

    Returns
    -------
    array
        Shape (models, S).
    """
    last = np.asarray(sizes) - 1
    rows = np.moveaxis(white_basis, 1, 0)  # (N, models, p)
    gram = _prefix_sums(rows[..., :, None] * rows[..., None, :], last) + np.diag(prior.precision)
    pull = prior.precision * prior.mean
    moment = _prefix_sums(rows * white_y[:, None, None], last) + pull
    beta = np.linalg.solve(gram, moment[..., None])[..., 0]
    squares = np.cumsum(white_y**2)[last][:, None] + (prior.mean * pull).sum(axis=-1)
    squares = np.maximum(squares - (moment * beta).sum(axis=-1), np.finfo(float).tiny)
    proper = prior.precision > 0
    freedom = (np.asarray(sizes) - np.count_nonzero(~proper))[:, None]
    found = -0.5 * (
        freedom * (np.log(2 * np.pi * squares / freedom) + 1.0)
        + 2.0 * gp.half_log_det[last][:, None]
        + np.linalg.slogdet(gram)[1]
        - np.log(prior.precision[proper]).sum()
    )
    return np.asarray(found.T)
