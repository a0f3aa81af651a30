"""One measured learning curve: sizes, mean errors and what is known of their noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forescale.errors import LawError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LearningCurve:
    """Mean error at each size, sorted by size.

    Attributes
    ----------
    n
        Distinct sizes, ascending, shape (K,).
    error
        Mean error at each size, shape (K,), in the metric's unit.
    noise
        Covariance of the *log* of those means, shape (K, K); None when the points
        say nothing about their noise (one value a size, no standard error).
    replicates
        How many values stand behind each mean, shape (K,).
    """

    n: Floats
    error: Floats
    noise: Floats | None
    replicates: NDArray[np.int64]

    @property
    def log_n(self) -> Floats:
        """Natural logarithm of the sizes, shape (K,)."""
        return np.log(self.n)

    @property
    def log_error(self) -> Floats:
        """Natural logarithm of the mean errors, shape (K,)."""
        return np.log(self.error)

    def head(self, count: int) -> LearningCurve:
        """Return the curve of the ``count`` smallest sizes."""
        noise = None if self.noise is None else self.noise[:count, :count]
        return LearningCurve(self.n[:count], self.error[:count], noise, self.replicates[:count])

    def noise_sd(self) -> Floats | None:
        """Return the standard error of the log means, shape (K,), or None."""
        return None if self.noise is None else np.sqrt(np.diag(self.noise))


def read_curve(
    n: ArrayLike,
    error: ArrayLike,
    replicate: Sequence[Any] | NDArray[Any] | None = None,
    se: ArrayLike | None = None,
) -> LearningCurve:
    """Turn long-format points into one learning curve.

    Parameters
    ----------
    n, error
        Size and error of each point, equal lengths, any order, repeats allowed.
    replicate
        Identifier of the replicate each point belongs to.
    se
        Standard error of each point, in the unit of ``error``.

    Raises
    ------
    LawError
        If lengths differ, there are no points, or a value is not finite and positive.

    Examples
    --------
    >>> read_curve([100, 10, 10], [0.2, 0.5, 0.7]).error.tolist()
    [0.6, 0.2]
    """
    sizes, errors = _positive("n", n), _positive("error", error)
    if len(sizes) != len(errors):
        raise LawError(f"n has {len(sizes)} values, error {len(errors)}; give one error for each n")
    if not len(sizes):
        raise LawError("no points: a law needs at least one (n, error)")
    unique, position = np.unique(sizes, return_inverse=True)
    count = np.bincount(position)
    mean = np.bincount(position, errors) / count
    if replicate is not None:
        ids = np.asarray(replicate)
        if ids.shape != sizes.shape:
            raise LawError(f"replicate has {ids.size} values, n {len(sizes)}; give one for each n")
        matrix = _replicate_matrix(position, errors, ids, len(unique))
        mean = np.nanmean(matrix, axis=0)
        count = np.sum(np.isfinite(matrix), axis=0)
        noise = _replicate_noise(matrix, np.log(unique))
    elif se is not None:
        noise = _given_noise(se, position, mean, count)
    else:
        noise = _repeat_noise(position, errors, mean, count)
    return LearningCurve(unique, mean, noise, count.astype(np.int64))


def _positive(name: str, values: ArrayLike) -> Floats:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as reason:
        raise LawError(f"{name} must be numbers: {reason}") from None
    if array.ndim != 1:
        raise LawError(f"{name} must be one-dimensional, got shape {array.shape}")
    bad = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
    if len(bad):
        shown = ", ".join(f"{array[i]:g} at position {i}" for i in bad[:3])
        raise LawError(
            f"{name} must be finite and above zero, got {shown}"
            + (f" and {len(bad) - 3} more" if len(bad) > 3 else "")
            + "; correct or leave out those points"
        )
    return array


def _replicate_matrix(
    position: NDArray[np.intp], errors: Floats, ids: NDArray[Any], sizes: int
) -> Floats:
    """Replicates × sizes; a repeated (replicate, n) is averaged, an absent one is NaN."""
    names, row = np.unique(ids.astype(str), return_inverse=True)
    cell = row * sizes + position
    total = np.bincount(cell, errors, minlength=len(names) * sizes)
    count = np.bincount(cell, minlength=len(names) * sizes)
    matrix = np.full(total.shape, np.nan)
    np.divide(total, count, out=matrix, where=count > 0)
    return matrix.reshape(len(names), sizes)


def _given_noise(
    se: ArrayLike, position: NDArray[np.intp], mean: Floats, count: NDArray[np.intp]
) -> Floats | None:
    values = np.asarray(se, dtype=float)
    if values.shape != position.shape:
        raise LawError(f"se has {values.size} values, n {position.size}; give one for each n")
    if np.any(values < 0) or np.any(np.isinf(values)):
        raise LawError("se must be finite and not negative (empty where it is not known)")
    known = np.isfinite(values)
    if not np.any(known & (values > 0)):
        return None
    relative = values / mean[position]
    filled = np.where(known, relative, np.median(relative[known]))
    return np.diag(np.bincount(position, filled**2) / count**2)


def _repeat_noise(
    position: NDArray[np.intp], errors: Floats, mean: Floats, count: NDArray[np.intp]
) -> Floats | None:
    """Noise from values repeated at one size, when enough of them are."""
    spare = int(np.sum(count - 1))
    if spare < 3:
        return None
    relative = errors / mean[position] - 1.0
    return np.diag(np.sum(relative**2) / spare / count)


def _replicate_noise(matrix: Floats, log_n: Floats) -> Floats | None:
    """Covariance of the log means from the scatter between replicates.

    A variance from few replicates is itself noisy, so the standard deviations are shrunk
    towards a straight line in log n; the correlation between sizes (one replicate's
    nested curve, one test split) is taken as a constant part plus an exponential one.
    """
    present = np.isfinite(matrix)
    count = present.sum(axis=0)
    if np.sum(count >= 2) == 0:
        return None
    mean = np.nanmean(matrix, axis=0)
    deviation = np.where(present, matrix / mean - 1.0, 0.0)
    variance = np.sum(deviation**2, axis=0) / np.maximum(count - 1, 1)
    sd = np.sqrt(_shrunk_variance(variance, count, log_n))
    correlation = _correlation(deviation / sd, present, log_n)
    noise: Floats = correlation * np.outer(sd, sd) / np.sqrt(np.outer(count, count))
    return noise


def _shrunk_variance(variance: Floats, count: NDArray[np.intp], log_n: Floats) -> Floats:
    usable = (count >= 2) & (variance > 0)
    if not np.any(usable):
        return np.full(len(count), 1e-12)
    log_variance = np.log(variance[usable])
    if np.ptp(log_n[usable]) > 0:
        slope, level = np.polyfit(log_n[usable], log_variance, 1, w=np.sqrt(count[usable] - 1))
        trend = level + slope * log_n
    else:
        trend = np.full(len(count), np.mean(log_variance))
    weight = np.where(usable, count - 1, 0) / (count + 4.0)
    own = np.log(np.where(usable, variance, 1.0))
    shrunk: Floats = np.exp(weight * own + (1 - weight) * trend)
    return shrunk


def _correlation(scaled: Floats, present: NDArray[np.bool_], log_n: Floats) -> Floats:
    """Least-squares fit of ``common + (1 - common)·exp(-lag/range)`` to the sample one."""
    pairs = present.astype(float).T @ present.astype(float)
    sample = np.divide(scaled.T @ scaled, np.maximum(pairs - 1, 1))
    lag = np.abs(log_n[:, None] - log_n[None, :])
    off = (lag > 0) & (pairs >= 3)
    if not np.any(off):
        return np.eye(len(log_n))
    best, chosen = np.inf, np.eye(len(log_n))
    for common in np.linspace(0.0, 0.9, 7):
        for length in (1e-3, 0.2, 0.5, 1.0, 2.0, 4.0):
            model = common + (1 - common) * np.exp(-lag / length)
            loss = float(np.sum(pairs[off] * (sample[off] - model[off]) ** 2))
            if loss < best:
                best, chosen = loss, model
    return 0.98 * chosen + 0.02 * np.eye(len(log_n))
