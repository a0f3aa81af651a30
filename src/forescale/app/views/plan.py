"""What the plan of a run says to where the sliders stand, from the draws of its laws."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from forescale.app.opened import Opened
from forescale.app.views.results import Choice, sources_of
from forescale.planning import JointPlan, LawPlan, Plan, Questions, make_plan, sharpness
from forescale.planning.plan import default_targets
from forescale.report.figures import surface
from forescale.report.plan_text import exchange_text, limit_text, size_text
from forescale.words import count, interval, m_name, number, percent, size, sizes, spaced_unit
from forescale.workflow import questions_of

_COST_TARGET = 20.0
"""Where the slider of a measured value's cost begins, in computed values, unless the study says."""


@dataclass(frozen=True)
class Slider:
    """A number that can be dragged along a logarithmic scale, or written.

    Attributes
    ----------
    name, label, unit
        Of the number in the address, and for people.
    value, low, high
        Where it stands, and its ends.
    whole
        Whether it counts something.
    """

    name: str
    label: str
    unit: str
    value: float
    low: float
    high: float
    whole: bool = False

    @property
    def place(self) -> str:
        """Where the range stands: logarithms."""
        return f"{math.log(self.value):.6g}"

    @property
    def ends(self) -> tuple[str, str]:
        """Ends of the range, wide enough for where it stands."""
        return (
            f"{math.log(min(self.low, self.value)):.6g}",
            f"{math.log(max(self.high, self.value)):.6g}",
        )

    @property
    def written(self) -> str:
        """The number in its box."""
        if self.whole or self.value >= 1000:
            return f"{self.value:.0f}"
        return f"{self.value:.3g}"


def desk(opened: Opened, metric: str | None, m: int | None) -> dict[str, Any]:
    """Sliders where the study file, or the data, put them, with their answers."""
    chosen = Choice.of(opened.contents, metric, m)
    sliders = _sliders(opened, chosen)
    at = {one.name: one.value for one in sliders}
    questions = Questions.of(
        at["target"],
        **{key: value for key, value in at.items() if key != "target"},
    )
    return {
        "sliders": sliders,
        **answered(opened, chosen.metric, chosen.m, questions),
    }


def answered(opened: Opened, metric: str, m: int, asked: Questions) -> dict[str, Any]:
    """What the plan says to what is asked, in words."""
    chosen = Choice.of(opened.contents, metric, m)
    plan = make_plan(opened.laws.only(chosen.metric, chosen.m), asked, kept=opened.kept)
    law, joint = plan.of(chosen.metric, chosen.m), plan.joint_of(chosen.metric)
    assert law is not None
    return {
        "chosen": chosen,
        "verdict": law.verdict,
        "rows": _rows(plan, law),
        "target": size_text(law.sample_sizes[0], plan.unit) if law.sample_sizes else "",
        "sources": sources_of(plan, chosen.metric),
        "split": None if joint is None else _split(joint, plan.unit),
        "next": _next(joint),
        "have": {"have_source": asked.have_source, "have_target": asked.have_target},
        "ways": None if joint is None else _ways(joint),
        "figure": None if joint is None else _figure(opened, joint),
    }


def worth(opened: Opened, metric: str, m: int, asked: Questions) -> str:
    """What computed and measured values are worth in each other, in words; empty if unknown."""
    chosen = Choice.of(opened.contents, metric, m)
    plan = make_plan(opened.laws.only(chosen.metric, chosen.m), asked, kept=opened.kept)
    joint = plan.joint_of(chosen.metric)
    return "" if joint is None else exchange_text(joint)


def _figure(opened: Opened, joint: JointPlan) -> str:
    shown = surface.chart(opened.ground(joint.law), joint, opened.contents.unit)
    return json.dumps(shown, allow_nan=False)


def _rows(plan: Plan, law: LawPlan) -> list[tuple[str, str]]:
    unit = plan.unit
    last, now = float(law.law.curve.n[-1]), float(law.law.curve.error[-1])
    rows = [
        ("Error now", f"{number(now)}{spaced_unit(unit)} at n = {count(last)}"),
        ("Limit", limit_text(law.limit, law.law.flags, unit)),
        ("Next doubling", f"lowers the error by {interval(law.next_doubling, unit)}"),
    ]  # fmt: skip
    if law.gain_per_cost is not None:
        rows.append(("For each unit of cost", f"{interval(law.gain_per_cost, unit)} lower"))
    run = law.run_next
    rows.append(
        (
            "Run next",
            f"n = {size(run.n_source)}: makes the forecast {sharpness(run.reduction)} times as "
            "sharp",
        )
    )
    return rows


def _split(joint: JointPlan, unit: str | None) -> dict[str, Any] | None:
    split = joint.allocation
    if split is None:
        return None
    share = split.best_share
    return {
        "source": count(split.more_source),
        "target": count(split.more_target),
        "share": round(100 * split.source_share),
        "low": round(100 * share.low),
        "width": max(round(100 * (share.high - share.low)), 1),
        "percent": percent(split.source_share),
        "range": f"{percent(share.low)} to {percent(share.high)}",
        "error": interval(split.error, unit),
        "all_source": interval(split.error_all_source, unit),
        "all_target": interval(split.error_all_target, unit),
        "now": f"{number(joint.error)}{spaced_unit(unit)}",
        "sure": percent(split.probability_source),
    }


def _next(joint: JointPlan | None) -> str:
    """Where the next unit of cost is spent best."""
    split = joint.allocation if joint is not None else None
    if split is None:
        return "No law over n and m together: the two sides cannot be weighed against each other."
    sure = split.probability_source
    side, other, share = (
        ("computed", "measured", sure) if sure >= 0.5 else ("measured", "computed", 1 - sure)
    )
    if share < 0.8:
        return (
            f"Cannot be told: all of the budget on {side} values beats all of it on {other} ones "
            f"with probability {percent(share)} only."
        )
    return (
        f"{side.capitalize()} values: all of the budget on them beats all of it on {other} ones "
        f"with probability {percent(share)}."
    )


def _ways(joint: JointPlan) -> list[tuple[bool, tuple[str, str]]]:
    return [(False, (m_name(round(m)), sizes(found))) for m, found in joint.contours[0].points]


def _sliders(opened: Opened, chosen: Choice) -> list[Slider]:
    contents = opened.contents
    law = contents.law(chosen.metric, chosen.m)
    assert law is not None
    said = questions_of(contents.manifest.study)
    now, last = float(law.curve.error[-1]), float(law.curve.n[-1])
    targets = said.target_errors or tuple(default_targets(law)) or (0.9 * now,)
    lowest = min(0.3 * now, *targets)
    unit = contents.unit
    cost_source = said.cost_source or 1.0
    cost_target = said.cost_target or _COST_TARGET * cost_source
    budget = said.budget or last * cost_source
    sliders = [
        Slider("target", "Error to reach", unit, targets[0], lowest, 1.2 * now),
        Slider("cost_source", "Cost of a computed value", "", cost_source, 1e-3, 1e3),
        Slider("cost_target", "Cost of a measured value", "", cost_target, 1e-2, 1e5),
        Slider("budget", "Budget", "", budget, budget / 1e3, budget * 1e3),
    ]
    joint = opened.laws.joint_of(chosen.metric)
    if joint is not None:
        n, m = joint.surface.corner
        sliders += [
            Slider("have_source", "Computed values at hand", "", n, n / 30, n * 30, whole=True),
            Slider("have_target", "Measured values at hand", "", m, 1.0, m * 30, whole=True),
        ]  # fmt: skip
    return sliders
