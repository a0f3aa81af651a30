"""The answers of a study in plain words, and the tables of the laws and the plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from forescale.laws import FLAG_MEANINGS, Law
from forescale.laws.flags import UNREADABLE, readable
from forescale.metrics import Metric
from forescale.report import plan_text
from forescale.report.cells import by_replicate, half_width
from forescale.report.contents import Contents
from forescale.words import (
    ABSENT,
    count,
    interval,
    listed,
    m_name,
    number,
    percent,
    spaced_unit,
    with_interval,
)


@dataclass(frozen=True)
class Change:
    """What the computed data does to the error at one m; negative is better."""

    mean: float
    low: float
    high: float
    scratch: float

    @property
    def relative(self) -> float:
        """Change as a share of the scratch error."""
        return self.mean / self.scratch if self.scratch else math.nan

    @property
    def verdict(self) -> str:
        """One word: whether the interval lies on one side of no change."""
        if not math.isfinite(self.low):
            return "lower" if self.mean < 0 else "higher"
        return "lower" if self.high < 0 else "higher" if self.low > 0 else "unclear"


def change_by_source(contents: Contents, metric: str, m: int) -> Change | None:
    """Paired change of the error from scratch to all n, at one m."""
    values = by_replicate(contents.errors, metric)
    before, after = (0, m), (contents.n_source[-1], m)
    if before not in values or after not in values:
        return None
    change = (values[after] - values[before]).dropna()
    half = half_width(float(change.std()), len(change), contents.level)
    mean = float(change.mean())
    return Change(mean, mean - half, mean + half, float(values[before].mean()))


def headline(contents: Contents, metric: str, m: int | None = None) -> list[str]:
    """Return the main answers as sentences, at the most measured values unless said."""
    whole = m is None or m == contents.n_target[-1]
    m = contents.n_target[-1] if m is None else m
    sentences = [_now(contents, metric, m), _best_gain(contents, metric, m) if whole else ""]
    answers = contents.plan.of(metric, m)
    if answers is not None:
        sentences.insert(0, f"Verdict: {plan_text.verdict_text(answers.verdict)}")
    law = contents.law(metric, m)
    if law is not None:
        sentences += [_law_sentence(contents, law, m), _capacity(law), _doubling(contents, law, m)]
    if metric == Metric.RMSE and whole:
        sentences.append(_floor(contents, m))
    return [sentence for sentence in sentences if sentence]


def _now(contents: Contents, metric: str, m: int) -> str:
    unit, last = spaced_unit(contents.unit), contents.n_source[-1]
    row = contents.cell(metric, last, m)
    if row is None:
        return ""
    tuned = f"fine-tuned on {count(m)} measured ones" if m else "never shown a measured one"
    text = (
        f"Pre-trained on {count(last)} computed values of {contents.property_name} and {tuned}, "
        f"the predictor has a {Metric(metric).description} of "
        f"{with_interval(row['mean'], row['mean_low'], row['mean_high'])}{unit} on measured "
        "materials it has not seen."
    )
    change = change_by_source(contents, metric, m)
    if change is None:
        return text
    without = f" Without the computed data it is {number(change.scratch)}{unit}"
    verdict = {
        "lower": f": the database lowers the error by {percent(-change.relative)}.",
        "higher": f": the database raises the error by {percent(change.relative)}.",
        "unclear": ": the replicates cannot tell the two apart.",
    }
    return text + without + verdict[change.verdict]


def _best_gain(contents: Contents, metric: str, m: int) -> str:
    changes = {size: change_by_source(contents, metric, size) for size in contents.n_target}
    lower = {s: c for s, c in changes.items() if c is not None and c.verdict == "lower"}
    if not lower:
        return ""
    best = min(lower, key=lambda size: lower[size].relative)
    if best == m:
        return ""
    return (
        f"The computed data helps most with {count(best)} measured values, where it lowers the "
        f"error by {percent(-lower[best].relative)}."
    )


def _law_sentence(contents: Contents, law: Law, m: int) -> str:
    unit, gap = spaced_unit(contents.unit), law.transfer_gap
    if not readable(law.flags):
        why = listed([FLAG_MEANINGS[flag] for flag in law.flags if flag in UNREADABLE])
        return f"At m = {count(m)} no scaling law can be read from this curve: {why}."
    if "levelled_off" in law.flags:
        return (
            f"At m = {count(m)} the error has levelled off, on other materials of this kind at "
            f"{interval(gap)}{unit}: more of this computed data is not shown to help."
        )
    start = (
        f"At m = {count(m)} the error falls as a power of n, with decay rate "
        f"{interval(law.decay_rate)}."
    )
    if "not_bent_yet" in law.flags:
        return (
            f"{start} The limit that no amount of this computed data passes on other materials "
            f"of this kind lies below "
            f"{number(gap.high)}{unit}; the data cannot tell yet."
        )
    return (
        f"{start} The limit that no amount of this computed data passes on other materials of "
        f"this kind (the transfer gap) is {interval(gap)}{unit}."
    )


def _capacity(law: Law) -> str:
    change = law.half_capacity_change
    if change is None:
        return ""
    start = (
        "With half the learner's capacity the error at the largest n is "
        f"{percent(abs(change))} {'higher' if change > 0 else 'lower'}"
    )
    if "capacity_limited" in law.flags:
        return f"{start}: the limit may be the learner's, not the data's."
    return f"{start}, so the learner does not make the limit."


def _doubling(contents: Contents, law: Law, m: int) -> str:
    answers = contents.plan.of(law.metric, m)
    if answers is None:
        return ""
    gain, unit = answers.next_doubling, spaced_unit(contents.unit)
    start = f"Doubling the database to {count(2 * contents.n_source[-1])}"
    if gain.low > 0:
        now = float(law.curve.error[-1])
        shares = with_interval(*(100 * v / now for v in (gain.median, gain.low, gain.high)))
        return (
            f"{start} is expected to bring {shares}\u00a0%: it lowers the error by "
            f"{interval(gain)}{unit}."
        )
    return (
        f"{start} is not shown to help: it may lower the error by up to {number(gain.high)}{unit} "
        f"or raise it by up to {number(-gain.low)}{unit}."
    )


def _floor(contents: Contents, m: int) -> str:
    floor, repeated = contents.noise_floor, contents.manifest.noise_floor_materials
    if floor is None and repeated is None:
        return ""  # a run of a release that did not count them
    if floor is None:
        if repeated:
            verb = "material of the target was" if repeated == 1 else "materials of the target were"
            few = f"Only {count(repeated)} {verb}"
        else:
            few = "No material of the target was"
        return (
            f"{few} measured more than once, so the noise floor of the measurements is not known."
        )
    text = (
        f"Repeated measurements of one material scatter by {number(floor)}"
        f"{spaced_unit(contents.unit)} (noise floor, from "
        f"{count(contents.manifest.noise_floor_materials)} materials): "
    )
    row = contents.cell("rmse", contents.n_source[-1], m)
    if row is not None and row["mean"] < floor:
        return (
            f"{text}more than the error above, so these materials are not typical of the "
            "measured data and the floor says little."
        )
    return f"{text}an error near it leaves nothing to learn."


def flags_in_words(contents: Contents, metric: str) -> list[tuple[str, str, str]]:
    """Return every flag raised: word, meaning, and the m it holds for."""
    held: dict[str, list[str]] = {}
    for law in contents.laws:
        for flag in law.flags if law.metric == metric else ():
            held.setdefault(flag, []).append(m_name(law.n_target or 0))
    return [
        (flag, FLAG_MEANINGS.get(flag, flag), listed(held[flag]))
        for flag in [*FLAG_MEANINGS, *(set(held) - set(FLAG_MEANINGS))]
        if flag in held
    ]


def error_rows(contents: Contents, metric: str) -> list[list[str]]:
    """Rows of the summary: m, scratch, with all n, change, limit, next doubling."""
    rows = []
    for m in [0, *contents.n_target]:
        now = contents.cell(metric, contents.n_source[-1], m)
        if now is None:
            continue
        change, answers = change_by_source(contents, metric, m), contents.plan.of(metric, m)
        rows.append(
            [
                m_name(m),
                ABSENT if change is None else number(change.scratch),
                with_interval(now["mean"], now["mean_low"], now["mean_high"]),
                ABSENT if change is None else _change_text(change),
                limit_text(contents.law(metric, m)),
                ABSENT if answers is None else interval(answers.next_doubling),
            ]
        )
    return rows


def _change_text(change: Change) -> str:
    shares = [100 * v / change.scratch for v in (change.mean, change.low, change.high)]
    text = f"{with_interval(*shares)}\u00a0%" if change.scratch else ABSENT
    return f"{text}, unclear" if change.verdict == "unclear" else text


def limit_text(law: Law | None) -> str:
    """Limit with its interval; only its upper bound where the curve has not bent."""
    if law is None:
        return ABSENT
    if not readable(law.flags):
        return "no law"
    if "not_bent_yet" in law.flags:
        return f"below {number(law.transfer_gap.high)}"
    return interval(law.transfer_gap)


def law_rows(contents: Contents, metric: str) -> list[list[str]]:
    """Rows of the parameters: m, alpha, D, C, R² of the fit, forms mixed, flags."""
    rows = []
    for law in contents.laws:
        if law.metric != metric:
            continue
        rows.append(
            [
                m_name(law.n_target or 0),
                *_parameters(law),
                number(law.r_squared),
                forms_text(law),
                ", ".join(flag.replace("_", " ") for flag in law.flags) or "none",
            ]
        )
    return rows


FORM_WORDS = {
    "power": "power law without a limit",
    "power_limit": "power law with a limit",
    "knee": "flat, then a power law",
    "saturating": "bends sharply into its limit",
    "slowing": "sum of two powers",
    "flat": "plateau",
    "stopped": "falls, then a plateau",
}
"""Forms of `forescale.laws.shapes` as people read them."""


def forms_text(law: Law, least: float = 0.05) -> str:
    """The forms that a law mixes, with their weights, the likeliest first.

    Parameters
    ----------
    least
        Weight below which a form is not named.
    """
    ranked = sorted(law.forms.items(), key=lambda one: -one[1])
    named = [f"{FORM_WORDS.get(name, name)} {percent(w)}" for name, w in ranked if w >= least]
    return ", ".join(named) or ABSENT


def _parameters(law: Law) -> list[str]:
    """Decay rate, scale and limit; a law that cannot be read says so instead."""
    if not readable(law.flags):
        return ["cannot be read", "", ""]
    return [interval(law.decay_rate), interval(law.scale), limit_text(law)]


def backtest_rows(contents: Contents, metric: str) -> list[list[str]]:
    """Rows of the backtest, all its cuts together: m, cuts, misses, coverage."""
    rows = []
    for law in contents.laws:
        test = law.backtest
        if law.metric != metric or not test.get("origins"):
            continue
        cuts = listed([count(origin["n_fit_max"]) for origin in test["origins"]])
        rows.append([m_name(law.n_target or 0), cuts, *_backtest_numbers(test)])
    return rows


def _backtest_numbers(test: dict[str, Any]) -> list[str]:
    return [
        count(test["points"]),
        _miss(test["rmsle"]),
        _miss(test["last_value_rmsle"]),
        percent(test["coverage"]),
    ]


def _miss(log_error: float | None) -> str:
    return percent(None if log_error is None else float(np.expm1(log_error)))


def plan_rows(contents: Contents, metric: str) -> list[list[str]]:
    """Rows of sample sizes: m, and what can be said of each error to reach."""
    return [
        [m_name(answers.law.n_target), plan_text.size_text(size, contents.unit)]
        for answers in contents.plan.laws
        if answers.law.metric == metric
        for size in answers.sample_sizes
    ]


def verdict_rows(contents: Contents, metric: str) -> list[list[str]]:
    """Rows of verdicts: m, what to do, why, what would tell."""
    return [
        [
            m_name(answers.law.n_target),
            str(answers.verdict.decision),
            answers.verdict.reason,
            answers.verdict.would_tell or ABSENT,
        ]
        for answers in contents.plan.laws
        if answers.law.metric == metric
    ]


def ahead_rows(contents: Contents, metric: str) -> list[list[str]]:
    """Rows of what to expect: m, then the error at 2, 5, 10 and 100 times the data."""
    return [
        [
            m_name(answers.law.n_target),
            *(f"{interval(a.error)}; {percent(a.probability_lower)}" for a in answers.ahead),
        ]
        for answers in contents.plan.laws
        if answers.law.metric == metric
    ]


def costs(contents: Contents, metric: str) -> list[str]:
    """What was said of costs and budget, and what follows from it."""
    unit, lines = contents.unit, []
    if contents.plan.budget_unanswered:
        lines.append(plan_text.budget_unanswered())
    joint = contents.plan.joint_of(metric)
    if joint is not None and joint.allocation is not None:
        lines.append(plan_text.allocation_text(joint.allocation, unit))
    last = contents.plan.of(metric, contents.n_target[-1])
    if last is not None and last.stopping is not None:
        lines.append(f"{plan_text.stopping_text(last.stopping, unit)}.".capitalize())
    if last is not None and last.gain_per_cost is not None:
        lines.append(
            "The next computed value lowers the error by "
            f"{interval(last.gain_per_cost, unit)} for each unit of cost."
        )
    return lines


def exchange(contents: Contents, metric: str) -> str | None:
    """What experiments and simulations are worth in each other, from the joint law, in words."""
    answers = contents.plan.joint_of(metric)
    return None if answers is None else plan_text.exchange_text(answers)
