"""What the data cannot tell, in one word each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from forescale.laws.curve import LearningCurve
from forescale.laws.distribution import band
from forescale.laws.draws import Draws
from forescale.laws.noise import second_differences
from forescale.laws.posterior import Posterior
from forescale.laws.shapes import FORMS

MEANING = {
    "not_bent_yet": "the curve has not bent: the limit may be anything from 0 up to its bound",
    "levelled_off": "the curve has levelled off: more of this data is not shown to help",
    "not_decreasing": "the error does not fall with n, or rises: more of this data does not help",
    "perhaps_a_score": "the values rise with n and lie between 0 and 1, as a score (R², accuracy)"
    " does: if they are one, fit 1 - score",
    "harmful": "the error rises with n by more than its noise: negative transfer",
    "forecast_no_better_than_last": "on its own smaller sizes this forecast was no better than"
    " the last error seen",
    "limit_model_dependent": "forms that fit equally well disagree about the limit",
    "under_a_decade": "the sizes span less than one decade of n",
    "too_few_sizes": "fewer than four distinct sizes",
    "noise_exceeds_drop": "the scatter of the points is larger than the drop of the curve",
    "limit_below_noise_floor": "the limit lies below the scatter of repeated measurements",
    "capacity_limited": "the learner, not the data, may make the limit",
    "cells_lost": "the learner failed in some cells: the law is of the others",
}
"""What each flag says to its reader; page, terminal and documentation use these words."""

UNSEEN = 0.02
"""Part of the last error below which the lower end of the limit counts as not seen."""
LIKELY, APART = 0.05, 0.2  # forms that count; part of the last error by which they disagree


UNREADABLE = ("perhaps_a_score", "harmful", "not_decreasing", "too_few_sizes")
"""Flags of curves whose parameters mean nothing."""


def readable(flags: Iterable[str]) -> bool:
    """Whether a law with these flags can be read, so that its parameters are shown."""
    return not any(flag in UNREADABLE for flag in flags)


def find_flags(
    curve: LearningCurve, posterior: Posterior, draws: Draws, level: float, floor: float | None
) -> tuple[str, ...]:
    """Return the flags of a fit but for those of its backtest, in the order of ``MEANING``."""
    flags = []
    forms = posterior.form_probabilities()
    last = float(curve.error[-1])
    if forms["flat"] + forms["stopped"] > 0.5:
        flags.append("levelled_off")
    elif float(band(draws.gap, level)[0]) < UNSEEN * last:
        flags.append("not_bent_yet")
    drop, drop_se = _drop(curve)
    if drop <= drop_se:
        flags.append("not_decreasing")
    if drop < -2 * drop_se and len(curve.n) > 1:
        flags.append("harmful")
    if _limits_apart(forms, draws) > APART * last:
        flags.append("limit_model_dependent")
    if curve.n[-1] < 10 * curve.n[0]:
        flags.append("under_a_decade")
    if len(curve.n) < 4:
        flags.append("too_few_sizes")
    if drop < _replicate_scatter(curve):
        flags.append("noise_exceeds_drop")
    if floor is not None and float(np.median(draws.gap)) < floor:
        flags.append("limit_below_noise_floor")
    return tuple(flags)


def looks_like_score(curve: LearningCurve) -> bool:
    """Whether values lie within 0 and 1 and rise with n by more than their scatter."""
    drop, drop_se = _drop(curve)
    steps = np.sign(np.diff(curve.error))
    return bool(curve.error.max() <= 1 and drop < -2 * drop_se and steps.mean() > 0.3)


def in_order(flags: Iterable[str]) -> tuple[str, ...]:
    """Return flags once each, in the order of ``MEANING``."""
    return tuple(sorted(set(flags), key=list(MEANING).index))


def backtest_flags(backtest: dict[str, Any]) -> tuple[str, ...]:
    """Return the flag of a forecast that its own smaller sizes speak against."""
    ours, last = backtest["rmsle"], backtest["last_value_rmsle"]
    return () if ours is None or ours < last else ("forecast_no_better_than_last",)


def _limits_apart(forms: dict[str, float], draws: Draws) -> float:
    """Largest difference between the limits of forms that are likely."""
    likely = [k for k, name in enumerate(FORMS) if forms[name] >= LIKELY]
    limits = [np.median(draws.gap[draws.form == k]) for k in likely if np.any(draws.form == k)]
    return float(np.ptp(limits)) if limits else 0.0


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
    return second_differences(curve.log_error)
