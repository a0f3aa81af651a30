"""Rolling-origin backtest: would these fits have foreseen the curve's own larger sizes?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from forescale.laws.arrays import Floats
from forescale.laws.curve import LearningCurve
from forescale.laws.distribution import band
from forescale.laws.posterior import Posterior
from forescale.laws.shapes import FORMS

ORIGINS = (2.0, 4.0, 8.0)  # how many times smaller than the largest size the fits stop
FORM_DRAWS = 200


def early_fits(curve: LearningCurve) -> dict[float, Posterior]:
    """Fits to the sizes up to each origin, where it leaves enough of them on both sides."""
    fits: dict[int, tuple[float, Posterior]] = {}
    for ratio in reversed(ORIGINS):
        count = int(np.sum(curve.n <= curve.n[-1] / ratio))
        if 3 <= count < len(curve.n) and count not in fits:
            fits[count] = (ratio, Posterior.of(curve.head(count)))
    return dict(fits.values())


def run_backtest(
    curve: LearningCurve,
    fits: Mapping[float, Posterior],
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Forecast the sizes beyond each origin by the fits to those before it.

    Parameters
    ----------
    fits
        Of `early_fits`, as they are or re-weighted.

    Returns
    -------
    dict
        ``origins``: one object per origin with its largest fitted size ``n_fit_max``, the
        number of ``points`` beyond, ``rmsle`` (root-mean-square log error of the combined
        forecast), ``forms`` (the same of each form alone and of the last value seen) and
        ``coverage`` (share of points inside the interval). Beside it the same over all
        origins; null when the curve is too short to be cut.
    """
    origins = [_foresee(curve, fit, level, draws, rng) for fit in fits.values()]
    points = np.array([origin["points"] for origin in origins], dtype=float)
    inside = np.array([origin["coverage"] for origin in origins])
    forms = {
        name: _pool([origin["forms"][name] for origin in origins], points)
        for name in (*FORMS, "last_value")
    }
    return {
        "origins": origins,
        "points": int(points.sum()),
        "rmsle": _pool([origin["rmsle"] for origin in origins], points),
        "last_value_rmsle": forms["last_value"],
        "forms": forms,
        "coverage": float(inside @ points / points.sum()) if origins else None,
    }


def _foresee(
    curve: LearningCurve, posterior: Posterior, level: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare the forecast of a fit to the smaller sizes with the others."""
    largest = posterior.largest
    later = curve.n > largest
    beyond, n = curve.log_error[later], curve.n[later]
    low, median, high = band(np.log(posterior.sample(draws, rng).measured(n)), level)
    forms = {"last_value": _rms(curve.log_error[~later][-1] - beyond)}
    for name in FORMS:
        if name not in posterior.forms:
            forms[name] = forms["flat"]  # what a curve would be that had stopped
            continue
        alone = posterior.given(name).sample(FORM_DRAWS, rng).log_curves(n)
        forms[name] = _rms(np.median(alone, axis=0) - beyond)
    return {
        "n_fit_max": largest,
        "points": len(beyond),
        "rmsle": _rms(median - beyond),
        "last_value_rmsle": forms["last_value"],
        "forms": forms,
        "coverage": float(np.mean((beyond >= low) & (beyond <= high))),
    }


def pooled_coverage(backtests: list[dict[str, Any]]) -> float | None:
    """Share of the points of several backtests inside their intervals; None without any."""
    points = sum(test["points"] for test in backtests)
    inside = sum(test["coverage"] * test["points"] for test in backtests if test["points"])
    return inside / points if points else None


def _pool(errors: list[float], points: Floats) -> float | None:
    if not errors:
        return None
    return float(np.sqrt(np.array(errors) ** 2 @ points / points.sum()))


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))
