"""The answers of a study in plain words, and the tables of the laws and the plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from forescale.laws import FLAG_MEANINGS, Law
from forescale.report.cells import by_replicate, half_width
from forescale.report.contents import METRIC_WORDS, Contents
from forescale.report.interactive import spaced_unit
from forescale.report.text import ABSENT, count, listed, number, percent, with_interval


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


def headline(contents: Contents, metric: str) -> list[str]:
    """Return the main answers as sentences."""
    m = contents.n_target[-1]
    sentences = [_now(contents, metric, m), _best_gain(contents, metric, m)]
    law = contents.law(metric, m)
    if law is not None:
        sentences += [_law_sentence(contents, law, m), _capacity(law), _doubling(contents, law, m)]
    if metric == "rmse":
        sentences.append(_floor(contents, m))
    return [sentence for sentence in sentences if sentence]


def _now(contents: Contents, metric: str, m: int) -> str:
    unit, last = spaced_unit(contents.unit), contents.n_source[-1]
    row = contents.cell(metric, last, m)
    if row is None:
        return ""
    text = (
        f"Pre-trained on {count(last)} computed values of {contents.property_name} and fine-tuned "
        f"on {count(m)} measured ones, the predictor has a {METRIC_WORDS[metric]} of "
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
    if "not_decreasing" in law.flags:
        return (
            f"At m = {count(m)} the error does not fall as the computed database grows: "
            "no scaling law can be read from this curve, and more of this data is not "
            "expected to help."
        )
    start = (
        f"At m = {count(m)} the error falls as a power of n, with decay rate "
        f"{with_interval(law.decay_rate.estimate, law.decay_rate.low, law.decay_rate.high)}."
    )
    if "not_bent_yet" in law.flags:
        return (
            f"{start} The limit that no amount of this computed data passes lies between 0 and "
            f"{number(gap.high)}{unit}; the data cannot tell yet."
        )
    return (
        f"{start} The limit that no amount of this computed data passes (the transfer gap) is "
        f"{with_interval(gap.estimate, gap.low, gap.high)}{unit}."
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
    answers = plan_of(contents, law.metric or "", m)
    if answers is None:
        return ""
    gain, unit = answers["next_doubling"], spaced_unit(contents.unit)
    start = f"Doubling the database to {count(2 * contents.n_source[-1])}"
    if gain["low"] is not None and gain["low"] > 0:
        share = percent(gain["median"] / law.curve.error[-1])
        return (
            f"{start} is expected to lower the error by {_interval(gain)}{unit}, {share} of what "
            "it is now."
        )
    return (
        f"{start} brings no gain that the data can vouch for: it may lower the error by up to "
        f"{number(gain['high'])}{unit} or raise it by up to {number(-(gain['low'] or 0))}{unit}."
    )


def _floor(contents: Contents, m: int) -> str:
    floor = contents.noise_floor
    if floor is None:
        return (
            "No material of the target was measured more than once, so the noise floor of the "
            "measurements is not known."
        )
    text = (
        f"Repeated measurements of one material scatter by {number(floor)}"
        f"{spaced_unit(contents.unit)} (noise floor, from "
        f"{count(contents.manifest.get('noise_floor_materials'))} materials): "
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
        change, answers = change_by_source(contents, metric, m), plan_of(contents, metric, m)
        rows.append(
            [
                m_name(m),
                ABSENT if change is None else number(change.scratch),
                with_interval(now["mean"], now["mean_low"], now["mean_high"]),
                ABSENT if change is None else _change_text(change),
                limit_text(contents.law(metric, m)),
                ABSENT if answers is None else _interval(answers["next_doubling"]),
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
    if "not_decreasing" in law.flags:
        return "no law"
    gap = law.transfer_gap
    if "not_bent_yet" in law.flags:
        return f"0 to {number(gap.high)}"
    return with_interval(gap.estimate, gap.low, gap.high)


def law_rows(contents: Contents, metric: str) -> list[list[str]]:
    """Rows of the parameters: m, alpha, D, C, R² of the fit, flags."""
    rows = []
    for law in contents.laws:
        if law.metric != metric:
            continue
        quantities = (law.decay_rate, law.scale, law.transfer_gap)
        rows.append(
            [
                m_name(law.n_target or 0),
                *(with_interval(q.estimate, q.low, q.high) for q in quantities),
                number(law.r_squared),
                ", ".join(flag.replace("_", " ") for flag in law.flags) or "none",
            ]
        )
    return rows


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


def plan_of(contents: Contents, metric: str, m: int) -> dict[str, Any] | None:
    """Answers of the plan for one law."""
    found = (a for a in contents.plan.laws if (a["metric"], a["n_target"]) == (metric, m))
    return next(found, None)


def plan_rows(contents: Contents, metric: str) -> list[list[str]]:
    """Rows of sample sizes: m, error to reach, n needed, n enough, probability of never."""
    rows = []
    for answers in contents.plan.laws:
        if answers["metric"] != metric:
            continue
        for size in answers["sample_size"]:
            enough = size.get("enough_with_90_percent")
            rows.append(
                [
                    m_name(answers["n_target"] or 0),
                    number(size["target_error"]),
                    _size_interval(size),
                    "not reachable" if enough is None else count(_three_digits(enough)),
                    percent(size["probability_not_reachable"]),
                ]
            )
    return rows


def exchange(contents: Contents, metric: str) -> str | None:
    """What experiments and simulations are worth in each other, from the joint law, in words."""
    found = (a for a in contents.plan.joint if a["metric"] == metric)
    answers = next(found, None)
    if answers is None:
        return None
    one = answers["simulations_per_experiment"]
    doubled = answers["experiments_for_doubled_simulations"]
    return (
        f"At n = {count(answers['n_source'])} and m = {count(answers['n_target'])}, one more "
        f"experiment lowers the error as much as {_size_interval(one)} more simulations, and "
        f"doubling the simulations as much as {_size_interval(doubled)} more experiments "
        f"(from the law over n and m together)."
    )


def _size_interval(answer: dict[str, Any]) -> str:
    values = [answer[key] for key in ("median", "low", "high")]
    middle, low, high = ("∞" if v is None else count(_three_digits(v)) for v in values)
    return f"{middle} ({low} to {high})"


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


def _interval(answer: dict[str, Any]) -> str:
    return with_interval(answer["median"], answer["low"], answer["high"])


def m_name(m: int) -> str:
    """Return m as the tables print it."""
    return count(m) if m else "0 (zero-shot)"
