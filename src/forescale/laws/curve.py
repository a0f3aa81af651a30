"""One measured learning curve: sizes, mean errors and what is known of their noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forescale.errors import LawError
from forescale.laws.arrays import Floats
from forescale.laws.noise import (
    given_noise,
    repeat_noise,
    replicate_matrix,
    replicate_noise,
)

DENSE, BINS = 96, 64


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

    def thinned(self) -> LearningCurve:
        """Merge neighbours of a dense curve, so that fits cost the same for any table.

        Points within one of `BINS` equal steps of log n become their geometric mean.
        Scatter between neighbours tells the noise where nothing else does.
        """
        if len(self.n) <= DENSE:
            return self
        noise = self.noise
        if noise is None:
            bend = np.diff(self.log_error, 2)
            scatter = 1.4826 * float(np.median(np.abs(bend))) / np.sqrt(6.0)
            noise = max(scatter, 1e-4) ** 2 * np.eye(len(self.n))
        edges = np.linspace(self.log_n[0], self.log_n[-1], BINS + 1)[1:-1]
        bins = np.unique(np.digitize(self.log_n, edges), return_inverse=True)[1]
        share = (bins == np.arange(bins.max() + 1)[:, None]).astype(float)
        share /= share.sum(axis=1, keepdims=True)
        count = np.rint(share @ self.replicates).astype(np.int64)
        return LearningCurve(
            np.exp(share @ self.log_n),
            np.exp(share @ self.log_error),
            share @ noise @ share.T,
            count,
        )

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
    where, mean, noise, count = read_points({"n": n}, error, replicate, se)
    return LearningCurve(where[:, 0], mean, noise, count)


def read_points(
    sizes: Mapping[str, ArrayLike],
    error: ArrayLike,
    replicate: Sequence[Any] | NDArray[Any] | None = None,
    se: ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats | None, NDArray[np.int64]]:
    """Merge long-format points at the same sizes.

    Returns
    -------
    sizes, mean, noise, count
        Distinct sizes (K, d) in ascending order, mean error (K,), covariance of the log
        means (K, K) or None when nothing is known of it, and values behind each mean (K,).
    """
    names = [*sizes, "error"]
    columns = [_positive(name, values) for name, values in [*sizes.items(), ("error", error)]]
    for name, column in zip(names, columns, strict=True):
        if len(column) != len(columns[-1]):
            raise LawError(
                f"{name} has {len(column)} values, error {len(columns[-1])};"
                f" give one error for each {name}"
            )
    errors = columns[-1]
    if not len(errors):
        raise LawError("no points: a law needs at least one (n, error)")
    where, position = np.unique(np.column_stack(columns[:-1]), axis=0, return_inverse=True)
    position = position.ravel()
    count = np.bincount(position)
    mean = np.bincount(position, errors) / count
    if replicate is not None:
        ids = np.asarray(replicate)
        if ids.shape != errors.shape:
            raise LawError(f"replicate has {ids.size} values, error {errors.size}")
        matrix = replicate_matrix(position, errors, ids, len(where))
        mean = np.nanmean(matrix, axis=0)
        count = np.sum(np.isfinite(matrix), axis=0)
        noise = replicate_noise(matrix, np.log(where))
    elif se is not None:
        noise = given_noise(se, position, mean, count)
    else:
        noise = repeat_noise(position, errors, mean, count)
    return where, mean, noise, count.astype(np.int64)


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
