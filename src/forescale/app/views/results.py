"""Results of one run in words: the verdict first, then the report's own answers and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forescale.app.figures import FIGURES, KINDS
from forescale.app.folder import NotHereError
from forescale.app.opened import Opened
from forescale.metrics import label_of
from forescale.planning import Plan
from forescale.report import answers, doubts, lost, sources_text
from forescale.report.contents import Contents
from forescale.report.figures import heatmap, parity
from forescale.report.for_paper import caption
from forescale.report.plan_text import law_lines, limit_text, size_text
from forescale.words import count, interval, m_name, number, percent, spaced_unit


@dataclass(frozen=True)
class Choice:
    """What the pickers stand at: a metric that has laws and one of its m.

    Attributes
    ----------
    metrics, sizes
        What there is to choose from.
    """

    metric: str
    m: int
    metrics: tuple[str, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, contents: Contents, metric: str | None, m: int | None) -> Choice:
        """Take what is asked for, or what stands for the study.

        Raises
        ------
        NotHereError
            If the run has no such law.
        """
        leading = contents.plan.source.leading()
        metric = metric or leading.metric or ""
        sizes = tuple(law.n_target or 0 for law in contents.laws if law.metric == metric)
        if not sizes:
            raise NotHereError(f"metric {metric!r}: this run has none of that name")
        m = max(sizes) if m is None else m
        if m not in sizes:
            raise NotHereError(f"m = {m}: this run has {', '.join(map(str, sizes))}")
        return cls(metric, m, tuple(contents.error_metrics), sizes)

    @property
    def label(self) -> str:
        """The metric as people write it."""
        return label_of(self.metric)


def view_of(opened: Opened, metric: str | None, m: int | None) -> dict[str, Any]:
    """Everything that the results of one metric and m show, in words."""
    contents = opened.contents
    chosen = Choice.of(contents, metric, m)
    metric, m = chosen.metric, chosen.m
    plan = contents.plan.of(metric, m)
    assert plan is not None, "every law of a plan is answered"
    return {
        "chosen": chosen,
        "name": contents.manifest.name,
        "property": contents.property_name,
        "unit": contents.unit,
        "level": f"{100 * contents.level:g}\u00a0%",
        "replicates": contents.replicates,
        "unfinished": contents.plan.source.unfinished,
        "left_out": contents.left_out,
        "verdict": plan.verdict,
        "headline": answers.headline(contents, metric, m)[1:],
        "facts": _facts(contents, chosen),
        "ahead": _ahead(contents, chosen),
        "sizes": [size_text(one, contents.unit) for one in plan.sample_sizes],
        "flags": _flags(contents, chosen),
        "errors": _marked(answers.error_rows(contents, metric), m),
        "laws": _marked(answers.law_rows(contents, metric), m),
        "backtest": [row for row in answers.backtest_rows(contents, metric) if row[0] == m_name(m)],
        "sources": sources_of(contents.plan, metric),
        "verdicts": _marked(answers.verdict_rows(contents, metric), m),
        "lines": law_lines(plan, contents.unit),
        "label": contents.label(metric),
        "n_last": count(contents.n_source[-1]),
        "grid": _grid(contents, metric),
        "scores": parity.score_rows(contents),
        "panels": [(column, title) for column, title, _ in parity.panels(contents)],
        "figures": [
            (one.name, one.title, caption(contents, one.name, metric, m))
            for one in FIGURES.values()
        ],
        "kinds": list(KINDS),
        "doubts": doubts.lines(contents),
        "lost": lost.sentence(contents),
    }  # fmt: skip


def sources_of(plan: Plan, metric: str) -> dict[str, Any] | None:
    """Which of several sources to grow; None where there is one."""
    found = plan.sources_of(metric)
    if found is None:
        return None
    return {
        "sentence": sources_text.sentence(found, plan.unit),
        "worth": sources_text.worth(found),
        "heads": list(sources_text.HEADS),
        "rows": [
            (one is found.best, row)
            for one, row in zip(found.ways, sources_text.rows(found), strict=True)
        ],
    }


def _facts(contents: Contents, chosen: Choice) -> list[tuple[str, str, str]]:
    """The numbers that people look for first: name, value, what it means."""
    plan = contents.plan.of(chosen.metric, chosen.m)
    law = contents.law(chosen.metric, chosen.m)
    assert plan is not None
    assert law is not None
    unit, last = contents.unit, contents.n_source[-1]
    scratch = contents.scratch_error(chosen.metric, chosen.m)
    change = answers.change_by_source(contents, chosen.metric, chosen.m)
    rows = [
        (
            "Error now",
            f"{number(float(law.curve.error[-1]))}{spaced_unit(unit)}",
            f"{chosen.label} at n = {count(last)}, m = {m_name(chosen.m)}",
        ),
        (
            "Without computed data",
            "–" if scratch is None else f"{number(scratch)}{spaced_unit(unit)}",
            _change_words(change),
        ),
        (
            "Limit",
            limit_text(plan.limit, law.flags, unit),
            "what no amount of this computed data passes, on the materials measured here",
        ),
        (
            "Next doubling",
            interval(plan.next_doubling, unit),
            f"fall of the error from n = {count(last)} to {count(2 * last)}",
        ),
    ]
    if contents.noise_floor is not None:
        floor = f"{number(contents.noise_floor)}{spaced_unit(unit)}"
        rows.append(("Noise floor", floor, "scatter of repeated measurements"))
    return rows


def _change_words(change: answers.Change | None) -> str:
    if change is None:
        return "no measured value to learn from alone"
    words = {"lower": "lower with it", "higher": "higher with it"}.get(change.verdict)
    if words is None:
        return "the replicates cannot tell the two apart"
    return f"{percent(abs(change.relative))} {words}"


def _ahead(contents: Contents, chosen: Choice) -> list[tuple[str, str, str]]:
    plan = contents.plan.of(chosen.metric, chosen.m)
    assert plan is not None
    return [
        (f"{one.times:g} ×", interval(one.error, contents.unit), percent(one.probability_lower))
        for one in plan.ahead
    ]


def _flags(contents: Contents, chosen: Choice) -> list[tuple[str, str, str]]:
    """What the data of the chosen law cannot tell."""
    law = contents.law(chosen.metric, chosen.m)
    held = () if law is None else law.flags
    return [row for row in answers.flags_in_words(contents, chosen.metric) if row[0] in held]


def _marked(rows: list[list[str]], m: int) -> list[tuple[bool, list[str]]]:
    """Rows of all m, and whether each is of the m chosen."""
    return [(row[0] == m_name(m), row) for row in rows]


def _grid(contents: Contents, metric: str) -> dict[str, Any]:
    table = heatmap.data(contents, metric)
    return {"heads": heatmap.heads(table), "rows": heatmap.rows(table)}
