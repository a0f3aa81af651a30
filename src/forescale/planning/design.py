"""Which size to run next to make the forecast sharper."""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale.laws import Law
from forescale.laws.drift import drift_kernel
from forescale.planning.levels import Floats, above_zero


def next_sizes(
    law: Law, forecast_at: float | None = None, candidates: Floats | None = None
) -> list[dict[str, Any]]:
    """Rank sizes by how much a run there would sharpen a forecast.

    The joint draws give the covariance of the log errors at a candidate and at the size
    forecast; conditioning on one more mean as precise as the last ones gives what is left.

    Parameters
    ----------
    law
        A fitted law.
    forecast_at
        Size of the forecast; default 8 times the largest seen.
    candidates
        Sizes that could be run; default 1/4 to 4 times the largest seen.

    Returns
    -------
    list of dict
        ``n_source``, ``sd_before`` and ``sd_after`` of the log error forecast, and the
        ``reduction`` of its variance, best first.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> n = 100 * 2.0 ** np.arange(5)
    >>> noise = np.exp([0.02, -0.03, 0.01, 0.02, -0.02])
    >>> next_sizes(fit_law(n, (3 * n**-0.5 + 0.2) * noise))[0]["n_source"]
    6400.0
    """
    last = float(law.curve.n[-1])
    goal = 8 * last if forecast_at is None else above_zero("forecast_at", forecast_at)
    ratios = np.array([0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0])
    sizes = last * ratios if candidates is None else np.asarray(candidates, dtype=float)
    sizes = np.array([above_zero("candidate", float(size)) for size in sizes])
    logs = np.log(law.draws.laws(np.concatenate([[goal], sizes])))
    drift = _drift_covariance(law, float(np.log(goal / last)), np.log(sizes / last))
    joint = np.cov(logs.T)[0] + drift[0]
    own = np.var(logs, axis=0, ddof=1)[1:] + drift[1][1:] + float(np.mean(law.draws.noise**2))
    before = joint[0]
    reduction = np.clip(joint[1:] ** 2 / np.maximum(own * before, 1e-300), 0.0, 1.0)
    order = np.argsort(-reduction, kind="stable")
    return [
        {
            "n_source": float(sizes[k]),
            "sd_before": float(np.sqrt(before)),
            "sd_after": float(np.sqrt(before * (1 - reduction[k]))),
            "reduction": float(reduction[k]),
        }
        for k in order
    ]


def _drift_covariance(law: Law, goal: float, sizes: Floats) -> tuple[Floats, Floats]:
    """Mean over draws of the drift's covariance with the goal, and of its variance."""
    step, bend = np.sqrt(np.mean(law.draws.step**2)), np.sqrt(np.mean(law.draws.bend**2))
    reach = np.concatenate([[goal], sizes])
    shared = drift_kernel(float(step), float(bend), np.array([goal]), reach)[0]
    ahead = np.maximum(reach, 0.0)
    variance: Floats = step**2 * ahead + bend**2 * ahead**3 / 3
    return shared, variance
