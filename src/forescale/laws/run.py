"""The laws of a run, fitted in one place: what its page, plan, comparison and files read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from forescale._machine.display import html_table
from forescale.errors import DataError, ForescaleError
from forescale.laws.joint import JointLaw
from forescale.laws.law import Law
from forescale.laws.several import SeveralLaw, several_of_run
from forescale.laws.table import study_joint, study_laws
from forescale.metrics import label_of
from forescale.words import interval, m_name, number


class Recorded(Protocol):
    """What a run folder tells of itself."""

    @property
    def manifest(self) -> Any:
        """What was run, on what: a `forescale.study.Manifest`."""
        ...

    def errors(self) -> pd.DataFrame:
        """Errors of every cell and replicate."""
        ...

    def half_capacity_errors(self) -> pd.DataFrame:
        """Errors of the same learner with half its capacity, empty where none was asked for."""
        ...

    def source_errors(self) -> pd.DataFrame:
        """Errors of the own curve of each of several sources, empty where there is one."""
        ...

    def unfinished(self) -> str:
        """A sentence on replicates still to run, empty where all are done."""
        ...


@dataclass(frozen=True)
class SourceLaws:
    """Laws of one of several sources: the error as it grows, with the others all there.

    Attributes
    ----------
    name
        What the source is called.
    n_source
        How many of its values there are.
    cost
        Of one more value; None where the study does not say it.
    laws
        One for each metric, with all measured values at hand.
    """

    name: str
    n_source: int
    cost: float | None
    laws: tuple[Law, ...]

    def law(self, metric: str | None) -> Law | None:
        """Return the law of one metric."""
        return next((law for law in self.laws if law.metric == metric), None)


@dataclass(frozen=True)
class RunLaws:
    """Every law of one run, or of one table of curves.

    Attributes
    ----------
    laws
        One for each number of measured values and metric, in ascending order.
    joint
        Laws over n and m together, one a metric, where the grid has enough of both.
    unit
        Unit of the errors.
    metrics
        In the order of the study; the first leads.
    scratch
        Mean error without computed values, by (metric, m).
    replicates, asked
        How many replicates are finished, and how many the study asks for.
    unfinished
        Which replicates are missing, in a sentence; empty where none is.
    left_out
        Curves that no law can be fitted to, each with its file, row and reason.
    noise_floor_materials
        How many materials with repeated measurements the noise floor rests on.
    sources
        Each of several sources with laws of its own; the laws above are of all of them
        growing together, n the number of values in all.
    several
        What a value of each source is worth, one law a metric.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> n = 100 * 2.0 ** np.arange(8)
    >>> RunLaws.of_laws(fit_law(n, 3 * n**-0.5 + 0.2)).leading().n_target is None
    True
    """

    laws: tuple[Law, ...]
    joint: tuple[JointLaw, ...] = ()
    unit: str | None = None
    metrics: tuple[str, ...] = ()
    scratch: Mapping[tuple[str, int], float] = field(default_factory=dict)
    replicates: int = 0
    asked: int = 0
    noise_floor_materials: int | None = None
    unfinished: str = ""
    left_out: tuple[str, ...] = ()
    sources: tuple[SourceLaws, ...] = ()
    several: tuple[SeveralLaw, ...] = ()

    def __repr__(self) -> str:
        """Return whose laws, and how many."""
        which = ", ".join(f"{law.metric or law.name} at m = {law.n_target}" for law in self.laws)
        return f"RunLaws({which}; {self.replicates} replicates)"

    def as_html(self, caption: str) -> str:
        """Return the laws as a table, for a notebook."""
        heads = ("metric", "m", "error at the largest n", "decay rate", "transfer gap", "flags")
        rows = (
            (
                label_of(law.metric or law.name or ""),
                m_name(law.n_target or 0),
                number(float(law.curve.error[-1])),
                interval(law.decay_rate),
                interval(law.transfer_gap),
                ", ".join(law.flags),
            )
            for law in self.laws
        )
        return html_table(caption, rows, heads)

    def _repr_html_(self) -> str:
        return self.as_html(f"Laws, errors in {self.unit}" if self.unit else "Laws")

    @classmethod
    def of(cls, run: Recorded, *, level: float = 0.9, seed: int | None = None) -> RunLaws:
        """Fit the laws of a run folder with the seed, noise floor and unit of its manifest.

        Parameters
        ----------
        run
            A run folder with at least one finished replicate.
        level
            Level of every interval.
        seed
            Of the draws; that of the study by default, so that all readers agree.

        Raises
        ------
        DataError
            If no error of the run can be fitted.
        """
        manifest, errors = run.manifest, run.errors()
        own, cards = run.source_errors(), manifest.tables.sources
        options: dict[str, Any] = {
            "noise_floor": manifest.noise_floor,
            "level": level,
            "seed": manifest.seed if seed is None else seed,
            "block": manifest.study.evaluation.block,
        }
        bad: dict[tuple[int, str], str] = {}
        laws = study_laws(
            errors,
            left_out=bad,
            half_capacity=run.half_capacity_errors(),
            test_fraction=manifest.study.evaluation.test_fraction,
            **options,
        )
        return cls(
            laws=tuple(laws),
            joint=_joint(_without(errors, bad), options),
            unit=manifest.metric_unit or None,
            metrics=_metrics(laws, manifest.study.evaluation.metrics),
            scratch=_scratch(errors),
            replicates=int(errors["replicate"].nunique()),
            asked=manifest.study.replicates,
            noise_floor_materials=manifest.noise_floor_materials,
            unfinished=run.unfinished(),
            left_out=tuple(f"{metric} at m = {m}: {why}" for (m, metric), why in bad.items()),
            sources=_sources(
                own, cards, test_fraction=manifest.study.evaluation.test_fraction, **options
            ),
            several=several_of_run(errors, own, cards, level=level, seed=options["seed"]),
        )

    @classmethod
    def of_laws(
        cls,
        laws: Law | Iterable[Law],
        joint: Iterable[JointLaw] = (),
        *,
        unit: str | None = None,
    ) -> RunLaws:
        """Laws that were fitted to a table of curves."""
        several = (laws,) if isinstance(laws, Law) else tuple(laws)
        return cls(several, tuple(joint), unit, _metrics(several, ()))

    def __iter__(self) -> Iterator[Law]:
        return iter(self.laws)

    def __len__(self) -> int:
        return len(self.laws)

    @property
    def level(self) -> float:
        """Level of every interval."""
        return self.laws[0].level if self.laws else 0.9

    def law(self, metric: str | None, m: int | None) -> Law | None:
        """Return the law of one metric at one number of measured values."""
        return next((w for w in self.laws if (w.metric, w.n_target) == (metric, m)), None)

    def joint_of(self, metric: str | None) -> JointLaw | None:
        """Return the law over n and m of one metric."""
        return next((w for w in self.joint if w.metric == metric), None)

    def leading(self) -> Law:
        """Return the law that stands for the study: first metric, all measured values at hand.

        Raises
        ------
        DataError
            If there is no law.
        """
        first = self.metrics[0] if self.metrics else None
        found = [law for law in self.laws if law.metric == first] or list(self.laws)
        if not found:
            raise DataError("no law could be fitted")
        return max(found, key=lambda law: law.n_target or 0)

    def only(self, metric: str | None = None, m: int | None = None) -> RunLaws:
        """Return the laws of one metric, of one m, or of both.

        Raises
        ------
        DataError
            If there is none; the message says what there is.
        """
        laws = tuple(
            law
            for law in self.laws
            if (metric is None or law.metric == metric) and (m is None or law.n_target == m)
        )
        if not laws:
            there = ", ".join(
                dict.fromkeys(f"{law.metric} at m = {law.n_target}" for law in self.laws)
            )
            raise DataError(f"no law of {metric or 'any metric'} at m = {m}; there are {there}")
        joint = tuple(law for law in self.joint if metric is None or law.metric == metric)
        metrics = tuple(name for name in self.metrics if metric is None or name == metric)
        return replace(self, laws=laws, joint=joint, metrics=metrics)

    def sources_to_json(self) -> dict[str, Any]:
        """Return the laws of several sources under ``source_laws``; nothing where there is one."""
        found = [
            {"source": one.name, "n_at_hand": one.n_source, "cost": one.cost, **law.to_json()}
            for one in self.sources
            for law in one.laws
        ]
        worth = [law.to_json() for law in self.several]
        return {"source_laws": found, "source_worth": worth} if found else {}


def _sources(errors: pd.DataFrame, cards: Iterable[Any], **options: Any) -> tuple[SourceLaws, ...]:
    """Laws of each of several sources, with all measured values at hand."""
    found = []
    at_hand = errors[errors["n_target"] == errors["n_target"].max()]
    for card in cards:
        own = at_hand[at_hand["source"] == card.name].drop(columns="source")
        try:
            laws = study_laws(own, left_out={}, **options)
        except ForescaleError:
            continue  # every curve of it is unfit for a law, as a study of few sizes is
        found.append(SourceLaws(card.name, card.materials, card.cost, tuple(laws)))
    return tuple(found)


def _metrics(laws: Iterable[Law], asked: Iterable[str]) -> tuple[str, ...]:
    """Metrics that have laws, in the order of the study."""
    found = dict.fromkeys(law.metric for law in laws if law.metric is not None)
    return tuple(dict.fromkeys([*(str(m) for m in asked if m in found), *found]))


def _without(errors: pd.DataFrame, curves: Iterable[tuple[int, str]]) -> pd.DataFrame:
    """The errors of all curves but some."""
    kept = errors
    for m, metric in curves:
        kept = kept[~((kept["n_target"] == m) & (kept["metric"] == metric))]
    return kept


def _joint(errors: pd.DataFrame, options: dict[str, Any]) -> tuple[JointLaw, ...]:
    """The laws over n and m, where the grid has enough of both."""
    try:
        return tuple(study_joint(errors, backtest=False, **options))
    except ForescaleError:
        return ()


def _scratch(errors: pd.DataFrame) -> dict[tuple[str, int], float]:
    kept = errors[(errors["n_source"] == 0) & np.isfinite(errors["value"])]
    means = kept.groupby(["metric", "n_target"])["value"].mean()
    return {(str(metric), int(m)): float(value) for (metric, m), value in means.items()}
