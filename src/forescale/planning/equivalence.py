"""How many simulations an experiment is worth here, and the other way round."""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale.laws.joint import JointLaw
from forescale.planning.levels import (
    HORIZON,
    STEPS,
    Answer,
    Floats,
    above_zero,
    finite,
    first_crossing,
)


def equivalent_simulations(law: JointLaw, n: float, m: float, more_target: float = 1) -> Answer:
    """Computed values that lower the error as much as ``more_target`` measured ones.

    Solves E(n + delta_n, m) = E(n, m + more_target) for each draw.

    Parameters
    ----------
    law
        Joint law.
    n, m
        Where one stands: computed and measured values at hand.
    more_target
        Further measured values to replace.

    Returns
    -------
    Answer
        delta_n; infinite ("not reachable") where no amount of computed data does it.

    Examples
    --------
    >>> from forescale.laws import fit_joint
    >>> n, m = (g.ravel() for g in np.meshgrid([100, 300, 900, 2700], [10, 30, 90]))
    >>> law = fit_joint(n, m, (9 * n**-0.5 + 0.01) * m**-0.4 + 0.001, backtest=False)
    >>> 200 < equivalent_simulations(law, 900, 30, 10).median < 290
    True
    """
    start, other = above_zero("n", n), above_zero("m", m)
    added = np.geomspace(start * 1e-5, start * HORIZON, STEPS)
    goal = _errors(law, np.array([start]), np.array([other + above_zero("more", more_target)]))
    errors = _errors(law, start + added, np.full(STEPS, other))
    return Answer(first_crossing(added, errors, goal[:, 0]), law.level)


def equivalent_experiments(law: JointLaw, n: float, m: float, more_source: float) -> Answer:
    """Measured values that lower the error as much as ``more_source`` computed ones."""
    start, other = above_zero("n", n), above_zero("m", m)
    added = np.geomspace(other * 1e-5, other * HORIZON, STEPS)
    goal = _errors(law, np.array([start + above_zero("more", more_source)]), np.array([other]))
    errors = _errors(law, np.full(STEPS, start), other + added)
    return Answer(first_crossing(added, errors, goal[:, 0]), law.level)


def contour(law: JointLaw, error: float, m: Floats) -> list[dict[str, Any]]:
    """Iso-error contour: computed values needed at each m to reach one error.

    Returns
    -------
    list of dict
        ``n_target`` and the distribution of the size n, as in `Answer.to_json`.
    """
    target = np.array([above_zero("error", error)])
    first, last = float(law.surface.n.min()), float(law.surface.n.max())
    grid = np.geomspace(first, last * HORIZON, STEPS)
    rows = []
    for value in np.atleast_1d(np.asarray(m, dtype=float)):
        errors = _errors(law, grid, np.full(STEPS, above_zero("m", float(value))))
        answer = Answer(first_crossing(grid, errors, target), law.level)
        rows.append({"n_target": finite(float(value)), **answer.to_json()})
    return rows


def _errors(law: JointLaw, n: Floats, m: Floats) -> Floats:
    return law.draws.errors(n, m, smooth=True)
