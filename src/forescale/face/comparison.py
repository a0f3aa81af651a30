"""Several runs on one cost axis, or several learners on one study: read, fitted, compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from forescale import planning
from forescale.errors import ConfigError
from forescale.laws import FLAG_MEANINGS, Law, RunLaws
from forescale.planning import LearnerComparison, SourceComparison, compare_learners
from forescale.report.comparison_page import ComparedLaws
from forescale.report.comparison_text import comparison_lines, learner_lines
from forescale.report.plan_text import unfinished
from forescale.study import Manifest
from forescale.words import listed
from forescale.workflow import recorded


class Compared(NamedTuple):
    """What a comparison needs of one run."""

    errors: pd.DataFrame
    manifest: Manifest
    laws: RunLaws


@dataclass(frozen=True)
class Comparison:
    """Runs compared at one metric and one number of measured values.

    Attributes
    ----------
    runs
        By a name of each its own.
    metric, n_target
        What they are compared at.
    laws
        Law of each run, for every number of measured values that they share.
    answer
        Which is best at which total cost, and where two cross.
    learners
        Paired errors for every m; empty unless the runs are one
        study with several learners.
    costs_said
        Whether costs or budgets were given.
    """

    runs: Mapping[str, Compared]
    metric: str
    n_target: int | None
    laws: Mapping[int | None, Mapping[str, Law]]
    answer: SourceComparison
    learners: tuple[LearnerComparison, ...]
    costs_said: bool

    @classmethod
    def of(
        cls,
        runs: Mapping[str, Compared],
        *,
        metric: str = "rmse",
        m: int | None = None,
        costs: Sequence[float] | None = None,
        budgets: Sequence[float] | None = None,
        seed: int = 0,
    ) -> Comparison:
        """Compare runs.

        Parameters
        ----------
        m
            Measured values; the most that all share, by default.
        costs
            Cost per computed value of each run, in their order; 1 by default.
        budgets
            Total costs to compare at.

        Raises
        ------
        ConfigError
            If there are fewer than two, their units differ, or they share no law.
        """
        if len(runs) < 2:
            raise ConfigError(f"a comparison needs at least two runs, got {len(runs)}")
        if costs and len(costs) != len(runs):
            raise ConfigError(
                f"give --cost once for each run: {len(runs)} runs, {len(costs)} costs"
            )
        units = {name: run.laws.unit for name, run in runs.items()}
        if len(set(units.values())) > 1:
            told = listed([f"{name} in {unit or 'no unit'}" for name, unit in units.items()])
            raise ConfigError(
                f"the runs' errors are in different units ({told}); compare runs of one property"
            )
        laws = _shared(runs, metric, m)
        last = max(laws, key=lambda size: size or 0)
        prices = dict(zip(runs, costs, strict=True)) if costs else None
        answer = planning.compare(laws[last], prices, budgets or None)
        learners: tuple[LearnerComparison, ...] = ()
        if _one_study([run.manifest for run in runs.values()]):
            errors = {name: run.errors for name, run in runs.items()}
            learners = tuple(
                compare_learners(errors, of_size, metric, size or 0, seed=seed)
                for size, of_size in laws.items()
            )
        return cls(runs, metric, last, laws, answer, learners, bool(costs or budgets))

    @property
    def unit(self) -> str:
        """Unit of the errors."""
        return next(iter(self.runs.values())).laws.unit or ""

    def __repr__(self) -> str:
        """Return what is compared, and at what."""
        return f"Comparison({', '.join(self.runs)}; {self.metric} at m = {self.n_target})"

    def _repr_html_(self) -> str:
        """Return its lines, for a notebook."""
        return f"<pre>{escape(chr(10).join(self.lines()))}</pre>"

    def lines(self) -> list[str]:
        """Return the comparison as lines."""
        lines = [line for answer in self.learners for line in learner_lines(answer, self.unit)]
        if self.costs_said or not lines:
            lines += comparison_lines(self.answer)
        for name, run in self.runs.items():
            lines = [*(f"{name}: {line}" for line in unfinished(run.laws)), *lines]
        for name, law in self.laws[self.n_target].items():
            lines += [f"  {name}: {FLAG_MEANINGS.get(flag, flag)} ({flag})" for flag in law.flags]
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        answer = self.answer.to_json()
        if self.learners:
            answer["learners"] = [one.to_json() for one in self.learners]
        flags = {name: list(law.flags) for name, law in self.laws[self.n_target].items()}
        answer["unfinished"] = {
            k: r.laws.unfinished for k, r in self.runs.items() if r.laws.unfinished
        }
        return {"metric": self.metric, "n_target": self.n_target, "flags": flags, **answer}

    @property
    def shown(self) -> ComparedLaws:
        """The laws on one axis: ``plot()``, ``write_figure(path)``, ``write_page(path)``."""
        return ComparedLaws(
            self.laws[self.n_target],
            self.answer.costs,
            self.costs_said,
            self.metric,
            self.n_target,
            self.unit,
            tuple(self.lines()),
        )


def read_runs(
    paths: Sequence[Path], *, level: float = 0.9, seed: int | None = None
) -> dict[str, Compared]:
    """Errors, manifest and laws of each run folder, by a name of its own."""
    found: dict[str, Compared] = {}
    for path in paths:
        folder = recorded(path)
        name = folder.manifest.name
        laws = RunLaws.of(folder, level=level, seed=seed)
        found[name if name not in found else str(path)] = Compared(
            folder.errors(), folder.manifest, laws
        )
    return found


def _shared(
    runs: Mapping[str, Compared], metric: str, m: int | None
) -> dict[int | None, dict[str, Law]]:
    """Return the law of each run at every number of measured values they share, or at m."""
    found: dict[str, dict[int | None, Law]] = {}
    for name, run in runs.items():
        found[name] = {
            law.n_target: law
            for law in run.laws.laws
            if law.metric == metric and (m is None or law.n_target == m)
        }
        if not found[name]:
            at = "" if m is None else f" at m = {m}"
            raise ConfigError(f"{metric}{at} is not in every run: {name} has none")
    shared = set.intersection(*(set(laws) for laws in found.values()))
    if not shared:
        raise ConfigError("the runs share no number of measured values (n_target)")
    ordered = sorted(shared, key=lambda size: size or 0)
    return {size: {name: laws[size] for name, laws in found.items()} for size in ordered}


def _one_study(manifests: list[Manifest]) -> bool:
    """Whether runs differ in their learner and name alone, so that replicates pair up."""

    def rest(manifest: Manifest) -> Any:
        study = {**manifest.study.to_plain(), "learner": None, "name": None}
        return study, manifest.data, manifest.descriptor

    first = rest(manifests[0])
    return all(rest(manifest) == first for manifest in manifests[1:])


def compare(
    runs: Sequence[str | Path],
    *,
    metric: str = "rmse",
    m: int | None = None,
    costs: Sequence[float] | None = None,
    budgets: Sequence[float] | None = None,
    level: float = 0.9,
    seed: int | None = None,
) -> Comparison:
    """Compare runs: which source, protocol or learner to invest in.

    Parameters
    ----------
    runs
        Run folders, two or more.
    metric
        ``rmse`` or ``mae``.
    m
        Measured values; the most that all share, by default.
    costs
        Cost per computed value of each run, in their order; 1 by default.
    budgets
        Total costs to compare at.
    level, seed
        Of the intervals and of the draws; by default 0.9 and each study's own.

    Raises
    ------
    ConfigError
        If there are fewer than two, their units differ, or they share no law.

    Examples
    --------
    >>> import forescale as fs
    >>> found = fs.compare(["runs/quick", "runs/careful"], costs=[1, 8])  # doctest: +SKIP
    >>> found.answer.crossings[0].budget.median  # doctest: +SKIP
    """
    read = read_runs([Path(path) for path in runs], level=level, seed=seed)
    return Comparison.of(read, metric=metric, m=m, costs=costs, budgets=budgets, seed=seed or 0)
