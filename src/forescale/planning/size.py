"""How many computed values a target error needs, and what the next doubling brings."""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale.errors import LawError
from forescale.laws import Law
from forescale.planning.levels import Answer

HORIZON = 1e6  # times the largest size seen: what needs more is called not reachable
STEPS = 121


def sample_size(law: Law, target_error: float) -> Answer:
    """Smallest size at which the error reaches a target, for each joint draw of the law.

    Parameters
    ----------
    law
        A fitted law.
    target_error
        Error to reach, in the metric's unit.

    Returns
    -------
    Answer
        Sizes; infinite where the target lies under the limit, or needs more than a
        million times the largest size seen.

    Raises
    ------
    LawError
        If the target is not finite and positive.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> n = 100 * 2.0 ** np.arange(8)
    >>> round(sample_size(fit_law(n, 3 * n**-0.5 + 0.2), 0.21).median, -4)
    90000.0
    """
    if not (np.isfinite(target_error) and target_error > 0):
        raise LawError(f"target error must be finite and above zero, got {target_error}")
    first, last = float(law.curve.n[0]), float(law.curve.n[-1])
    grid = np.geomspace(first, last * HORIZON, STEPS)
    log_curves = np.log(law.draws.curves(grid))
    reached = log_curves <= np.log(target_error)
    index = np.argmax(reached, axis=1)
    ever = reached.any(axis=1)
    before = np.maximum(index - 1, 0)
    rows = np.arange(len(index))
    above, below = log_curves[rows, before], log_curves[rows, index]
    fall = np.where(above > below, above - below, 1.0)
    part = np.clip((above - np.log(target_error)) / fall, 0.0, 1.0)
    log_grid = np.log(grid)
    size = np.exp(log_grid[before] + part * (log_grid[index] - log_grid[before]))
    return Answer(np.where(ever, size, np.inf), law.level)


def next_doubling(law: Law) -> Answer:
    """Fall of the error, in the metric's unit, when the largest size seen is doubled."""
    last = float(law.curve.n[-1])
    now, then = law.draws.curves(np.array([last, 2 * last])).T
    return Answer(now - then, law.level)


def attainable_limit(law: Law) -> dict[str, Any]:
    """Limit of the error, and how much of it is scatter between repeated measurements.

    Variances add, so the model's part of an RMSE limit is sqrt(C² - noise_floor²).
    """
    limit = Answer(law.draws.gap, law.level)
    answer = limit.to_json()
    if law.noise_floor is not None:
        model = np.sqrt(np.maximum(law.draws.gap**2 - law.noise_floor**2, 0.0))
        answer["noise_floor"] = law.noise_floor
        answer["model_gap"] = Answer(model, law.level).to_json()
        answer["probability_below_noise_floor"] = float(np.mean(law.draws.gap <= law.noise_floor))
    return answer
