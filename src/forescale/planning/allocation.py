"""How to split a budget between simulations and experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forescale.laws.distribution import Distribution
from forescale.laws.joint import JointLaw
from forescale.planning.levels import above_zero

SPLITS = 41


@dataclass(frozen=True)
class Allocation:
    """A budget, split so that the median error comes out lowest.

    Attributes
    ----------
    budget, source_share
        What is spent, and the part of it that goes to computing.
    more_source, more_target
        Values to add to those at hand.
    error, error_all_source, error_all_target
        Error that the split reaches, and that of spending all on either side.
    best_share
        Each draw's own best share: how sure the split is.
    probability_source
        Probability that spending all on computing beats spending all on measuring.
    """

    budget: float
    source_share: float
    more_source: float
    more_target: float
    error: Distribution
    error_all_source: Distribution
    error_all_target: Distribution
    best_share: Distribution
    probability_source: float

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "budget": self.budget,
            "source_share": self.source_share,
            "more_source": self.more_source,
            "more_target": self.more_target,
            "error": self.error.to_answer(),
            "error_all_source": self.error_all_source.to_answer(),
            "error_all_target": self.error_all_target.to_answer(),
            "best_share": self.best_share.to_answer(),
            "probability_all_source_beats_all_target": self.probability_source,
        }


def allocate(
    law: JointLaw, n: float, m: float, budget: float, cost_source: float, cost_target: float
) -> Allocation:
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
    """
    spend = above_zero("budget", budget)
    share = np.linspace(0.0, 1.0, SPLITS)
    more_source = share * spend / above_zero("cost_source", cost_source)
    more_target = (1 - share) * spend / above_zero("cost_target", cost_target)
    errors = law.draws.errors(
        above_zero("n", n) + more_source, above_zero("m", m) + more_target, smooth=True
    )
    best = int(np.argmin(np.median(errors, axis=0)))
    return Allocation(
        budget=spend,
        source_share=float(share[best]),
        more_source=float(more_source[best]),
        more_target=float(more_target[best]),
        error=Distribution(errors[:, best], law.level),
        error_all_source=Distribution(errors[:, -1], law.level),
        error_all_target=Distribution(errors[:, 0], law.level),
        best_share=Distribution(share[np.argmin(errors, axis=1)], law.level),
        probability_source=float(np.mean(errors[:, -1] < errors[:, 0])),
    )
