"""Rolling-origin backtest: would these fits have foreseen the curve's own larger sizes?"""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale.laws.arrays import Floats
from forescale.laws.curve import LearningCurve
from forescale.laws.posterior import Posterior
from forescale.laws.shapes import FORMS

ORIGINS = (2.0, 4.0, 8.0)  # how many times smaller than the largest size the fits stop
FORM_DRAWS = 200


def run_backtest(
    curve: LearningCurve, level: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Fit to the sizes up to an origin, forecast those beyond, for several origins.

    Returns
    -------
    dict
        ``origins``: one object per origin with its largest fitted size ``n_fit_max``, the
        number of ``points`` beyond, ``rmsle`` (root-mean-square log error of the combined
        forecast), ``forms`` (the same of each form alone and of the last value seen) and
        ``coverage`` (share of points inside the interval). Beside it the same over all
        origins; null when the curve is too short to be cut.
    """
    origins = [_foresee(curve, count, level, draws, rng) for count in _cuts(curve)]
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
    curve: LearningCurve, count: int, level: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Fit to the first ``count`` sizes and compare the forecast with the others."""
    head, beyond, n = curve.head(count), curve.log_error[count:], curve.n[count:]
    posterior = Posterior.of(head)
    tail = (1 - level) / 2
    curves = np.log(posterior.sample(draws, rng).measured(n))
    low, median, high = np.quantile(curves, [tail, 0.5, 1 - tail], axis=0)
    forms = {"last_value": _rms(head.log_error[-1] - beyond)}
    for name in FORMS:
        alone = posterior.given(name).sample(FORM_DRAWS, rng).curves(n)
        forms[name] = _rms(np.median(np.log(alone), axis=0) - beyond)
    return {
        "n_fit_max": float(head.n[-1]),
        "points": len(beyond),
        "rmsle": _rms(median - beyond),
        "last_value_rmsle": forms["last_value"],
        "forms": forms,
        "coverage": float(np.mean((beyond >= low) & (beyond <= high))),
    }


def _cuts(curve: LearningCurve) -> list[int]:
    """Numbers of leading points to fit to; at least three stay, at least one is foreseen."""
    cuts = {int(np.sum(curve.n <= curve.n[-1] / ratio)) for ratio in ORIGINS}
    return sorted(count for count in cuts if 3 <= count < len(curve.n))


def _pool(errors: list[float], points: Floats) -> float | None:
    if not errors:
        return None
    return float(np.sqrt(np.array(errors) ** 2 @ points / points.sum()))


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))
