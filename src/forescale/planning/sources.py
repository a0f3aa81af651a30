"""Which of several sources to grow, by how much, at which cost; or whether to measure instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forescale.laws import JointLaw, RunLaws
from forescale.laws.distribution import Distribution
from forescale.laws.several import SeveralLaw
from forescale.planning.questions import Questions

SURE = 0.8
"""Probability from which one answer is called the best."""


@dataclass(frozen=True)
class Growth:
    """What growing one source would bring, with the others as they are.

    Attributes
    ----------
    name, n_source
        The source and its values at hand.
    cost
        Of one value.
    doubling
        Fall of the error when its values are doubled.
    values, gain
        Values that the sum to spend buys, and the fall of the error with them.
    probability_best
        That no other way to spend the sum lowers the error as much.
    flags
        What its curve cannot tell.
    """

    name: str
    n_source: float
    cost: float
    doubling: Distribution
    values: float
    gain: Distribution
    probability_best: float
    flags: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "source": self.name,
            "n_at_hand": self.n_source,
            "cost": self.cost,
            "next_doubling": self.doubling.to_answer(),
            "values": self.values,
            "gain": self.gain.to_answer(),
            "probability_best": self.probability_best,
            "flags": list(self.flags),
        }


@dataclass(frozen=True)
class SourcesPlan:
    """Several sources side by side, for one metric with all measured values at hand.

    Attributes
    ----------
    metric, n_target
        What it is about.
    spend
        The sum that each could have: the budget, or what doubling the cheapest to double costs.
    costs_known
        Whether the study says what a value of each source costs; else each counts as one.
    growths
        One for each source, in the order of the study.
    measuring
        The same for measuring, where the cost of a measured value and a law over n and m
        are known; its ``n_source`` counts measured values.
    probability_none
        That no way to spend the sum lowers the error.
    law
        What a value of each source is worth in values of the best one, where it could be fitted.
    """

    metric: str
    n_target: int | None
    spend: float
    costs_known: bool
    growths: tuple[Growth, ...]
    measuring: Growth | None
    probability_none: float
    law: SeveralLaw | None = None

    @property
    def ways(self) -> tuple[Growth, ...]:
        """All ways to spend the sum."""
        return self.growths if self.measuring is None else (*self.growths, self.measuring)

    @property
    def best(self) -> Growth:
        """The way that is best with the highest probability."""
        return max(self.ways, key=lambda one: one.probability_best)

    @property
    def is_sure(self) -> bool:
        """Whether one way is best for sure enough, and is sure enough to help."""
        return self.best.probability_best >= SURE and self.probability_none <= 1 - SURE

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "metric": self.metric,
            "n_target": self.n_target,
            "spend": self.spend,
            "costs_known": self.costs_known,
            "sources": [one.to_json() for one in self.growths],
            "measuring": None if self.measuring is None else self.measuring.to_json(),
            "probability_none_helps": self.probability_none,
            "best": self.best.name,
            "is_sure": self.is_sure,
            "worth": None if self.law is None else self.law.to_json(),
        }


def plan_sources(
    laws: RunLaws, metric: str, asked: Questions, spend: float | None = None
) -> SourcesPlan | None:
    """Compare the sources of a run by what more of each would bring.

    Each law tells the error as its source grows with the others all there, so that gains are
    those of the next values at hand. A draw of one source's law is paired with one of another's
    as they come: their errors share replicates, but not the way they go on.

    Parameters
    ----------
    spend
        Sum that each could have; by default the budget, or what doubling the source costs that
        is cheapest to double.

    Returns
    -------
    SourcesPlan or None
        None where the run has fewer than two sources with a law of this metric.
    """
    own = [(one, law) for one in laws.sources if (law := one.law(metric)) is not None]
    if len(own) < 2:
        return None
    known = all(one.cost is not None for one, _ in own)
    costs = [one.cost if known and one.cost is not None else 1.0 for one, _ in own]
    last = [float(law.curve.n[-1]) for _, law in own]
    if spend is None:
        least = min(cost * n for cost, n in zip(costs, last, strict=True))
        spend = asked.budget if known and asked.budget is not None else least
    found = []
    for (_, law), n, cost in zip(own, last, costs, strict=True):
        now, twice, then = law.draws.curves(np.array([n, 2 * n, n + spend / cost])).T
        found.append((now - twice, now - then))
    joint = laws.joint_of(metric)
    measured = None
    if known and asked.cost_target is not None and joint is not None:
        measured = _measuring(joint, spend / asked.cost_target)
        found.append(measured[1:])
    count = min(len(gain) for _, gain in found)
    gains = np.stack([gain[:count] for _, gain in found])
    best = np.argmax(gains, axis=0)
    level = laws.level

    def way(place: int, name: str, at_hand: float, cost: float, flags: tuple[str, ...]) -> Growth:
        doubling, gain = found[place]
        return Growth(
            name, at_hand, cost, Distribution(doubling, level), spend / cost,
            Distribution(gain, level), float(np.mean(best == place)), flags,
        )  # fmt: skip

    growths = tuple(
        way(place, one.name, last[place], costs[place], law.flags)
        for place, (one, law) in enumerate(own)
    )
    measuring = None
    if measured is not None and asked.cost_target is not None:
        measuring = way(len(own), "measuring", measured[0], asked.cost_target, ())
    return SourcesPlan(
        metric, own[0][1].n_target, spend, known, growths, measuring,
        float(np.mean(gains.max(axis=0) <= 0)),
        next((law for law in laws.several if law.metric == metric), None),
    )  # fmt: skip


def _measuring(joint: JointLaw, more: float) -> tuple[float, Any, Any]:
    """Measured values at hand, and the falls of the error with twice as many and so many more."""
    n, m = joint.surface.corner
    sizes = np.array([m, 2 * m, m + more])
    now, twice, then = joint.draws.errors(np.full(3, n), sizes).T
    return float(m), now - twice, now - then
