"""A plan: typed answers to the planning questions of one study or table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forescale._machine.display import html_table
from forescale._machine.threads import one_thread
from forescale.laws import JointLaw, Law, RunLaws
from forescale.laws.distribution import Distribution
from forescale.metrics import label_of
from forescale.planning.allocation import Allocation, allocate
from forescale.planning.equivalence import Contour, ErrorSurface, Exchange
from forescale.planning.next_size import NextSize, next_sizes
from forescale.planning.questions import Questions
from forescale.planning.size import (
    NO_HELP,
    Ahead,
    Limit,
    SampleSize,
    Stopping,
    attainable_limit,
    gain_per_cost,
    next_doubling,
    outlook,
    stopping,
)
from forescale.planning.sources import SourcesPlan, plan_sources
from forescale.planning.verdict import Evidence, Verdict, judge, study_verdict
from forescale.words import interval, m_name, number


@dataclass(frozen=True)
class LawPlan:
    """Answers of one law: one metric at one number of measured values.

    Attributes
    ----------
    law
        The law that answers.
    verdict
        What to do next here.
    sample_sizes
        Computed values for each error to reach.
    limit
        What no amount of this computed data passes.
    ahead
        The error at 2, 5, 10 and 100 times the data at hand.
    next_doubling
        Fall of the error with twice the data.
    run_next
        The run that would sharpen the forecast most.
    gain_per_cost, stopping
        Where costs, or what matters, were said.
    """

    law: Law
    verdict: Verdict
    sample_sizes: tuple[SampleSize, ...]
    limit: Limit
    ahead: tuple[Ahead, ...]
    next_doubling: Distribution
    run_next: NextSize
    gain_per_cost: Distribution | None = None
    stopping: Stopping | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; "not reachable" is null with its probability beside it."""
        law = self.law
        answers: dict[str, Any] = {
            "curve": law.name,
            "n_target": law.n_target,
            "metric": law.metric,
            "n_last": float(law.curve.n[-1]),
            "last_value": float(law.curve.error[-1]),
            "flags": list(law.flags),
            "verdict": self.verdict.to_json(),
            "sample_size": [size.to_json() for size in self.sample_sizes],
            "attainable_limit": self.limit.to_json(),
            "ahead": [ahead.to_json() for ahead in self.ahead],
            "next_doubling": self.next_doubling.to_answer(),
            "next_size_to_run": self.run_next.to_json(),
        }
        if self.gain_per_cost is not None:
            answers["gain_per_cost"] = self.gain_per_cost.to_answer()
        if self.stopping is not None:
            answers["stopping"] = self.stopping.to_json()
        return answers


class Kept:
    """What does not change with what is asked: whoever asks often keeps it between plans."""

    def __init__(self) -> None:
        self._surfaces: dict[str | None, ErrorSurface] = {}
        self._exchanges: dict[tuple[str | None, float, float], Exchange] = {}

    def surface(self, law: JointLaw) -> ErrorSurface:
        """Errors over (n, m) of the law of one metric."""
        if law.metric not in self._surfaces:
            self._surfaces[law.metric] = ErrorSurface.of(law)
        return self._surfaces[law.metric]

    def exchange(self, law: JointLaw, n: float, m: float) -> Exchange:
        """What values are worth in each other; the last few places are kept."""
        place = (law.metric, n, m)
        if place not in self._exchanges:
            while len(self._exchanges) >= _PLACES:
                self._exchanges.pop(next(iter(self._exchanges)))
            self._exchanges[place] = Exchange.of(law, n, m)
        return self._exchanges[place]


_PLACES = 32


@dataclass(frozen=True)
class JointPlan:
    """Answers of the law over n and m, where all data at hand stand.

    Attributes
    ----------
    law
        The joint law that answers.
    n_source, n_target
        Computed and measured values at hand.
    error
        The error there.
    contours
        For each error, the computed values needed at each number of measured ones.
    kept
        Of plans of the same laws.
    allocation
        How to split a budget, where one was given with costs.
    falls
        Whether the error there is seen to fall with computed values at all; else what they are
        worth in measured ones is no answer.
    """

    law: JointLaw
    n_source: float
    n_target: float
    error: float
    contours: tuple[Contour, ...]
    kept: Kept
    allocation: Allocation | None = None
    falls: bool = True

    @property
    def exchange(self) -> Exchange:
        """What computed and measured values are worth in each other there; found when asked."""
        return self.kept.exchange(self.law, self.n_source, self.n_target)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        answers: dict[str, Any] = {
            "metric": self.law.metric,
            "n_source": self.n_source,
            "n_target": self.n_target,
            "error": self.error,
            "forms": self.law.forms,
            "falls": self.falls,
            "simulations_per_experiment": self.exchange.one_experiment.to_answer(),
            "marginal_simulations_per_experiment": self.exchange.marginal.to_answer(),
            "simulations_for_doubled_experiments": self.exchange.doubled_experiments.to_answer(),
            "experiments_for_doubled_simulations": self.exchange.doubled_simulations.to_answer(),
            "contours": [one.to_json() for one in self.contours],
        }
        if self.allocation is not None:
            answers["allocation"] = self.allocation.to_json()
        return answers


@dataclass(frozen=True)
class Plan:
    """Answers for each law of a study, and for its joint laws.

    Attributes
    ----------
    laws, joint
        Answers of each law and joint law.
    source
        The laws that were asked.
    questions
        What was asked.
    sources
        Which of several sources to grow, one answer a metric; none where there is one source.
    """

    laws: tuple[LawPlan, ...]
    joint: tuple[JointPlan, ...]
    source: RunLaws
    questions: Questions
    sources: tuple[SourcesPlan, ...] = ()

    def __repr__(self) -> str:
        """Return the verdict, and how many laws were asked."""
        verdict = self.verdict
        return f"Plan({verdict.decision}: {verdict.reason}; {len(self.laws)} laws asked)"

    def _repr_html_(self) -> str:
        """Return the answers of each law as a table, for a notebook."""
        heads = ("metric", "m", "verdict", "error now", "limit", "next doubling brings")
        rows = (
            (
                label_of(one.law.metric or one.law.name or ""),
                m_name(one.law.n_target or 0),
                f"{one.verdict.decision}: {one.verdict.reason}",
                number(float(one.law.curve.error[-1])),
                interval(one.limit.gap),
                interval(one.next_doubling),
            )
            for one in self.laws
        )
        unit = f", errors in {self.unit}" if self.unit else ""
        return html_table(f"Plan{unit}", rows, heads)

    @property
    def unit(self) -> str | None:
        """Unit of every error."""
        return self.source.unit

    @property
    def verdict(self) -> Verdict:
        """The verdict for the study: its first metric, with all measured values at hand."""
        return study_verdict((answers.verdict for answers in self.laws), self.source)

    def of(self, metric: str | None, m: int | None) -> LawPlan | None:
        """Return the answers at one metric and number of measured values."""
        return next((a for a in self.laws if (a.law.metric, a.law.n_target) == (metric, m)), None)

    def sources_of(self, metric: str | None) -> SourcesPlan | None:
        """Return which of several sources to grow, by one metric."""
        return next((one for one in self.sources if one.metric == metric), None)

    def joint_of(self, metric: str | None) -> JointPlan | None:
        """Return the answers over n and m of one metric."""
        return next((a for a in self.joint if a.law.metric == metric), None)

    @property
    def budget_unanswered(self) -> bool:
        """Whether a budget was given that no joint law could split."""
        return self.questions.budget is not None and not self.joint

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; "not reachable" is null with its probability beside it."""
        return {
            "metric_unit": self.unit,
            "verdict": self.verdict.to_json(),
            "replicates": {"finished": self.source.replicates, "asked": self.source.asked},
            "laws": [answers.to_json() for answers in self.laws],
            "joint": [answers.to_json() for answers in self.joint],
            **({"sources": [one.to_json() for one in self.sources]} if self.sources else {}),
        }


@one_thread()
def make_plan(
    laws: RunLaws | Law, questions: Questions | None = None, *, kept: Kept | None = None
) -> Plan:
    """Answer the planning questions for the laws of a run, or for one law.

    Parameters
    ----------
    laws
        `RunLaws` of a run or of a table, or one law.
    questions
        Errors to reach, costs, budget and what gain matters.
    kept
        Of earlier plans of the same laws, so that a further question is answered at once.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> import numpy as np
    >>> n = 100 * 2.0 ** np.arange(8)
    >>> plan = make_plan(fit_law(n, 3 * n**-0.5 + 0.2), Questions.of(0.21))
    >>> plan.laws[0].sample_sizes[0].answer
    <SizeAnswer.NUMBER: 'number'>
    """
    source = RunLaws.of_laws(laws) if isinstance(laws, Law) else laws
    asked = questions or Questions()
    kept = kept or Kept()
    joint = tuple(_joint_plan(law, source, asked, kept) for law in source.joint)
    splits = {answers.law.metric: answers.allocation for answers in joint}
    answers = tuple(_law_plan(law, source, asked, splits.get(law.metric)) for law in source.laws)
    several = (plan_sources(source, metric, asked) for metric in source.metrics)
    return Plan(answers, joint, source, asked, tuple(one for one in several if one is not None))


def _law_plan(law: Law, source: RunLaws, asked: Questions, split: Allocation | None) -> LawPlan:
    last = float(law.curve.n[-1])
    sizes = tuple(
        SampleSize.of(law, target) for target in asked.target_errors or default_targets(law)
    )
    run_next = next_sizes(law)[0]
    stop = None
    if asked.matters is not None:
        stop = stopping(law, asked.batch or last, asked.matters)
    joint = source.joint_of(law.metric)
    here = split if joint is not None and law.n_target == joint.surface.corner[1] else None
    evidence = Evidence(law, joint, sizes, run_next, stop, here, source.unit)
    return LawPlan(
        law=law,
        verdict=judge(evidence, bool(asked.target_errors)),
        sample_sizes=sizes,
        limit=attainable_limit(law),
        ahead=outlook(law),
        next_doubling=next_doubling(law),
        run_next=run_next,
        gain_per_cost=None if asked.cost_source is None else gain_per_cost(law, asked.cost_source),
        stopping=stop,
    )


def default_targets(law: Law) -> list[float]:
    """Halfway, and nine tenths of the way, to the limit, where the data tell it."""
    if {"not_bent_yet", "too_few_sizes", *NO_HELP} & set(law.flags):
        return []
    last, limit = float(law.curve.error[-1]), law.transfer_gap.estimate
    if limit >= last:
        return []
    return [last - part * (last - limit) for part in (0.5, 0.9)]


def _joint_plan(law: JointLaw, source: RunLaws, asked: Questions, kept: Kept) -> JointPlan:
    n, m = law.surface.corner
    n, m = asked.have_source or n, asked.have_target or m
    curves = [one for one in source.laws if one.metric == law.metric and one.n_target]
    near = min(curves, key=lambda one: abs(np.log((one.n_target or m) / m)), default=None)
    here = float(law.predict(n, m).median[0])
    split = None
    if asked.budget is not None and asked.cost_source is not None and asked.cost_target is not None:
        split = allocate(law, n, m, asked.budget, asked.cost_source, asked.cost_target)
    surface = kept.surface(law)
    return JointPlan(
        law=law,
        n_source=n,
        n_target=m,
        error=here,
        contours=tuple(surface.contour(error) for error in asked.target_errors or (here,)),
        kept=kept,
        allocation=split,
        falls=near is None or not set(NO_HELP) & set(near.flags),
    )
