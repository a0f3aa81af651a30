"""One curve: sample size for a target, attainable limit, worth of more data, stopping."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from forescale.laws import Law
from forescale.laws.distribution import Distribution, finite
from forescale.planning.levels import HORIZON, STEPS, above_zero, first_crossing

UNSEEN = 0.02  # a limit below this part of the last error has not been seen
TIMES = (2.0, 5.0, 10.0, HORIZON)
"""Multiples of the data at hand at which a plan always says what to expect."""
MOSTLY = 0.8
"""Probability that a target is reached, below which no number of values is stated."""
WIDEST = 30.0
"""Ratio of the ends of an interval of sizes, beyond which no number is stated."""
NO_HELP = ("harmful", "not_decreasing", "levelled_off")
"""Flags of curves of which more data is not shown to lower the error."""


class SizeAnswer(StrEnum):
    """What can be said of the size for a target error."""

    REACHED = "reached"
    NUMBER = "number"
    AT_LEAST = "at_least"
    NOT_SHOWN = "not_shown_to_help"


@dataclass(frozen=True)
class SampleSize:
    """Computed values for a target error, as far as the law can tell them.

    Attributes
    ----------
    target_error
        In the metric's unit.
    size
        Size at which the error is down to it; infinite beyond 100 times the data.
    within
        Probability that it is reached at so many times the data at hand.
    answer
        ``number`` only where the target is reached within 100 times the data with
        probability 0.8 or more and the ends of the interval are within a factor of 30;
        ``at_least`` otherwise.
    """

    target_error: float
    size: Distribution
    within: dict[float, float]
    answer: SizeAnswer

    @classmethod
    def of(cls, law: Law, target_error: float) -> SampleSize:
        """Ask a law for the size that a target error needs."""
        size = sample_size(law, target_error)
        last = float(law.curve.n[-1])
        within = {times: size.below(times * last) for times in TIMES}
        return cls(float(target_error), size, within, _answer(law, float(target_error), size))

    @property
    def at_least(self) -> float:
        """Size that is exceeded with probability 0.9."""
        return self.size.quantile(0.1)

    def to_json(self) -> dict[str, Any]:
        """Sizes are null where they mean nothing: see ``answer``."""
        answer: dict[str, Any] = self.size.to_answer()
        if self.answer not in {SizeAnswer.NUMBER, SizeAnswer.REACHED}:
            for key in ("median", "low", "high", "enough_with_90_percent"):
                answer[key] = None
        if self.answer is SizeAnswer.NOT_SHOWN:
            answer["at_least_with_90_percent"] = None
        return {
            "target_error": self.target_error,
            "answer": str(self.answer),
            **answer,
            "probability_within": {f"{times:g}": p for times, p in self.within.items()},
        }


def _answer(law: Law, target: float, size: Distribution) -> SizeAnswer:
    if target >= law.curve.error[-1]:
        return SizeAnswer.REACHED
    if any(flag in law.flags for flag in NO_HELP):
        return SizeAnswer.NOT_SHOWN
    sure = 1 - size.p_infinite >= MOSTLY and size.high <= WIDEST * size.low
    return SizeAnswer.NUMBER if sure else SizeAnswer.AT_LEAST


def sample_size(law: Law, target_error: float) -> Distribution:
    """Smallest size at which the error reaches a target, for each joint draw of the law.

    For an error below the present one, the size lies beyond the data at hand; each draw
    keeps to one side of its form, so that a level is not called reached because a path
    wandered across it.

    Parameters
    ----------
    law
        A fitted law.
    target_error
        Error to reach, in the metric's unit.

    Returns
    -------
    Distribution
        Sizes; infinite where the target lies under the limit, or needs more than a
        hundred times the largest size seen.

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
    if target < law.curve.error[-1]:
        grid = np.geomspace(last, last * HORIZON, STEPS)
        reached = first_crossing(grid, law.draws.curves(grid), np.array([target]))
        return Distribution(np.maximum(reached, last), law.level)
    grid = np.geomspace(first, last, STEPS) if last > first else np.array([last])
    reached = first_crossing(grid, law.draws.curves(grid), np.array([target]))
    return Distribution(np.minimum(reached, last), law.level)


@dataclass(frozen=True)
class Ahead:
    """The error expected at a multiple of the data at hand.

    Attributes
    ----------
    times, n_source
        The multiple, and the size it comes to.
    error
        In the metric's unit.
    probability_lower
        Probability that it is lower than the present one by `WORTH` of it.
    """

    times: float
    n_source: float
    error: Distribution
    probability_lower: float

    def to_json(self) -> dict[str, float | None]:
        """Return plain JSON values."""
        return {
            "times": self.times,
            "n_source": self.n_source,
            "median": finite(self.error.median),
            "low": finite(self.error.low),
            "high": finite(self.error.high),
            "probability_lower": self.probability_lower,
        }


WORTH = 0.05
"""Relative fall of the error that counts as lower."""


def outlook(law: Law, times: tuple[float, ...] = TIMES) -> tuple[Ahead, ...]:
    """What to expect at multiples of the data at hand."""
    last = float(law.curve.n[-1])
    curves = law.draws.curves(last * np.array([1.0, *times]))
    lower = np.mean(curves[:, 1:] <= (1 - WORTH) * curves[:, :1], axis=0)
    return tuple(
        Ahead(t, t * last, Distribution(curves[:, k + 1], law.level), float(lower[k]))
        for k, t in enumerate(times)
    )


def gain(law: Law, more: float) -> Distribution:
    """Fall of the error, in the metric's unit, when ``more`` values join the largest size."""
    last = float(law.curve.n[-1])
    sizes = np.array([last, last + above_zero("more", more)])
    now, then = law.draws.curves(sizes, smooth=True).T
    return Distribution(now - then, law.level)


def next_doubling(law: Law) -> Distribution:
    """Fall of the error, in the metric's unit, when the largest size seen is doubled."""
    return gain(law, float(law.curve.n[-1]))


def gain_per_cost(law: Law, cost: float) -> Distribution:
    """Fall of the error per unit of cost for the next value, at ``cost`` per value.

    The slope of each draw's law at the largest size seen, in the metric's unit per unit of
    cost.
    """
    last = float(law.curve.n[-1])
    step = 1e-3
    now, then = law.draws.curves(np.array([last, last * (1 + step)]), smooth=True).T
    return Distribution((now - then) / (last * step * above_zero("cost", cost)), law.level)


@dataclass(frozen=True)
class Limit:
    """Limit of the error, and how much of it is scatter between repeated measurements.

    Attributes
    ----------
    gap
        The transfer gap C, in the metric's unit.
    probability_no_limit_seen
        How likely the data leave the limit open.
    noise_floor
        Scatter of repeated measurements, where it is known.
    model
        The model's part of an RMSE limit, sqrt(C² - noise_floor²), as variances add.
    """

    gap: Distribution
    probability_no_limit_seen: float
    noise_floor: float | None = None
    model: Distribution | None = None

    @property
    def open(self) -> bool:
        """Whether only an upper bound is known."""
        return self.probability_no_limit_seen > (1 - self.gap.level) / 2

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        answer: dict[str, Any] = self.gap.to_answer()
        answer["probability_no_limit_seen"] = self.probability_no_limit_seen
        if self.noise_floor is not None and self.model is not None:
            answer["noise_floor"] = self.noise_floor
            answer["model_gap"] = self.model.to_answer()
            answer["probability_below_noise_floor"] = self.gap.below(self.noise_floor)
        return answer


def attainable_limit(law: Law) -> Limit:
    """Limit of the error that no amount of this computed data passes."""
    gap, floor = law.draws.gap, law.noise_floor
    unseen = float(np.mean(gap < UNSEEN * float(law.curve.error[-1])))
    model = None
    if floor is not None:
        model = Distribution(np.sqrt(np.maximum(gap**2 - floor**2, 0.0)), law.level)
    return Limit(Distribution(gap, law.level), unseen, floor, model)


@dataclass(frozen=True)
class Stopping:
    """Whether the next batch is worth computing.

    Attributes
    ----------
    batch, matters
        Values in the batch, and the smallest fall of the error worth it.
    stop
        The 90 % upper bound of the gain lies below ``matters``.
    probability_worth_it
        Probability that the gain is at least ``matters``.
    gain
        Fall of the error, in the metric's unit.
    """

    batch: float
    matters: float
    stop: bool
    probability_worth_it: float
    gain: Distribution

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "batch": self.batch,
            "matters": self.matters,
            "stop": self.stop,
            "probability_worth_it": self.probability_worth_it,
            "gain": self.gain.to_answer(),
        }


def stopping(law: Law, batch: float, matters: float) -> Stopping:
    """Say whether to stop: the next batch almost surely gains less than what matters.

    Parameters
    ----------
    batch
        Number of values in the next batch.
    matters
        Smallest fall of the error worth a batch, in the metric's unit.
    """
    worth = above_zero("matters", matters)
    expected = gain(law, batch)
    return Stopping(
        float(batch),
        worth,
        bool(expected.quantile(0.9) < worth),
        float(np.mean(expected.draws >= worth)),
        expected,
    )
