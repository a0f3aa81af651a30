"""One curve: sample size for a target, attainable limit, worth of more data, stopping."""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale.laws import Law
from forescale.planning.levels import HORIZON, STEPS, Answer, above_zero, first_crossing

UNSEEN = 0.02  # a limit below this part of the last error has not been seen


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
    target = above_zero("target error", target_error)
    first, last = float(law.curve.n[0]), float(law.curve.n[-1])
    grid = np.geomspace(first, last * HORIZON, STEPS)
    paths = law.draws.paths(grid, np.random.default_rng(0))  # the same for every target
    return Answer(first_crossing(grid, paths, np.array([target])), law.level)


def gain(law: Law, more: float) -> Answer:
    """Fall of the error, in the metric's unit, when ``more`` values join the largest size."""
    last = float(law.curve.n[-1])
    sizes = np.array([last, last + above_zero("more", more)])
    now, then = law.draws.curves(sizes, smooth=True).T
    return Answer(now - then, law.level)


def next_doubling(law: Law) -> Answer:
    """Fall of the error, in the metric's unit, when the largest size seen is doubled."""
    return gain(law, float(law.curve.n[-1]))


def gain_per_cost(law: Law, cost: float) -> Answer:
    """Fall of the error per unit of cost for the next value, at ``cost`` per value.

    The slope of each draw's law at the largest size seen, in the metric's unit per unit of
    cost.
    """
    last = float(law.curve.n[-1])
    step = 1e-3
    now, then = law.draws.curves(np.array([last, last * (1 + step)]), smooth=True).T
    return Answer((now - then) / (last * step * above_zero("cost", cost)), law.level)


def attainable_limit(law: Law) -> dict[str, Any]:
    """Limit of the error, and how much of it is scatter between repeated measurements.

    Variances add, so the model's part of an RMSE limit is sqrt(C² - noise_floor²).
    ``probability_no_limit_seen`` says how likely the data leave the limit open.
    """
    gap, last = law.draws.gap, float(law.curve.error[-1])
    answer = Answer(gap, law.level).to_json()
    answer["probability_no_limit_seen"] = float(np.mean(gap < UNSEEN * last))
    if law.noise_floor is not None:
        model = np.sqrt(np.maximum(gap**2 - law.noise_floor**2, 0.0))
        answer["noise_floor"] = law.noise_floor
        answer["model_gap"] = Answer(model, law.level).to_json()
        answer["probability_below_noise_floor"] = float(np.mean(gap <= law.noise_floor))
    return answer


def stopping(law: Law, batch: float, matters: float) -> dict[str, Any]:
    """Say whether to stop: the next batch almost surely gains less than what matters.

    Parameters
    ----------
    batch
        Number of values in the next batch.
    matters
        Smallest fall of the error worth a batch, in the metric's unit.

    Returns
    -------
    dict
        ``stop`` (the 90 % upper bound of the gain lies below ``matters``), the ``gain``
        and the probability that it is worth the batch.
    """
    worth = above_zero("matters", matters)
    expected = gain(law, batch)
    return {
        "batch": float(batch),
        "matters": worth,
        "stop": bool(expected.quantile(0.9) < worth),
        "probability_worth_it": float(np.mean(expected.draws >= worth)),
        "gain": expected.to_json(),
    }
