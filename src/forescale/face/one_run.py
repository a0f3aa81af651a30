"""The sources of one run side by side, each as it grows with the others all there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forescale.errors import ConfigError
from forescale.laws import FLAG_MEANINGS, RunLaws
from forescale.planning import SourcesPlan, plan_sources
from forescale.report.plan_text import unfinished
from forescale.report.sources_text import lines as source_lines
from forescale.words import number, percent
from forescale.workflow import questions_of, recorded

_TIMES = (1.0, 3.0, 10.0)
"""Sums that sources are compared at by default, in those of the plan."""


@dataclass(frozen=True)
class SourcesOfRun:
    """How the sources of one run compare, with all measured values at hand.

    All sums are additional: each source has what it has, and so have the others.

    Attributes
    ----------
    metric
        What they are compared by.
    run
        All laws of the run.
    plans
        What each sum brings, spent on one source or another, in ascending order of the sums.
    """

    metric: str
    run: RunLaws
    plans: tuple[SourcesPlan, ...]

    @classmethod
    def of(
        cls,
        run: Path,
        *,
        metric: str,
        m: int | None = None,
        costs: Sequence[float] | None = None,
        budgets: Sequence[float] | None = None,
        level: float = 0.9,
        seed: int | None = None,
    ) -> SourcesOfRun:
        """Compare the sources of a run folder.

        Parameters
        ----------
        costs
            Of one value of each source, in place of the study's.
        budgets
            Sums to spend.

        Raises
        ------
        ConfigError
            If it has fewer than two sources with a law of the metric, or another m or number
            of costs is asked for.
        """
        folder = recorded(run)
        laws = RunLaws.of(folder, level=level, seed=seed)
        sources = tuple(one for one in laws.sources if one.law(metric) is not None)
        if len(sources) < 2:
            raise ConfigError(
                "a comparison needs at least two runs, or one of a study with several sources, "
                f"got one run with {len(sources)} sources that have a law of {metric}"
            )
        if costs and len(costs) != len(sources):
            raise ConfigError(
                f"give --cost once for each source: {len(sources)} sources, {len(costs)} costs"
            )
        if costs:
            pairs = zip(sources, costs, strict=True)
            sources = tuple(replace(one, cost=cost) for one, cost in pairs)
        laws = replace(laws, sources=sources)
        asked = questions_of(folder.manifest.study)
        first = plan_sources(laws, metric, asked)
        assert first is not None  # two sources have a law
        if m is not None and m != first.n_target:
            raise ConfigError(f"sources of one run are compared at m = {first.n_target}, got {m}")
        sums = sorted(budgets) if budgets else [times * first.spend for times in _TIMES]
        found = (plan_sources(laws, metric, asked, spend) for spend in sums)
        return cls(metric, laws, tuple(one for one in found if one is not None))

    def lines(self) -> list[str]:
        """Return the comparison as lines."""
        first, *more = self.plans
        told = source_lines(first, self.run.unit)
        if more:
            told.append("probability that a source is best, by what is spent beside what is there")
        for plan in self.plans if more else ():
            shares = ", ".join(f"{w.name} {percent(w.probability_best)}" for w in plan.ways)
            none = percent(plan.probability_none)
            told.append(f"  {number(plan.spend):>10}  {shares}; none helps {none}")
        flags = [
            f"  {one.name}: {FLAG_MEANINGS.get(flag, flag)} ({flag})"
            for one in first.growths
            for flag in one.flags
        ]
        return [*unfinished(self.run), *told, *flags]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        first = self.plans[0]
        return {
            "metric": self.metric,
            "n_target": first.n_target,
            "flags": {one.name: list(one.flags) for one in first.growths},
            "costs": {one.name: one.cost for one in first.growths},
            "sources": [plan.to_json() for plan in self.plans],
        }
