"""Rolling-origin backtest: would this fit have foreseen the curve's own larger sizes?"""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale.laws.curve import LearningCurve
from forescale.laws.posterior import sample_posterior

ORIGINS = (2.0, 4.0, 8.0)  # how many times smaller than the largest size the fits stop


def run_backtest(
    curve: LearningCurve, level: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Fit to the sizes up to an origin, forecast those beyond, for several origins.

    Returns
    -------
    dict
        ``origins``: one object per origin with its largest fitted size ``n_fit_max``, the
        number of ``points`` beyond, the root-mean-square log error of the forecast
        (``rmsle``) and of the last value seen (``last_value_rmsle``), and the share of
        points inside the interval (``coverage``); then the same three over all origins.
        Empty values are null when the curve is too short to be cut.
    """
    tail = (1 - level) / 2
    origins = []
    for count in _cuts(curve):
        head = curve.head(count)
        fitted = sample_posterior(head, draws, rng)
        beyond = curve.log_error[count:]
        curves = np.log(fitted.curves(curve.n[count:]))
        low, median, high = np.quantile(curves, [tail, 0.5, 1 - tail], axis=0)
        origins.append(
            {
                "n_fit_max": float(head.n[-1]),
                "points": len(beyond),
                "rmsle": _rms(median - beyond),
                "last_value_rmsle": _rms(head.log_error[-1] - beyond),
                "coverage": float(np.mean((beyond >= low) & (beyond <= high))),
            }
        )
    points = sum(int(o["points"]) for o in origins)
    summary: dict[str, Any] = {"origins": origins, "points": points}
    for key in ("rmsle", "last_value_rmsle"):
        squares = [o["points"] * o[key] ** 2 for o in origins]
        summary[key] = float(np.sqrt(sum(squares) / points)) if points else None
    inside = sum(o["points"] * o["coverage"] for o in origins)
    summary["coverage"] = float(inside / points) if points else None
    return summary


def _cuts(curve: LearningCurve) -> list[int]:
    """Numbers of leading points to fit to; at least three stay, at least one is foreseen."""
    cuts = {int(np.sum(curve.n <= curve.n[-1] / ratio)) for ratio in ORIGINS}
    return sorted(count for count in cuts if 3 <= count < len(curve.n))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
