"""What a report is made of: a finished run folder, its laws and its plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from forescale.laws import Law
from forescale.metrics import Metric, label_of
from forescale.planning import Plan
from forescale.report.cells import cells
from forescale.study import Manifest, RunFolder
from forescale.words import labelled, title_of


@dataclass(frozen=True)
class Contents:
    """One run as the figures, tables and cards see it.

    Attributes
    ----------
    manifest
        The run's ``manifest.json``.
    errors
        Columns replicate, n_source, n_target, metric, value.
    predictions
        Test predictions at the largest n and m of every replicate: columns replicate,
        row, measured, predicted, std (NaN where the learner gives none), scratch.
    plan
        What was planned from the laws of the errors, and those laws.
    lost_cells
        Cells in which the learner failed: columns replicate, n_source, n_target, reason.
    lost_replicates
        Replicates in which it failed altogether, and why.
    """

    path: Path
    manifest: Manifest
    errors: pd.DataFrame
    predictions: pd.DataFrame
    plan: Plan
    lost_cells: pd.DataFrame
    lost_replicates: dict[int, str]

    @classmethod
    def read(cls, path: Path, plan: Plan) -> Contents:
        """Read a run folder.

        Raises
        ------
        RunFolderError
            If the folder is not a run, or one of a version that kept less.
        """
        folder = RunFolder(path)
        return cls(
            path,
            folder.manifest,
            folder.errors(),
            folder.predictions(),
            plan,
            folder.lost_cells(),
            folder.lost_replicates(),
        )

    @property
    def laws(self) -> tuple[Law, ...]:
        """Every law of the run."""
        return self.plan.source.laws

    @property
    def unit(self) -> str:
        """Unit of measured values and errors, as the study wrote it."""
        return self.manifest.metric_unit

    @cached_property
    def metrics(self) -> list[str]:
        """Metrics that have values, in the order of the study."""
        finite = self.errors[np.isfinite(self.errors["value"])]
        found = set(finite["metric"])
        asked = self.manifest.study.evaluation.metrics
        return [*(m.value for m in asked if m in found), *sorted(found.difference(asked))]

    @cached_property
    def left_out(self) -> str:
        """Curves without a law, and metrics without any value; empty where none is."""
        without = sorted(set(self.errors["metric"]).difference(self.metrics))
        told = [f"No law of {why}." for why in self.plan.source.left_out]
        if without:
            told.append(
                f"{', '.join(map(label_of, without))} left out: no test set gives a value "
                "(R² needs two measured values that differ)."
            )
        return " ".join(told)

    @cached_property
    def error_metrics(self) -> list[str]:
        """Metrics that have laws: lower is better."""
        fitted = {law.metric for law in self.laws}
        return [metric for metric in self.metrics if metric in fitted]

    @cached_property
    def n_source(self) -> list[int]:
        """Sizes of the computed data, ascending, without 0."""
        return sorted({int(n) for n in self.errors["n_source"]} - {0})

    @cached_property
    def n_target(self) -> list[int]:
        """Sizes of the measured data, ascending, without 0 (zero-shot)."""
        return sorted({int(m) for m in self.errors["n_target"]} - {0})

    @property
    def replicates(self) -> int:
        """How many replicates are finished."""
        return int(self.errors["replicate"].nunique())

    @property
    def level(self) -> float:
        """Level of all intervals."""
        return self.laws[0].level if self.laws else 0.9

    @property
    def noise_floor(self) -> float | None:
        """Scatter of repeated measurements, in ``unit``; comparable with an RMSE."""
        return self.manifest.noise_floor

    @property
    def title(self) -> str:
        """The study's name, as people write it."""
        return title_of(self.manifest.name)

    @cached_property
    def largest_of_grid(self) -> int:
        """The largest m that the study's file asked for, beside all measured values at hand."""
        asked = [m for m in self.manifest.study.grid.n_target if m in self.n_target]
        return asked[-1] if asked else self.n_target[-1]

    @property
    def property_name(self) -> str:
        """What is predicted, in words."""
        return in_words(self.manifest.tables.target.property)

    def cells(self, metric: str) -> pd.DataFrame:
        """Mean and intervals of one metric in every cell of the grid; see `cells`."""
        if metric not in self._cells:
            self._cells[metric] = cells(self.errors, metric, self.level)
        return self._cells[metric]

    def cell(self, metric: str, n: int, m: int) -> pd.Series | None:
        """Row of `cells` for one cell, if it was asked for."""
        table = self.cells(metric)
        found = table[(table["n_source"] == n) & (table["n_target"] == m)]
        return found.iloc[0] if len(found) else None

    def scratch_error(self, metric: str, m: int) -> float | None:
        """Mean error with m measured values and no computed ones."""
        row = self.cell(metric, 0, m)
        return None if row is None else float(row["mean"])

    @cached_property
    def _cells(self) -> dict[str, pd.DataFrame]:
        return {}

    def law(self, metric: str, m: int) -> Law | None:
        """Return the law of one metric at one m, if there is one."""
        return self.plan.source.law(metric, m)

    def unit_of(self, metric: str) -> str:
        """Unit of a metric; R² has none."""
        return self.unit if metric in set(Metric) and Metric(metric).is_error else ""

    def label(self, metric: str) -> str:
        """Return an axis title or table head, such as ``RMSE (g/cm³)``."""
        return labelled(label_of(metric), self.unit_of(metric))


def in_words(name: str) -> str:
    """Return a name as it stands in a sentence: ``boiling_point`` is two words."""
    return name.replace("_", " ") if name.isidentifier() else name
