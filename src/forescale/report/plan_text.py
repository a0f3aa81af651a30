"""A plan in words: the same sentences on the terminal and on the page."""

from __future__ import annotations

from forescale.laws import FLAG_MEANINGS, RunLaws
from forescale.metrics import label_of
from forescale.planning import (
    Allocation,
    JointPlan,
    LawPlan,
    Limit,
    Plan,
    SampleSize,
    SizeAnswer,
    Stopping,
    Verdict,
    sharpness,
)
from forescale.report import sources_text
from forescale.words import (
    count,
    interval,
    m_name,
    number,
    percent,
    size,
    sizes,
    spaced_unit,
)


def plan_lines(plan: Plan, *, verbose: bool = False) -> list[str]:
    """Return a plan as lines: verdicts first, all answers where ``verbose``."""
    lines = [*unfinished(plan.source), *[f"Verdict: {verdict_text(plan.verdict)}"]]
    if plan.budget_unanswered:
        lines.append(budget_unanswered())
    if verbose or len(plan.laws) > 1:
        lines.append("")
    order = list(plan.source.metrics)
    for answers in sorted(plan.laws, key=lambda one: _rank(one, order)):
        if verbose:
            lines += [*law_lines(answers, plan.unit), ""]
        elif len(plan.laws) > 1:
            lines.append(f"  {where(answers.verdict)}: {answers.verdict.decision}")
    if not verbose:
        shown = plan.of(plan.verdict.metric, plan.verdict.n_target)
        if shown is not None:
            lines += ["", *law_lines(shown, plan.unit, short=True)]
    for several in plan.sources:
        if verbose or several.metric == plan.verdict.metric:
            lines += [*sources_text.lines(several, plan.unit), ""]
    for joint in plan.joint:
        if verbose or joint.law.metric == plan.verdict.metric:
            lines += [*joint_lines(joint, plan.unit), ""]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _rank(answers: LawPlan, order: list[str]) -> tuple[int, int]:
    """Metrics as the study has them, then by m."""
    metric = answers.law.metric
    place = order.index(metric) if metric in order else len(order)
    return place, answers.law.n_target or 0


def unfinished(laws: RunLaws) -> list[str]:
    """Say at the top of every output what is missing: replicates, and laws of bad curves."""
    lines = [f"Unfinished: {laws.unfinished}"] if laws.unfinished else []
    return [*lines, *(f"No law of {why}" for why in laws.left_out)]


def budget_unanswered() -> str:
    """Say why a budget was not split."""
    return (
        "The budget is not split: that needs a law over n and m together, which takes at least "
        "three sizes of each."
    )


def where(verdict: Verdict) -> str:
    """What a verdict is about, such as ``RMSE, m = 20``."""
    metric = label_of(verdict.metric or "")
    parts = [metric] if metric else []
    if verdict.n_target is not None:
        parts.append(f"m = {m_name(verdict.n_target)}")
    return ", ".join(parts) or "this curve"


def verdict_text(verdict: Verdict) -> str:
    """Return a verdict with its reason and what would tell."""
    text = f"{verdict.decision} ({where(verdict)}): {verdict.reason}."
    if verdict.would_tell:
        text += f" What would tell: {verdict.would_tell}."
    return text


def size_text(answer: SampleSize, unit: str | None) -> str:
    """Return the size for a target error, or what can be said of it."""
    start = f"To reach {number(answer.target_error)}{spaced_unit(unit)}"
    if answer.answer is SizeAnswer.REACHED:
        return f"{start}: reached with the data at hand."
    within = ", ".join(
        f"{times:g} times {percent(probability)}" for times, probability in answer.within.items()
    )
    chances = f"The chance with more of this data: {within}."
    if answer.answer is SizeAnswer.NOT_SHOWN:
        return f"{start}: more of this data is not shown to help. {chances}"
    if answer.answer is SizeAnswer.NUMBER:
        return f"{start}: n = {sizes(answer.size)}. {chances}"
    furthest = max(answer.within)
    if size(answer.at_least) == "∞":
        return f"{start}: not with {furthest:g} times the data, at 90 % probability. {chances}"
    return f"{start}: at least n = {size(answer.at_least)} with 90 % probability. {chances}"


def limit_text(limit: Limit, flags: tuple[str, ...], unit: str | None) -> str:
    """Return the limit; only its upper bound where the curve has not bent."""
    if "not_bent_yet" in flags:
        return f"below {number(limit.gap.high)}{spaced_unit(unit)}"
    return interval(limit.gap, unit)


def law_lines(answers: LawPlan, unit: str | None, *, short: bool = False) -> list[str]:
    """Return the answers of one law as lines."""
    law, flags = answers.law, answers.law.flags
    head = ", ".join(part for part in (law.name, where(answers.verdict)) if part)
    lines = [
        head,
        f"  error now       {number(float(law.curve.error[-1]), 4)}{spaced_unit(unit)} at n ="
        f" {count(float(law.curve.n[-1]))}",
    ]
    if not short:
        lines.insert(1, f"  verdict         {verdict_text(answers.verdict)}")
    lines.append(f"  limit           {limit_text(answers.limit, flags, unit)}")
    lines += _noise(answers.limit, unit)
    lines.append(f"  next doubling   lowers the error by {interval(answers.next_doubling, unit)}")
    for ahead in answers.ahead[:3] if short else answers.ahead:
        lines.append(
            f"  at {ahead.times:g} × the data  {interval(ahead.error, unit)}; lower by 5 % or more"
            f" with probability {percent(ahead.probability_lower)}"
        )
    lines += [f"  {size_text(answer, unit)}" for answer in answers.sample_sizes]
    if answers.gain_per_cost is not None:
        lines.append(f"  per unit of cost {interval(answers.gain_per_cost, unit)}")
    if answers.stopping is not None:
        lines.append(f"  {stopping_text(answers.stopping, unit)}")
    run = answers.run_next
    lines.append(
        f"  run next        n = {size(run.n_source)}: makes the forecast"
        f" {sharpness(run.reduction)} times as sharp"
    )
    lines += [f"  note            {FLAG_MEANINGS.get(flag, flag)} ({flag})" for flag in flags]
    return lines


def _noise(limit: Limit, unit: str | None) -> list[str]:
    if limit.model is None or limit.noise_floor is None:
        return []
    return [
        f"                  of it {interval(limit.model, unit)} is model gap, the rest scatter of"
        f" repeated measurements ({number(limit.noise_floor)}{spaced_unit(unit)})"
    ]


def stopping_text(answer: Stopping, unit: str | None) -> str:
    """Return whether the next batch is worth it."""
    return (
        f"{'stop' if answer.stop else 'go on':<15} the next {count(answer.batch)} values gain"
        f" {number(answer.matters)}{spaced_unit(unit)} or more with probability"
        f" {percent(answer.probability_worth_it)}"
    )


def joint_lines(answers: JointPlan, unit: str | None) -> list[str]:
    """Return the answers of one joint law as lines."""
    n, m = count(answers.n_source), count(answers.n_target)
    metric = label_of(answers.law.metric or "error")
    lines = [
        f"{metric} against n and m, at n = {n}, m = {m}:"
        f" {number(answers.error, 4)}{spaced_unit(unit)}",
        f"  {exchange_text(answers)}",
    ]
    if answers.allocation is not None:
        lines.append(f"  {allocation_text(answers.allocation, unit)}")
    return lines


def exchange_text(answers: JointPlan) -> str:
    """Return what experiments and simulations are worth in each other, where it means something."""
    if not answers.falls:
        return (
            f"At n = {count(answers.n_source)} and m = {count(answers.n_target)} the error is not "
            "seen to fall with more simulations: what they are worth in experiments is no answer."
        )
    worth = answers.exchange
    one, doubled = worth.one_experiment, worth.doubled_simulations
    return (
        f"At n = {count(answers.n_source)} and m = {count(answers.n_target)}, one more experiment "
        f"lowers the error as much as {sizes(one)} more simulations (for small steps "
        f"{sizes(worth.marginal)}), and doubling the simulations as much as {sizes(doubled)} "
        "more experiments (from the law over n and m together; ∞: not within 100 times the data)."
    )


def allocation_text(split: Allocation, unit: str | None) -> str:
    """Return how to split a budget, as additional values, and how sure the split is."""
    share = split.best_share
    return (
        f"Budget {number(split.budget)}: {count(split.more_source)} more simulations and "
        f"{count(split.more_target)} more experiments reach {interval(split.error, unit)}. "
        f"Best part for computing: {percent(split.source_share)} ({percent(share.low)} to "
        f"{percent(share.high)}); all on computing beats all on measuring with probability "
        f"{percent(split.probability_source)}."
    )
