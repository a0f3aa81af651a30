"""What next: which arm, how much of it, measure instead, or stop; and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forescale.growth.config import LoopConfig
from forescale.laws import Law
from forescale.laws.distribution import probability_lowest
from forescale.words import number as written
from forescale.words import percent

Draws = NDArray[np.float64]
SURE = 0.9
PATIENCE = 2
"""Batches in a row that brought less than what matters, after which doubt no longer counts for
a further one: then a probability of one half is asked for, not of one in ten."""
FEWEST_SIZES = 4
"""Sizes below which a curve has no law and its arm is simply tried."""


@dataclass(frozen=True)
class Standing:
    """Where an arm stands.

    Parameters
    ----------
    n
        Values that it has.
    left
        Materials that its pool still holds.
    cost
        Of one value, in the budget's unit.
    law
        Of its error against n, for the measured values at hand; None while there are too few sizes.
    error
        Its error now.
    at_m
        Its error now with fewer measured values: number to error by replicate.
    past
        Its errors after each of its rounds, the first round first.
    """

    name: str
    n: int
    left: int
    cost: float
    law: Law | None = None
    error: float = float("nan")
    at_m: Mapping[int, Draws] = field(default_factory=dict)
    past: tuple[float, ...] = ()

    def brought_little(self, matters: float) -> bool:
        """Whether its last batches each lowered its error by less than what matters."""
        last = self.past[-PATIENCE - 1 :]
        gains = [before - after for before, after in pairwise(last)]
        return len(gains) == PATIENCE and all(gain < matters for gain in gains)


@dataclass(frozen=True)
class Decision:
    """What the next round does.

    Parameters
    ----------
    action
        ``compute``, ``measure`` or ``stop``.
    arm, count
        For ``compute``: which arm, how many values.
    reason
        In words.
    probabilities
        Of each arm that it is the best way to spend what is left.
    forecast
        Error of the arm after the next round: median, low, high; None without a law.
    """

    action: Literal["compute", "measure", "stop"]
    reason: str
    arm: str | None = None
    count: int = 0
    probabilities: Mapping[str, float] = field(default_factory=dict)
    forecast: tuple[float, float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        low_high = None
        if self.forecast is not None:
            low_high = dict(zip(("median", "low", "high"), self.forecast, strict=True))
        return {
            "action": self.action,
            "arm": self.arm,
            "count": self.count,
            "reason": self.reason,
            "probability_best": dict(self.probabilities),
            "forecast": low_high,
        }


def decide(standings: Sequence[Standing], loop: LoopConfig, spent: float, number: int) -> Decision:
    """Say what round ``number`` is for.

    Parameters
    ----------
    spent
        Of the budget so far.
    """
    budget = loop.budget
    left = budget.total - spent
    open_arms = [s for s in standings if s.left > 0 and _affordable(s, left) >= 1]
    settled = [s for s in standings if s.law is not None]
    best_now = min((s.error for s in standings if np.isfinite(s.error)), default=float("nan"))
    if budget.target_error is not None and best_now <= budget.target_error:
        return Decision(
            "stop",
            f"the error is {written(best_now, 4)}, at or below the {written(budget.target_error)} "
            "asked for",
        )
    if not open_arms:
        dry = all(s.left == 0 for s in standings)
        why = (
            "every pool is computed"
            if dry
            else f"what is left of the budget ({written(left, 4)} {budget.unit}) buys no further "
            "value"
        )
        return Decision("stop", why)
    untried = [s for s in open_arms if s.law is None]
    if untried:
        arm = min(untried, key=lambda s: (s.n * s.cost, s.name))
        count = _batch(arm, loop, left)
        return Decision("compute", f"arm {arm.name} has no law yet", arm.name, count)
    gains = _Gains.of(open_arms, settled, loop, left)
    best = gains.probabilities()
    worthwhile = set(best)
    if budget.matters is not None:
        worth = gains.probability_worth(budget.matters)
        little = {s.name for s in open_arms if s.brought_little(budget.matters)}
        worthwhile = {n for n, p in worth.items() if p > (0.5 if n in little else 1 - SURE)}
        # Less than a decade of sizes says too little to stop on, unless batches did bring little.
        worthwhile |= {s.name for s in open_arms if _short(s.law) and s.name not in little}
        if not worthwhile:
            name = max(worth, key=lambda key: worth[key])
            why = (
                f"no arm is worth its cost: the likeliest, {name}, lowers the error by "
                f"{written(budget.matters)} a batch with a probability of {percent(worth[name])}"
            )
            if worth[name] > 1 - SURE:
                why += f", and its last {PATIENCE} batches brought less"
            return Decision("stop", why, probabilities=best)
    chosen = max(worthwhile, key=lambda key: (best[key], key))
    measuring = _measuring(settled, gains, chosen, loop, left)
    if measuring is not None and measuring >= 0.5:
        return Decision(
            "measure",
            f"measuring lowers the error more for its cost than computing, with a probability of "
            f"{percent(measuring)}; measure.csv lists what to measure first",
            probabilities=best,
        )
    rng = np.random.default_rng([loop.seed, number])
    reason = f"arm {chosen} is the best way to spend what is left with {percent(best[chosen])}"
    if len(open_arms) > 1 and rng.random() < loop.explore:
        others = [s for s in open_arms if s.name != chosen]
        weights = np.array([best[s.name] + 0.05 for s in others])
        chosen = others[int(rng.choice(len(others), p=weights / weights.sum()))].name
        reason = f"arm {chosen} is explored ({percent(loop.explore)} of rounds); {reason}"
    arm = next(s for s in open_arms if s.name == chosen)
    count = _batch(arm, loop, left)
    return Decision("compute", reason, chosen, count, best, _forecast(arm, count))


def _short(law: Law | None) -> bool:
    return law is not None and "under_a_decade" in law.flags


def _affordable(arm: Standing, left: float) -> int:
    return int(min(arm.left, np.floor(left / arm.cost + 1e-9)))


def _batch(arm: Standing, loop: LoopConfig, left: float) -> int:
    """Values of the next round: a fixed batch, or a share of what is there and of the budget."""
    most = round(loop.largest * loop.budget.total / arm.cost)
    wanted = loop.batch or min(round(arm.n * (loop.growth - 1)), most)
    if arm.n < loop.first:
        wanted = loop.first - arm.n
    return max(1, min(wanted, _affordable(arm, left)))


def _forecast(arm: Standing, count: int) -> tuple[float, float, float]:
    assert arm.law is not None
    seen = arm.law.predict(np.array([arm.n + count], dtype=float))
    return float(seen.median[0]), float(seen.low[0]), float(seen.high[0])


@dataclass(frozen=True)
class _Gains:
    """Draws of the error now and after spending, by arm; shape (draws,)."""

    now: Draws
    after_batch: Mapping[str, Draws]
    at_end: Mapping[str, Draws]
    batches: Mapping[str, float]

    @classmethod
    def of(
        cls, arms: Sequence[Standing], settled: Sequence[Standing], loop: LoopConfig, left: float
    ) -> _Gains:
        now, after, end, batches = [], {}, {}, {}
        for arm in settled:
            assert arm.law is not None
            now.append(_curves(arm.law, [arm.n])[:, 0])
        size = min(len(one) for one in now)
        for arm in arms:
            assert arm.law is not None
            batch, most = _batch(arm, loop, left), _affordable(arm, left)
            curves = _curves(arm.law, [arm.n + batch, arm.n + most])[:size]
            after[arm.name], end[arm.name] = curves.T
            batches[arm.name] = max(1.0, most / batch)
        return cls(np.min([one[:size] for one in now], axis=0), after, end, batches)

    def probabilities(self) -> dict[str, float]:
        """Probability of each arm that its error is lowest once the budget is spent on it."""
        lowest = probability_lowest(np.stack(list(self.at_end.values())))
        return dict(zip(self.at_end, map(float, lowest), strict=True))

    def probability_worth(self, matters: float) -> dict[str, float]:
        """Probability that a batch brings what matters: the next, or in the mean of all left."""
        worth = {}
        for name, after in self.after_batch.items():
            soon = self.now - after
            later = (self.now - self.at_end[name]) / self.batches[name]
            worth[name] = float(np.mean(np.maximum(soon, later) >= matters))
        return worth


def _curves(law: Law, sizes: Sequence[int]) -> Draws:
    """Error of each draw of a law at sizes, never below zero, shape (draws, sizes)."""
    return np.asarray(law.draws.curves(np.array(sizes, dtype=float), smooth=True))


def _measuring(
    settled: Sequence[Standing], gains: _Gains, chosen: str, loop: LoopConfig, left: float
) -> float | None:
    """Probability that measuring for the cost of a batch lowers the error more than the batch.

    The error falls as a power of m between the sizes of m that are judged; its slope is drawn from
    the replicates.
    """
    cost = loop.budget.measured
    arm = min(settled, key=lambda s: s.error)
    if cost is None or len(arm.at_m) < 2:
        return None
    spending = next(s for s in settled if s.name == chosen)
    more = _batch(spending, loop, left) * spending.cost / cost
    fewer, most = sorted(arm.at_m)[-2:]
    paired = np.log(arm.at_m[fewer] / arm.at_m[most]) / np.log(most / fewer)
    rng = np.random.default_rng(loop.seed)
    picks = rng.integers(len(paired), size=(len(gains.now), len(paired)))
    slope = np.maximum(paired[picks].mean(axis=1), 0.0)
    measured = gains.now * (1 - (1 + more / most) ** -slope)
    return float(np.mean(measured > gains.now - gains.after_batch[chosen]))
