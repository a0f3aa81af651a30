"""What a report is made of: a finished run folder, its laws and its plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from forescale.errors import RunFolderError
from forescale.laws import Law
from forescale.planning import Plan
from forescale.report.cells import cells
from forescale.report.text import pretty_unit
from forescale.study import RunFolder

METRIC_NAMES = {"rmse": "RMSE", "mae": "MAE", "r2": "R²"}
METRIC_WORDS = {
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "r2": "coefficient of determination",
}
_NEEDED = ("name", "study", "metric_unit", "noise_floor", "tables", "versions", "seed")


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
    laws, plan
        What was fitted to the errors, and planned from it.
    lost_cells
        Cells in which the learner failed: columns replicate, n_source, n_target, reason.
    lost_replicates
        Replicates in which it failed altogether, and why.
    """

    path: Path
    manifest: dict[str, Any]
    errors: pd.DataFrame
    predictions: pd.DataFrame
    laws: list[Law]
    plan: Plan
    lost_cells: pd.DataFrame
    lost_replicates: dict[int, str]

    @classmethod
    def read(cls, path: Path, laws: list[Law], plan: Plan) -> Contents:
        """Read a run folder.

        Raises
        ------
        RunFolderError
            If the folder is not a run, or one of a version that kept less.
        """
        folder = RunFolder(path)
        manifest = folder.manifest
        check_manifest(path, manifest)
        return cls(
            path,
            manifest,
            folder.errors(),
            folder.predictions(),
            laws,
            plan,
            folder.lost_cells(),
            folder.lost_replicates(),
        )

    @property
    def unit(self) -> str:
        """Unit of measured values and errors, as the study wrote it."""
        return str(self.manifest["metric_unit"] or "")

    @cached_property
    def metrics(self) -> list[str]:
        """All metrics, in the order of the study."""
        found = set(self.errors["metric"])
        asked = list(self.manifest["study"].get("evaluation", {}).get("metrics", []))
        return [*(m for m in asked if m in found), *sorted(found.difference(asked))]

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
    def law_sizes(self) -> list[int]:
        """Every m that has a law, ascending."""
        return sorted({law.n_target or 0 for law in self.laws})

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
        floor = self.manifest["noise_floor"]
        return None if floor is None else float(floor)

    @property
    def property_name(self) -> str:
        """What is predicted, in words."""
        return in_words(str(self.manifest["tables"]["target"]["property"]))

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
        return next((w for w in self.laws if (w.metric, w.n_target) == (metric, m)), None)

    def unit_of(self, metric: str) -> str:
        """Unit of a metric; R² has none."""
        return "" if metric == "r2" else self.unit

    def label(self, metric: str) -> str:
        """Return an axis title or table head, such as ``RMSE (g/cm³)``."""
        return labelled(METRIC_NAMES.get(metric, metric), self.unit_of(metric))


def in_words(name: str) -> str:
    """Return a name as it stands in a sentence: ``boiling_point`` is two words."""
    return name.replace("_", " ") if name.isidentifier() else name


def labelled(name: str, unit: str) -> str:
    """Return a name with its unit in brackets, or alone where there is none.

    >>> labelled("RMSE", "g/cm^3"), labelled("R²", "")
    ('RMSE (g/cm³)', 'R²')
    """
    pretty = pretty_unit(unit)
    return f"{name} ({pretty})" if pretty else name


def check_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Refuse a manifest that lacks what a report needs."""
    missing = [key for key in _NEEDED if key not in manifest]
    if missing:
        raise RunFolderError(
            f"{path}: manifest.json lacks {', '.join(map(repr, missing))}; "
            "expected a folder made by forescale run"
        )
