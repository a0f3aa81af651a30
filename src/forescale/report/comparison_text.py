"""Comparisons of sources and of learners in words, one line each."""

from __future__ import annotations

from collections.abc import Mapping

from forescale.planning import Crossing, LearnerComparison, SourceComparison
from forescale.words import count, interval, labelled, number, percent, size, sizes

NEVER = 0.95
"""Probability from which two sources are said not to cross."""


def comparison_lines(answer: SourceComparison) -> list[str]:
    """Return a comparison of sources as lines."""
    lines = ["probability that a source is best, by total cost"]
    for at in answer.budgets:
        shares = ", ".join(f"{k} {percent(v)}" for k, v in at.probability_best.items())
        lines.append(f"  {size(at.budget):>10}  {shares}")
    return [*lines, *(f"  {crossing_words(one)}" for one in answer.crossings)]


def crossing_words(crossing: Crossing) -> str:
    """Return where two sources cross, as a sentence without its full stop."""
    first, second = crossing.sources
    never = percent(crossing.budget.p_infinite)
    if crossing.budget.p_infinite >= NEVER:
        return f"{first} and {second} do not cross (probability {never})"
    where = sizes(crossing.budget)
    return f"{first} and {second} cross at {where}; never with probability {never}"


def learner_lines(answer: LearnerComparison, unit: str) -> list[str]:
    """Return a comparison of learners on one study, at one m, as lines."""
    m = answer.n_target
    lines = [
        f"{labelled(answer.metric, unit)} of learners,"
        f" {f'm = {m}' if m else 'zero-shot'}, {answer.paired} replicates paired;"
        " in brackets the probability of the lowest"
    ]
    for cell in answer.cells:
        label = "scratch" if cell.n_source == 0 else f"n = {count(cell.n_source)}"
        means = {name: number(value, 4) for name, value in cell.error.items()}
        lines.append(_learners(label, means, cell.probability_best))
    ahead = answer.ahead
    foreseen = {name: interval(value) for name, value in ahead.error.items()}
    line = _learners(f"n = {count(ahead.budget)}", foreseen, ahead.probability_best)
    return [*lines, f"{line}  foreseen"]


def _learners(label: str, errors: Mapping[str, str], best: Mapping[str, float]) -> str:
    shown = ", ".join(f"{name} {text} ({percent(best[name])})" for name, text in errors.items())
    return f"  {label:>13}  {shown}"
