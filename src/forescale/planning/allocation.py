"""How to split a budget between simulations and experiments."""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale.laws.joint import JointLaw
from forescale.planning.levels import Answer, above_zero

SPLITS = 41


def allocate(
    law: JointLaw, n: float, m: float, budget: float, cost_source: float, cost_target: float
) -> dict[str, Any]:
    """Split a budget so that the median error comes out lowest.

    Minimises E(n + delta_n, m + delta_m) with cost_source·delta_n + cost_target·delta_m
    equal to the budget.

    Parameters
    ----------
    law
        Joint law.
    n, m
        Computed and measured values at hand.
    budget, cost_source, cost_target
        In one unit of cost; costs are per value.

    Returns
    -------
    dict
        ``source_share`` of the budget, ``more_source`` and ``more_target`` values, the
        ``error`` reached (distribution), the error of spending all on either side, and the
        distribution of each draw's own best share, which says how sure the split is.
    """
    spend = above_zero("budget", budget)
    share = np.linspace(0.0, 1.0, SPLITS)
    more_source = share * spend / above_zero("cost_source", cost_source)
    more_target = (1 - share) * spend / above_zero("cost_target", cost_target)
    errors = law.draws.errors(
        above_zero("n", n) + more_source, above_zero("m", m) + more_target, smooth=True
    )
    best = int(np.argmin(np.median(errors, axis=0)))
    own = share[np.argmin(errors, axis=1)]
    return {
        "budget": spend,
        "source_share": float(share[best]),
        "more_source": float(more_source[best]),
        "more_target": float(more_target[best]),
        "error": Answer(errors[:, best], law.level).to_json(),
        "error_all_source": Answer(errors[:, -1], law.level).to_json(),
        "error_all_target": Answer(errors[:, 0], law.level).to_json(),
        "best_share": Answer(own, law.level).to_json(),
    }
