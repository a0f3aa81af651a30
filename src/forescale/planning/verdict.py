"""One verdict: compute more, measure more, stop, or cannot tell yet, and what would tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from forescale.laws import FLAG_MEANINGS, JointLaw, Law, RunLaws
from forescale.planning.allocation import Allocation
from forescale.planning.next_size import NextSize
from forescale.planning.size import NO_HELP, WORTH, SampleSize, SizeAnswer, Stopping
from forescale.words import count, number, percent, size, spaced_unit

AHEAD = 8.0
"""Times the data at hand over which computing has to pay: three doublings."""
SURE = 0.8
"""Probability from which, or up to one minus which, a question counts as answered."""
_WORTH = f"{100 * WORTH:g}\u00a0%"
FEWEST = 4
"""Sizes n without which nothing is told."""


class Action(StrEnum):
    """What to do next."""

    COMPUTE = "compute more"
    MEASURE = "measure more"
    STOP = "stop"
    OPEN = "cannot tell yet"


@dataclass(frozen=True)
class Verdict:
    """What to do next at one number of measured values, and why.

    Attributes
    ----------
    decision
        What to do.
    metric, n_target
        What it is about.
    reason
        Why, in words.
    would_tell
        What would make it surer, in words; empty where nothing is needed.
    probability_computing_pays
        Probability that eight times the computed data lowers the error by 5 % (or that a
        batch gains what matters, where that was said).
    probability_measuring_pays
        Probability that twice the measured data lowers it by 5 %; None where no law over n
        and m could be fitted.
    """

    decision: Action
    metric: str | None
    n_target: int | None
    reason: str
    would_tell: str
    probability_computing_pays: float
    probability_measuring_pays: float | None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "verdict": str(self.decision),
            "metric": self.metric,
            "n_target": self.n_target,
            "reason": self.reason,
            "would_tell": self.would_tell or None,
            "probability_computing_pays": self.probability_computing_pays,
            "probability_measuring_pays": self.probability_measuring_pays,
        }


@dataclass(frozen=True)
class Evidence:
    """Everything a verdict rests on, at one number of measured values."""

    law: Law
    joint: JointLaw | None
    sizes: tuple[SampleSize, ...]
    run_next: NextSize
    stopping: Stopping | None
    allocation: Allocation | None
    unit: str | None

    @property
    def computing(self) -> float:
        """Probability that computing pays."""
        if self.stopping is not None:
            return self.stopping.probability_worth_it
        return computing_pays(self.law)

    @property
    def measuring(self) -> float | None:
        """Probability that measuring pays."""
        m = self.law.n_target
        if self.joint is None or not m:
            return None
        return measuring_pays(self.joint, float(self.law.curve.n[-1]), m)


def computing_pays(law: Law, ahead: float = AHEAD) -> float:
    """Probability that so many times the data lowers the error by `WORTH`."""
    if "harmful" in law.flags:
        return 0.0
    last = float(law.curve.n[-1])
    now, then = law.draws.curves(np.array([last, ahead * last])).T
    return float(np.mean(then <= (1 - WORTH) * now))


def measuring_pays(joint: JointLaw, n: float, m: float) -> float:
    """Probability that twice the measured data lowers the error by `WORTH`."""
    now, then = joint.draws.errors(np.array([n, n]), np.array([m, 2.0 * m])).T
    return float(np.mean(then <= (1 - WORTH) * now))


def judge(evidence: Evidence, asked: bool) -> Verdict:
    """Weigh what is known at one number of measured values.

    Parameters
    ----------
    evidence
        Law, joint law and answers there.
    asked
        Whether the target errors among the sample sizes are the user's own: they are then
        what decides whether computing pays.
    """
    decision, reason = _decide(evidence, asked)
    tell = _would_tell(evidence) if decision is Action.OPEN else ""
    return Verdict(
        decision,
        evidence.law.metric,
        evidence.law.n_target,
        reason,
        tell,
        evidence.computing,
        evidence.measuring,
    )


def _decide(evidence: Evidence, asked: bool) -> tuple[Action, str]:
    law = evidence.law
    goal = min(evidence.sizes, key=lambda s: s.target_error) if asked and evidence.sizes else None
    if len(law.curve.n) < FEWEST:
        return Action.OPEN, f"{len(law.curve.n)} sizes of the computed data give no law"
    if goal is not None and goal.answer is SizeAnswer.REACHED:
        reached = f"the error of {number(goal.target_error)}{spaced_unit(evidence.unit)}"
        return Action.STOP, f"{reached} that was asked for is reached with the data at hand"
    pays = evidence.computing if goal is None else goal.within[max(goal.within)]
    words = _pays_words(evidence, goal, pays)
    if pays >= SURE:
        return _which_side(evidence, words)
    if "capacity_limited" in law.flags:
        return Action.OPEN, f"{words}, but the learner, not the data, may make the limit"
    if pays > 1 - SURE:
        return Action.OPEN, words
    return _beside_computing(evidence, words)


def _pays_words(evidence: Evidence, goal: SampleSize | None, pays: float) -> str:
    law, unit = evidence.law, spaced_unit(evidence.unit)
    held = next((FLAG_MEANINGS[flag] for flag in NO_HELP if flag in law.flags), None)
    if goal is not None:
        most = f"{max(goal.within):g} times the computed data"
        reach = f"{most} reach {number(goal.target_error)}{unit} with probability {percent(pays)}"
        return f"{held}; {reach}" if held and pays < SURE else reach
    if evidence.stopping is not None:
        batch, worth = evidence.stopping.batch, evidence.stopping.matters
        return (
            f"{count(batch)} more computed values gain {number(worth)}{unit} or more with "
            f"probability {percent(pays)}"
        )
    fall = (
        f"{AHEAD:g} times the computed data lower the error by {_WORTH} or more with "
        f"probability {percent(pays)}"
    )
    return f"{held}; {fall}" if held and pays < SURE else fall


def _which_side(evidence: Evidence, words: str) -> tuple[Action, str]:
    """Computing pays; measuring may pay more."""
    split = evidence.allocation
    if split is not None:
        sure = split.probability_source
        spent = f"a budget of {number(split.budget)}"
        if sure <= 1 - SURE and split.source_share < 0.5:
            return Action.MEASURE, (
                f"{words}, but {spent} gains more when it is spent on measuring "
                f"(probability {percent(1 - sure)})"
            )
        return Action.COMPUTE, (
            f"{words}; of {spent}, {percent(split.source_share)} on computing is best"
        )
    measuring = evidence.measuring
    if measuring is not None and measuring >= SURE:
        return Action.COMPUTE, (
            f"{words}; twice the measured data would pay as well (probability "
            f"{percent(measuring)}), and costs decide between them"
        )
    return Action.COMPUTE, words


def _beside_computing(evidence: Evidence, words: str) -> tuple[Action, str]:
    """Computing does not pay: measure, or stop."""
    measuring = evidence.measuring
    if measuring is None:
        return Action.STOP, words
    twice = (
        f"twice the measured data lower it by {_WORTH} or more with probability "
        f"{percent(measuring)}"
    )
    decision = Action.MEASURE if measuring >= 0.5 else Action.STOP
    return decision, f"{words}; {twice}"


def _would_tell(evidence: Evidence) -> str:
    law, run = evidence.law, evidence.run_next
    last, replicates = float(law.curve.n[-1]), int(np.median(law.curve.replicates))
    if "capacity_limited" in law.flags:
        return "the same study with twice the learner's capacity"
    if len(law.curve.n) < FEWEST:
        return f"errors at {FEWEST} or more sizes of the computed data, over a decade or more"
    sharper = f"the forecast {sharpness(run.reduction)} times as sharp"
    if run.n_source > last:
        return f"a run at n = {size(run.n_source)}, which makes {sharper}"
    return (
        f"more replicates at n = {size(run.n_source)} (now {count(replicates)}), which make "
        f"{sharper}"
    )


def sharpness(reduction: float) -> str:
    """By how much an interval narrows where its variance falls by a share.

    >>> sharpness(0.75), sharpness(0.89)
    ('2', '3')
    """
    factor = 1 / np.sqrt(max(1 - reduction, 1e-4))
    return f"{factor:.0f}" if factor >= 1.95 else f"{factor:.1f}"


def study_verdict(verdicts: Iterable[Verdict], laws: RunLaws) -> Verdict:
    """Return the verdict of the law that stands for the study."""
    leading = laws.leading()
    return next(v for v in verdicts if (v.metric, v.n_target) == (leading.metric, leading.n_target))
