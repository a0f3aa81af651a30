"""How precise the points of a learning curve are, from what was given with them."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from forescale.errors import LawError
from forescale.laws.arrays import Floats

OWN = (0.03, 0.1, 0.25, 0.5, 0.8)  # share of a point's variance that is its own
COMMON = (0.0, 0.3, 0.6, 0.9)  # share of the rest that a whole curve has in common
LENGTHS = (0.3, 1.0, 3.0)  # units of ln n over which the last share fades


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


def repeat_noise(
    position: NDArray[np.intp], errors: Floats, mean: Floats, count: NDArray[np.intp]
) -> Floats | None:
    """Noise from values repeated at one size, when enough of them are."""
    spare = int(np.sum(count - 1))
    if spare < 3:
        return None
    relative = errors / mean[position] - 1.0
    return np.diag(np.sum(relative**2) / spare / count)


def replicate_noise(matrix: Floats, where: Floats) -> Floats | None:
    """Covariance of the log means from the scatter between replicates.

    A variance from few replicates is itself noisy, so the standard deviations are shrunk
    towards a plane in the log sizes ``where``, shape (K, d). Sizes are correlated, as one
    replicate's points share nested training sets and a test split.
    """
    present = np.isfinite(matrix)
    count = present.sum(axis=0)
    if np.sum(count >= 2) == 0:
        return None
    mean = np.nanmean(matrix, axis=0)
    deviation = np.where(present, matrix / mean - 1.0, 0.0)
    variance = np.sum(deviation**2, axis=0) / np.maximum(count - 1, 1)
    sd = np.sqrt(_shrunk_variance(variance, count, where))
    correlation = _correlation(deviation / sd, present, where)
    noise: Floats = correlation * np.outer(sd, sd) / np.sqrt(np.outer(count, count))
    return noise


def _shrunk_variance(variance: Floats, count: NDArray[np.intp], where: Floats) -> Floats:
    usable = (count >= 2) & (variance > 0)
    if not np.any(usable):
        return np.full(len(count), 1e-12)
    own = np.log(np.where(usable, variance, 1.0))
    design = np.column_stack([np.ones(len(count)), where])
    root = np.sqrt(np.maximum(count - 1.0, 0.0))[:, None]
    plane = np.linalg.lstsq((root * design)[usable], root[usable, 0] * own[usable], rcond=1e-9)[0]
    trend = design @ plane
    weight = np.where(usable, count - 1, 0) / (count + 4.0)
    shrunk: Floats = np.exp(weight * own + (1 - weight) * trend)
    return shrunk


def _correlation(scaled: Floats, present: NDArray[np.bool_], where: Floats) -> Floats:
    """Correlation between sizes, averaged over structures by their likelihood.

    A structure is ``own·I + (1 - own)·(common + (1 - common)·exp(-lag / length))``: scatter
    of each size's own, one part shared by a whole curve (its test split), one that fades
    along log n (nested training sets). Averaging keeps few replicates from being taken at
    their word.
    """
    lag = np.abs(where[:, None, :] - where[None, :, :]).sum(axis=2)
    patterns, member = np.unique(present, axis=0, return_inverse=True)
    structures, log_likelihood = [], []
    for own, common, length in product(OWN, COMMON, LENGTHS):
        structure = own * np.eye(len(where)) + (1 - own) * (
            common + (1 - common) * np.exp(-lag / length)
        )
        total = 0.0
        for k, pattern in enumerate(patterns):
            rows = scaled[member.ravel() == k][:, pattern]
            factor = np.linalg.cholesky(structure[np.ix_(pattern, pattern)])
            white = solve_triangular(factor, rows.T, lower=True, check_finite=False)
            total -= 0.5 * float(np.sum(white**2)) + len(rows) * float(
                np.sum(np.log(np.diag(factor)))
            )
        structures.append(structure)
        log_likelihood.append(total)
    weight = np.exp(np.array(log_likelihood) - max(log_likelihood))
    averaged: Floats = np.tensordot(weight / weight.sum(), np.array(structures), axes=1)
    return averaged
