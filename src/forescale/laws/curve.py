"""One measured learning curve: sizes, mean errors and what is known of their noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forescale.errors import LawError
from forescale.laws.arrays import Floats
from forescale.laws.noise import (
    given_noise,
    repeat_noise,
    replicate_matrix,
    replicate_scatter,
    second_differences,
)

DENSE, BINS = 96, 64  # sizes that a fit takes as they are; neighbours merged beyond
MANY = 512  # distinct sizes beyond which neighbours are merged as they are read
WIDEST = 60.0  # decades of n, and of the error, beyond which no law is meant
HUGE, TINY = 1e260, 1e-260  # sizes, errors: what products of them can still be told apart

NoiseOf = Literal["replicates", "blocks", "block", "given", "repeats", "neighbours", "nothing"]


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
        Covariance of the *log* of those means, shape (K, K), without what whole replicates
        have in common; None when the points say nothing about their noise (one value a
        size, no standard error).
    replicates
        How many values stand behind each mean, shape (K,).
    noise_of
        What told the noise: ``replicates``, whole ``blocks`` of them, ``given`` standard
        errors, ``repeats`` of a size, ``neighbours`` along a dense curve, or ``nothing``
        (``block``: a single block of replicates).
    common
        Standard error, relative, of what all means have in common: the test materials of
        these replicates, which other materials of the same kind would replace.
    freedom
        Degrees of freedom behind ``common``.
    """

    n: Floats
    error: Floats
    noise: Floats | None
    replicates: NDArray[np.int64]
    noise_of: NoiseOf = "nothing"
    common: float = 0.0
    freedom: float = 1e9

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
        return replace(
            self,
            n=self.n[:count],
            error=self.error[:count],
            noise=noise,
            replicates=self.replicates[:count],
        )

    def thinned(self) -> LearningCurve:
        """Merge neighbours of a dense curve, so that fits cost the same for any table.

        Points within one of `BINS` equal steps of log n become their geometric mean.
        Scatter between neighbours tells the noise where nothing else does.
        """
        if len(self.n) <= DENSE:
            return self
        noise, noise_of = self.noise, self.noise_of
        if noise is None:
            noise = max(second_differences(self.log_error), 1e-4) ** 2 * np.eye(len(self.n))
            noise_of = "neighbours"
        bins = _bins(self.log_n, BINS)
        share = (bins == np.arange(bins.max() + 1)[:, None]).astype(float)
        share /= share.sum(axis=1, keepdims=True)
        count = np.rint(share @ self.replicates).astype(np.int64)
        return replace(
            self,
            n=np.exp(share @ self.log_n),
            error=np.exp(share @ self.log_error),
            noise=share @ noise @ share.T,
            replicates=count,
            noise_of=noise_of,
        )

    def noise_sd(self) -> Floats | None:
        """Return the standard error of the log means, shape (K,), or None."""
        return None if self.noise is None else np.sqrt(np.diag(self.noise))

    def tested_on(self, fraction: float) -> LearningCurve:
        """Return the curve, told which share of the measured materials each replicate tests.

        However many the replicates, their test materials are those of one table: ``common``
        does not fall below what the whole table leaves open.
        """
        values = float(np.median(self.replicates))
        return replace(self, common=self.common * float(np.sqrt(max(1.0, fraction * values))))


@dataclass(frozen=True)
class Points:
    """Means at distinct sizes, and their noise; see `LearningCurve`. Sizes have shape (K, d)."""

    sizes: Floats
    mean: Floats
    noise: Floats | None
    count: NDArray[np.int64]
    noise_of: NoiseOf
    common: float = 0.0
    freedom: float = 1e9


def read_curve(
    n: ArrayLike,
    error: ArrayLike,
    replicate: Sequence[Any] | NDArray[Any] | None = None,
    se: ArrayLike | None = None,
    *,
    block: int | None = None,
) -> LearningCurve:
    """Turn long-format points into one learning curve.

    Parameters
    ----------
    n, error
        Size and error of each point, equal lengths, any order, repeats allowed. Of more than
        512 distinct sizes, neighbours in log n are merged.
    replicate
        Identifier of the replicate each point belongs to.
    se
        Standard error of each point, in the unit of ``error``.
    block
        How many replicates, numbered from 0, have test sets that divide the measured
        materials: what a test set happens to hold cancels in the mean of a block, so that
        whole blocks tell the noise. None where test sets are drawn anew.

    Raises
    ------
    LawError
        If lengths differ, there are no points, or a value is not finite and positive.

    Examples
    --------
    >>> read_curve([100, 10, 10], [0.2, 0.5, 0.7]).error.tolist()
    [0.6, 0.2]
    """
    read = read_points({"n": n}, error, replicate, se, block=block)
    return LearningCurve(
        read.sizes[:, 0],
        read.mean,
        read.noise,
        read.count,
        read.noise_of,
        read.common,
        read.freedom,
    )


def read_points(
    sizes: Mapping[str, ArrayLike],
    error: ArrayLike,
    replicate: Sequence[Any] | NDArray[Any] | None = None,
    se: ArrayLike | None = None,
    *,
    block: int | None = None,
) -> Points:
    """Merge long-format points at the same sizes; parameters are those of `read_curve`.

    Raises
    ------
    LawError
        If lengths differ, there are no points, or a value is not finite and positive.
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
    for name, column in zip(names, columns, strict=True):
        _refuse_absurd(name, column)
    where, position = _distinct(np.column_stack(columns[:-1]))
    count = np.bincount(position)
    mean = np.bincount(position, errors) / count
    if replicate is not None:
        ids = np.asarray(replicate)
        if ids.shape != errors.shape:
            raise LawError(f"replicate has {ids.size} values, error {errors.size}")
        read = _of_replicates(where, replicate_matrix(position, errors, ids, len(where)))
        return read if block is None else _of_blocks(read, position, errors, ids // block, block)
    noise_of: NoiseOf
    if se is not None:
        noise, noise_of = given_noise(se, position, mean, count), "given"
    elif len(where) < len(np.unique(columns[0])):  # merged: repeats are neighbours
        order = np.argsort(columns[0], kind="stable")
        scatter = max(second_differences(np.log(errors[order])), 1e-4)
        noise, noise_of = np.diag(scatter**2 / count), "neighbours"
    else:
        noise, noise_of = repeat_noise(position, errors, mean, count), "repeats"
    if noise is None:
        noise_of = "nothing"
    return Points(where, mean, noise, count.astype(np.int64), noise_of)


def _of_replicates(where: Floats, matrix: Floats) -> Points:
    mean = np.nanmean(matrix, axis=0)
    count = np.sum(np.isfinite(matrix), axis=0).astype(np.int64)
    scatter = replicate_scatter(matrix, np.log(where))
    if scatter is None:
        return Points(where, mean, None, count, "nothing")
    many = float(np.median(count[count > 1]))
    return Points(
        where, mean, scatter.rest, count, "replicates", scatter.common / many**0.5, many - 1
    )


def _of_blocks(
    read: Points, position: NDArray[np.intp], errors: Floats, block: NDArray[Any], whole: int
) -> Points:
    """Points whose noise is that of the means of blocks, where all blocks are whole.

    A single block says nothing of the noise of its mean.
    """
    names, row = np.unique(block, return_inverse=True)
    cells = np.bincount(row * len(read.mean) + position, minlength=len(names) * len(read.mean))
    if np.any(cells != whole):
        return read
    if len(names) == 1:
        return replace(read, noise=None, noise_of="block")
    scatter = replicate_scatter(
        replicate_matrix(position, errors, block, len(read.mean)), np.log(read.sizes)
    )
    if scatter is None:
        return read
    return replace(read, noise=scatter.rest, noise_of="blocks")


def _distinct(sizes: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Distinct sizes in ascending order, and the one each point belongs to.

    Along one axis more than `MANY` become bins of log n, named by the mean log n of their
    points: a matrix of their noise would not fit into memory, and tells no more.
    """
    where, position = np.unique(sizes, axis=0, return_inverse=True)
    position = position.ravel()
    if len(where) <= MANY or sizes.shape[1] > 1:
        return where, position
    position = _bins(np.log(where[:, 0]), MANY // 2)[position]
    middle = np.bincount(position, np.log(sizes[:, 0])) / np.bincount(position)
    return np.exp(middle)[:, None], position


def _bins(log_n: Floats, count: int) -> NDArray[np.intp]:
    """Number of the equal step of log n each value lies in; empty steps are left out."""
    edges = np.linspace(log_n.min(), log_n.max(), count + 1)[1:-1]
    return np.unique(np.digitize(log_n, edges), return_inverse=True)[1].ravel()


def _refuse_absurd(name: str, values: Floats) -> None:
    low, high = float(values.min()), float(values.max())
    if high > HUGE or low < TINY:
        far = high if high > HUGE else low
        raise LawError(
            f"{name} must lie between {TINY:g} and {HUGE:g}, got {far:g};"
            f" check the column, or give it in another unit"
        )
    if np.log10(high) - np.log10(low) > WIDEST:
        raise LawError(
            f"{name} spans {np.log10(high) - np.log10(low):.0f} decades, from {low:g} to"
            f" {high:g}, expected at most {WIDEST:g}; leave out the points that are not meant"
        )


def _positive(name: str, values: ArrayLike) -> Floats:
    try:
        array = np.asarray(values, dtype=float)
    except OverflowError:
        raise LawError(f"{name} holds an integer too large for a number") from None
    except (TypeError, ValueError) as reason:
        raise LawError(f"{name} must be numbers: {_short(reason)}") from None
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


def _short(reason: Exception) -> str:
    words = str(reason)
    return words if len(words) <= 120 else words[:117] + "…"
