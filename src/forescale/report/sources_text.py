"""Several sources in words: which to grow, the same on the terminal and on the page."""

from __future__ import annotations

from forescale.planning import Growth, SourcesPlan
from forescale.words import count, interval, m_name, number, percent, spaced_unit

HEADS = (
    "Source", "At hand", "Cost of one", "Gain of the next doubling", "For the same sum",
    "Gain", "Best with",
)  # fmt: skip


def sentence(plan: SourcesPlan, unit: str | None) -> str:
    """Return which way to spend a sum, and how sure that is."""
    best = plan.best
    sum_ = f"{count(plan.spend)} more values" if not plan.costs_known else (
        f"A cost of {number(plan.spend)}"
    )  # fmt: skip
    if plan.probability_none > 0.5:
        return (
            f"{sum_}: no source is shown to help by growing (probability "
            f"{percent(plan.probability_none)} that none lowers the error)."
        )
    what = "measuring" if best is plan.measuring else f"growing {best.name}"
    amount = f"{count(best.values)} more values, which lower the error by"
    gain = f"{interval(best.gain)}{spaced_unit(unit)}"
    chance = f"probability {percent(best.probability_best)} that it is the best way"
    if plan.is_sure:
        return f"{sum_} is best spent on {what}: {amount} {gain} ({chance})."
    return (
        f"{sum_}: the data do not tell yet which way is best; likeliest is {what}, {amount} {gain} "
        f"({chance})."
    )


def worth(plan: SourcesPlan) -> str:
    """Return what a value of each source is worth in values of the best one; may be empty."""
    law = plan.law
    if law is None:
        return ""
    others = [
        f"one value of {name} is worth {interval(one)}"
        for name, one in zip(law.names, law.worth, strict=True)
        if name != law.best
    ]
    text = f"In values of {law.best}: {'; '.join(others)}"
    if law.form == "separate":
        return f"{text}. Sources that each lower a part of the error fit the cells better, though."
    return f"{text}."


def rows(plan: SourcesPlan) -> list[list[str]]:
    """Rows of the table under `HEADS`."""
    return [_row(one, plan) for one in plan.ways]


def _row(one: Growth, plan: SourcesPlan) -> list[str]:
    return [
        one.name,
        count(one.n_source),
        number(one.cost) if plan.costs_known else "not said",
        interval(one.doubling),
        f"{count(one.values)} more",
        interval(one.gain),
        percent(one.probability_best),
    ]


def lines(plan: SourcesPlan, unit: str | None) -> list[str]:
    """Return the answer as lines for the terminal."""
    found = [f"Sources (m = {m_name(plan.n_target)}): {sentence(plan, unit)}"]
    for one in plan.ways:
        cost = f", {number(one.cost)} each" if plan.costs_known else ""
        found.append(
            f"  {one.name} ({count(one.n_source)}{cost}): {count(one.values)} more gain "
            f"{interval(one.gain)}, twice as many {interval(one.doubling)}; best with probability "
            f"{percent(one.probability_best)}"
        )
    if told := worth(plan):
        found.append(f"  {told}")
    return found
