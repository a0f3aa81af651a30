"""How precise the points of a learning curve are, from what was given with them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dtrtrs
from scipy.special import digamma

from forescale.errors import LawError
from forescale.laws.arrays import Floats

OWN = (0.03, 0.1, 0.25, 0.5, 0.8)  # share of a point's variance that is its own
LENGTHS = (0.3, 1.0, 3.0)  # units of ln n over which the other share fades
ABSURD = 1e3  # times the error: no standard error
SHRINKAGE = 0.5  # of correlations towards none
TILT, STEEPEST = 0.2, 3.0  # of the common part along log n, a unit of it; in all
ROUNDS, STEPS, STRIDE = 16, 4, 2.0  # of telling apart; of a trend, and the most of one, in logs


def replicate_matrix(
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


def given_noise(
    se: ArrayLike, position: NDArray[np.intp], mean: Floats, count: NDArray[np.intp]
) -> Floats | None:
    """Standard error of each mean from those of its points, or None where one is unknown."""
    try:
        values = np.asarray(se, dtype=float)
    except (TypeError, ValueError, OverflowError) as reason:
        raise LawError(f"se must be numbers: {str(reason)[:120]}") from None
    if values.shape != position.shape:
        raise LawError(f"se has {values.size} values, n {position.size}; give one for each n")
    if np.any(values < 0) or np.any(np.isinf(values)):
        raise LawError("se must be finite and not negative (empty where it is not known)")
    known = np.isfinite(values)
    if not np.any(known & (values > 0)):
        return None
    with np.errstate(over="ignore"):
        relative = values / mean[position]
    if np.max(relative[known]) > ABSURD:
        k = int(np.argmax(np.where(known, relative, 0.0)))
        raise LawError(
            f"se must be in the unit of the error, got {values[k]:g} beside an error of"
            f" {mean[position][k]:g} at position {k}"
        )
    told = known & (values > 0)  # a standard error of 0 is that of a single value
    filled = np.where(told, relative, np.median(relative[told]))
    return np.diag(np.bincount(position, filled**2) / count**2)


def repeat_noise(
    position: NDArray[np.intp], errors: Floats, mean: Floats, count: NDArray[np.intp]
) -> Floats | None:
    """Noise from values repeated at one size, when enough of them are."""
    spare = int(np.sum(count - 1))
    if spare < 3:
        return None
    relative = errors / mean[position] - 1.0
    return np.diag(np.sum(relative**2) / spare / count)


def second_differences(log_error: Floats) -> float:
    """Scatter of single values around their neighbours, sorted by size; 0 for fewer than 3."""
    if len(log_error) < 3:
        return 0.0
    return float(1.4826 * np.median(np.abs(np.diff(log_error, 2))) / np.sqrt(6.0))


@dataclass(frozen=True)
class Scatter:
    """Scatter between replicates, as two parts of the log means' errors.

    Attributes
    ----------
    rest
        Covariance of what differs from size to size within a replicate, shape (K, K).
    common
        Standard deviation of what one replicate has in common at all its sizes, mainly its
        test materials, at the largest sizes.
    """

    rest: Floats
    common: float


def replicate_scatter(matrix: Floats, where: Floats) -> Scatter | None:
    """Split the scatter between replicates × sizes into a common part and the rest.

    With log E_r(n) = f(n) + b_r·loading(n) + e_r(n) the mean over replicates is a curve of this
    study's own, f + mean b·loading, and e alone its noise. A fit whose covariance holds b as
    well runs outside its points wherever b scatters more at one size than at another (Peelle's
    puzzle).

    A variance from few replicates is itself noisy, so the standard deviations are shrunk
    towards a plane in the log sizes ``where``, shape (K, d), and the correlation towards none.
    """
    present = np.isfinite(matrix)
    count = present.sum(axis=0)
    if np.sum(count >= 2) == 0:
        return None
    mean = np.nanmean(matrix, axis=0)
    deviation = np.where(present, matrix / mean - 1.0, 0.0)
    total = _shrunk_variance(_variance(deviation, count), count, where)
    rest, loading = _told_apart(deviation, present, where)
    late = where.sum(axis=1) >= np.quantile(where.sum(axis=1), 2 / 3)
    common = max(float(np.mean((total - rest)[late])), 0.0)
    correlation = _correlation(deviation / np.sqrt(rest), loading / np.sqrt(rest), present, where)
    sd = np.sqrt(rest / np.maximum(count, 1))
    overlap = _overlap(present, count)
    return Scatter(correlation * overlap * np.outer(sd, sd), float(np.sqrt(common)))


def _told_apart(
    deviation: Floats, present: NDArray[np.bool_], where: Floats
) -> tuple[Floats, Floats]:
    """Variance between replicates of what they have not in common, and the common loading.

    The common part of a replicate is b_r times a loading that is 1 at the largest sizes and
    linear in their logs (a test set that is hard at small n is often less so at large n, or
    more). b_r is weighted by the precision of the sizes: a plain mean would carry the
    scatter of small sizes, often ten times larger, to the large ones. What taking it out
    took along is added again.
    """
    count = present.sum(axis=0)
    own = _variance(deviation, count)
    loading, back = np.ones(len(where)), where - where.max(axis=0)
    if np.max(present.sum(axis=1)) == 1:  # nothing tells the common part from the rest
        return _shrunk_variance(own, count, where), loading
    for _ in range(ROUNDS):
        weight = present / _trend(own, count, where)
        taken = 1 / (weight @ loading**2)
        common = (taken * ((weight * deviation) @ loading))[:, None]
        pull = np.sum(weight * common * (deviation - common), axis=0) @ back
        hold = (back * np.sum(weight * common**2, axis=0)[:, None]).T @ back
        tilt = np.linalg.solve(hold + np.eye(len(hold)) / TILT**2, pull)
        loading = np.clip(1 + back @ tilt, 1 / STEEPEST, STEEPEST)
        own = np.where(present, (deviation - common * loading) ** 2, 0.0).sum(axis=0)
        own = own / np.maximum(count - 1, 1)
        own += loading**2 * (taken @ present) / np.maximum(count, 1)
    return _shrunk_variance(own, count, where), loading


def _variance(deviation: Floats, count: NDArray[np.intp]) -> Floats:
    variance: Floats = np.sum(deviation**2, axis=0) / np.maximum(count - 1, 1)
    return variance


def _overlap(present: NDArray[np.bool_], count: NDArray[np.intp]) -> Floats:
    """Share of replicates that two means have in common: what lets their noise correlate."""
    both = present.T.astype(float) @ present.astype(float)
    root = np.sqrt(np.maximum(count, 1.0))
    overlap: Floats = both / np.outer(root, root)
    np.fill_diagonal(overlap, 1.0)
    return overlap


def _shrunk_variance(variance: Floats, count: NDArray[np.intp], where: Floats) -> Floats:
    """Variances, those of few values shrunk towards their trend in log space."""
    usable = (count >= 2) & (variance > 0)
    if not np.any(usable):
        return np.full(len(count), 1e-12)
    weight = np.where(usable, count - 1, 0) / (count + 4.0)
    own, trend = _log_variance(variance, count), np.log(_trend(variance, count, where))
    shrunk: Floats = np.exp(weight * own + (1 - weight) * trend)
    return shrunk


def _log_variance(variance: Floats, count: NDArray[np.intp]) -> Floats:
    """Logs of variances without the bias of few values: that of two lies 1.3 too low."""
    half = np.maximum(count - 1, 1) / 2
    logs: Floats = np.log(np.where(variance > 0, variance, 1.0)) + np.log(half) - digamma(half)
    return logs


def _trend(variance: Floats, count: NDArray[np.intp], where: Floats) -> Floats:
    """Variances whose logs lie on a plane over the log sizes, fitted as chi-squared values."""
    usable = (count >= 2) & (variance > 0)
    if not np.any(usable):
        return np.full(len(count), 1e-12)
    root = np.sqrt(count[usable] - 1.0)
    middle = np.average(where[usable], axis=0, weights=root**2)
    design = np.column_stack([np.ones(len(count)), where - middle])
    seen = design[usable]
    solve = np.linalg.pinv(root[:, None] * seen, rcond=1e-9) * root
    plane = solve @ _log_variance(variance, count)[usable]
    for _ in range(STEPS):
        ratio = variance[usable] / np.exp(seen @ plane)
        plane = plane + solve @ np.clip(ratio - 1, -1.0, STRIDE)
    trend: Floats = np.exp(design @ plane)
    return trend


def _correlation(
    scaled: Floats, common: Floats, present: NDArray[np.bool_], where: Floats
) -> Floats:
    """Correlation of the rest between sizes, averaged over structures by their likelihood.

    A structure is ``own·I + (1 - own)·exp(-lag / length)``: scatter of each size's own, and
    a part that fades along log n (nested training sets). Likelihoods are those of contrasts
    within a replicate, which its common part does not enter. The average is shrunk towards
    the identity.
    """
    k = len(where)
    if k < 3:
        return np.eye(k)
    lag = np.abs(where[:, None, :] - where[None, :, :]).sum(axis=2)
    structures = np.array(
        [np.eye(k)]
        + [o * np.eye(k) + (1 - o) * np.exp(-lag / length) for o, length in product(OWN, LENGTHS)]
    )
    log_likelihood = np.zeros(len(structures))
    patterns, member = np.unique(present, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        rows = scaled[member.ravel() == number][:, pattern]
        contrasts = _contrasts(common[pattern])
        if not contrasts.size:
            continue
        inside = structures[:, pattern][:, :, pattern]
        factors = np.linalg.cholesky(contrasts.T @ inside @ contrasts)
        for row, factor in enumerate(factors):
            white = dtrtrs(factor.T, contrasts.T @ rows.T, trans=1)[0]
            log_likelihood[row] -= 0.5 * float(np.sum(white**2))
            log_likelihood[row] -= len(rows) * float(np.sum(np.log(np.diag(factor))))
    weight = np.exp(log_likelihood - log_likelihood.max())
    averaged = np.tensordot(weight / weight.sum(), structures, axes=1)
    shrunk: Floats = (1 - SHRINKAGE) * averaged + SHRINKAGE * np.eye(k)
    return shrunk


def _contrasts(common: Floats) -> Floats:
    """Orthonormal contrasts between k sizes that a vector (k,) does not enter, (k, k - 1)."""
    basis: Floats = np.linalg.qr(common[:, None] / np.abs(common).max(), mode="complete")[0]
    return basis[:, 1:]
