"""A comparison of runs in words: who is best for which cost, and where two cross."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from forescale.app.opened import Opened
from forescale.errors import ConfigError
from forescale.face.comparison import Compared, Comparison
from forescale.laws import FLAG_MEANINGS
from forescale.metrics import label_of
from forescale.planning import AtBudget
from forescale.report.comparison_text import crossing_words
from forescale.report.figures import compared as figure
from forescale.words import interval, labelled, number, percent, size


def compared(
    opened: Sequence[Opened], metric: str | None, m: int | None, costs: Sequence[str]
) -> dict[str, Any]:
    """Compare opened runs.

    Raises
    ------
    ConfigError
        If they share no law, or a cost is no number above zero.
    """
    runs = _named(opened)
    metrics = _shared(runs)
    metric = metric or metrics[0]
    prices = _prices(costs, len(runs))
    found = Comparison.of(runs, metric=metric, m=m, costs=prices)
    every = Comparison.of(runs, metric=metric) if m is not None else found
    laws = found.laws[found.n_target]
    price = found.answer.costs
    label = labelled(label_of(metric), found.unit)
    table = figure.data(laws, price)
    return {
        "metric": metric,
        "metrics": metrics,
        "m": found.n_target,
        "sizes": list(every.laws),
        "runs": [
            (one.at, name, f"{price[name]:g}", one.contents.property_name)
            for one, name in zip(opened, runs, strict=True)
        ],
        "label": label,
        "figure": json.dumps(
            figure.chart(table, label, found.unit, costs=found.costs_said), allow_nan=False
        ),
        "axis": "cost" if found.costs_said else "n",
        "now": [
            (
                False,
                (
                    name,
                    size(float(law.curve.n[-1])),
                    number(float(law.curve.error[-1])),
                    "–" if "too_few_sizes" in law.flags else interval(law.decay_rate),
                    ", ".join(flag.replace("_", " ") for flag in law.flags) or "none",
                ),
            )
            for name, law in laws.items()
        ],
        "budgets": [_budget(row, list(runs)) for row in found.answer.budgets],
        "names": list(runs),
        "crossings": [f"{crossing_words(one)}." for one in found.answer.crossings],
        "learners": bool(found.learners),
        "lines": found.lines(),
        "flags": [
            f"{name}: {FLAG_MEANINGS.get(flag, flag)}"
            for name, law in laws.items()
            for flag in law.flags
        ],
        "properties": sorted({one.contents.property_name for one in opened}),
    }


def _named(opened: Sequence[Opened]) -> dict[str, Compared]:
    """Runs by their names, or by where they lie where two have the same."""
    names = [one.contents.manifest.name for one in opened]
    found = {}
    for one, name in zip(opened, names, strict=True):
        own = name if names.count(name) == 1 else one.at
        found[own] = Compared(one.contents.errors, one.contents.manifest, one.laws)
    return found


def _shared(runs: dict[str, Compared]) -> list[str]:
    """Metrics that all have laws of."""
    first, *rest = (run.laws.metrics for run in runs.values())
    shared = [metric for metric in first if all(metric in one for one in rest)]
    if not shared:
        raise ConfigError("the runs share no metric: they cannot be compared")
    return shared


def _prices(costs: Sequence[str], runs: int) -> list[float] | None:
    if not costs:
        return None
    prices = []
    for text in costs:
        try:
            price = float(text)
        except ValueError:
            price = math.nan
        if not (math.isfinite(price) and price > 0):
            raise ConfigError(f"cost: got {text[:40]!r}, expected a number above zero")
        prices.append(price)
    if len(prices) != runs:
        raise ConfigError(f"got {len(prices)} costs for {runs} runs")
    return None if set(prices) == {1.0} else prices


def _budget(at: AtBudget, names: list[str]) -> tuple[bool, tuple[str, ...]]:
    cells = (f"{interval(at.error[n])}; {percent(at.probability_best[n])}" for n in names)
    return False, (size(at.budget), *cells)
