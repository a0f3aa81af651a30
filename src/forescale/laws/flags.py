"""What the data cannot tell, in one word each."""

from __future__ import annotations

import numpy as np

from forescale.laws.curve import LearningCurve
from forescale.laws.posterior import Draws

MEANING = {
    "not_bent_yet": "the curve has not bent: the limit may be anything from 0 up to its bound",
    "not_decreasing": "the error does not fall with n, or rises: more of this data does not help",
    "harmful": "the error rises with n by more than its noise: negative transfer",
    "under_a_decade": "the sizes span less than one decade of n",
    "too_few_sizes": "fewer than four distinct sizes",
    "noise_exceeds_drop": "the scatter of the points is larger than the drop of the curve",
    "limit_below_noise_floor": "the limit lies below the scatter of repeated measurements",
    "capacity_limited": "the learner, not the data, may make the limit",
    "cells_lost": "the learner failed in some cells: the law is of the others",
}


def find_flags(
    curve: LearningCurve, draws: Draws, level: float, noise_floor: float | None
) -> tuple[str, ...]:
    """Return the flags of a fit, in the order of ``MEANING``."""
    tail = (1 - level) / 2
    flags = []
    gap_low = float(np.quantile(draws.gap, tail))
    if gap_low < 0.02 * float(curve.error[-1]):
        flags.append("not_bent_yet")
    drop, drop_se = _drop(curve)
    if drop <= drop_se:
        flags.append("not_decreasing")
    if drop < -2 * drop_se and len(curve.n) > 1:
        flags.append("harmful")
    if curve.n[-1] < 10 * curve.n[0]:
        flags.append("under_a_decade")
    if len(curve.n) < 4:
        flags.append("too_few_sizes")
    if drop < _replicate_scatter(curve):
        flags.append("noise_exceeds_drop")
    if noise_floor is not None and float(np.median(draws.gap)) < noise_floor:
        flags.append("limit_below_noise_floor")
    return tuple(flags)


def _drop(curve: LearningCurve) -> tuple[float, float]:
    """Fall of log error from the first to the last third, with its standard error."""
    third = max(1, len(curve.n) // 3)
    weights = np.zeros(len(curve.n))
    weights[:third] += 1 / third
    weights[-third:] -= 1 / third
    noise = (
        curve.noise
        if curve.noise is not None
        else np.diag(_scatter(curve) ** 2 * np.ones(len(curve.n)))
    )
    return float(weights @ curve.log_error), float(np.sqrt(weights @ noise @ weights))


def _replicate_scatter(curve: LearningCurve) -> float:
    """Typical relative scatter of a single replicate around its mean."""
    return _scatter(curve) * float(np.sqrt(np.median(curve.replicates)))


def _scatter(curve: LearningCurve) -> float:
    """Typical standard error of a log mean; from second differences when not known."""
    sd = curve.noise_sd()
    if sd is not None:
        return float(np.median(sd))
    if len(curve.n) < 3:
        return 0.0
    bend = np.diff(curve.log_error, 2)
    return float(1.4826 * np.median(np.abs(bend)) / np.sqrt(6.0))
