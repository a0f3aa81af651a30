"""How well the limit and the decay rate are known, apart and together."""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale.laws.distribution import band
from forescale.laws.draws import Draws

BINS = 24


def limit_profile(draws: Draws, last_value: float) -> dict[str, list[float]]:
    """Support for each value of C from 0 to the last error seen, relative to the best.

    Flat support means that the data do not tell the limit.
    """
    top = max(last_value, float(np.quantile(draws.gap, 0.995)))
    counts, edges = np.histogram(draws.gap, bins=BINS, range=(0.0, top))
    centers = (edges[1:] + edges[:-1]) / 2
    support = counts / max(int(counts.max()), 1)
    return {"transfer_gap": centers.tolist(), "support": support.tolist()}


def joint_region(draws: Draws, level: float) -> dict[str, Any]:
    """Where alpha and C lie together: the interval of C within each sixth of alpha."""
    scaled = draws.gap / max(float(draws.gap.max()), 1e-300)
    order = np.argsort(draws.alpha, kind="stable")
    sixths = []
    for part in np.array_split(order, 6):
        low, _, high = band(draws.gap[part], level)
        alpha = float(np.median(draws.alpha[part]))
        sixths.append(
            {"decay_rate": alpha, "transfer_gap_low": float(low), "transfer_gap_high": float(high)}
        )
    return {"correlation": _correlation(np.log(draws.alpha), scaled), "band": sixths}


def _correlation(x: np.ndarray, y: np.ndarray) -> float | None:
    if np.std(x) <= 1e-12 * np.max(np.abs(x)) or np.std(y) <= 1e-12 * np.max(np.abs(y)):
        return None
    return float(np.corrcoef(x, y)[0, 1])
