"""Several learners on one study: who is better where, and who is expected to be later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.errors import LawError
from forescale.laws import Law
from forescale.laws.distribution import probability_lowest
from forescale.planning.comparison import AtBudget, compare

_DRAWS = 4000
AHEAD = 10.0
"""How many times the largest n the learners are compared at, beyond what was measured."""


@dataclass(frozen=True)
class LearnersAt:
    """The learners at one n, as measured.

    Attributes
    ----------
    n_source
        0 for scratch.
    error
        Mean over the replicates that all have, by name of the learner.
    probability_best
        How probably each has the lowest, by resampled replicates.
    """

    n_source: int
    error: Mapping[str, float]
    probability_best: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "n_source": self.n_source,
            "error": dict(self.error),
            "probability_best": dict(self.probability_best),
        }


@dataclass(frozen=True)
class LearnerComparison:
    """Several learners on one study, at one m.

    Attributes
    ----------
    n_target, metric
        What they are compared at and by.
    paired
        How many replicates all have.
    cells
        For each n that all have.
    ahead
        From their laws, at ten times the largest n (its ``budget``).
    """

    n_target: int
    metric: str
    paired: int
    cells: tuple[LearnersAt, ...]
    ahead: AtBudget

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        ahead = self.ahead.to_json()
        return {
            "n_target": self.n_target,
            "metric": self.metric,
            "paired": self.paired,
            "cells": [cell.to_json() for cell in self.cells],
            "ahead": {"n_source": ahead.pop("budget"), **ahead},
        }


def compare_learners(
    errors: Mapping[str, pd.DataFrame],
    laws: Mapping[str, Law],
    metric: str,
    n_target: int,
    *,
    seed: int = 0,
) -> LearnerComparison:
    """Compare learners by their errors on the same test materials, at one m.

    Parameters
    ----------
    errors
        Name of each learner to its errors: columns replicate, n_source, n_target, metric,
        value. Replicates of one number have the same splits.
    laws
        Name of each learner to its law at this m and metric.
    metric, n_target
        Metric (lower is better) and number of measured values.
    seed
        Of the resampling of replicates.

    Raises
    ------
    LawError
        If the learners share no replicate.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> n = np.tile([30, 100, 300, 1000], 3)
    >>> def errors(scale):
    ...     return pd.DataFrame({"replicate": np.repeat([0, 1, 2], 4), "n_source": n,
    ...         "n_target": 20, "metric": "rmse", "value": scale * n**-0.5 + 0.1})
    >>> tables = {"one": errors(3.0), "two": errors(2.0)}
    >>> laws = {k: fit_law(e.n_source, e.value, e.replicate) for k, e in tables.items()}
    >>> answer = compare_learners(tables, laws, "rmse", 20)
    >>> answer.cells[0].probability_best
    {'one': 0.0, 'two': 1.0}
    """
    tables = {name: _by_replicate(frame, metric, n_target) for name, frame in errors.items()}
    shared = sorted(set.intersection(*(set(table.index) for table in tables.values())))
    if not shared:
        raise LawError("the learners share no replicate: run them with the same replicates")
    sizes = sorted(set.intersection(*(set(table.columns) for table in tables.values())))
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(shared), (_DRAWS, len(shared)))
    cells = [_cell(int(n), {k: t.loc[shared, n] for k, t in tables.items()}, drawn) for n in sizes]
    largest = max(law.curve.n[-1] for law in laws.values())
    (ahead,) = compare(laws, budgets=[AHEAD * largest]).budgets
    measured = tuple(cell for cell in cells if cell is not None)
    return LearnerComparison(n_target, metric, len(shared), measured, ahead)


def _by_replicate(errors: pd.DataFrame, metric: str, n_target: int) -> pd.DataFrame:
    """One row per replicate, one column per n; NaN where the learner failed."""
    kept = errors[(errors["metric"] == metric) & (errors["n_target"] == n_target)]
    return kept.pivot(index="replicate", columns="n_source", values="value")


def _cell(n: int, values: dict[str, pd.Series], drawn: NDArray[np.int64]) -> LearnersAt | None:
    """Means at one n and how sure their order is; None where a learner has none."""
    matrix = np.array([series.to_numpy(dtype=float) for series in values.values()])
    known = np.isfinite(matrix).all(axis=0)
    if not known.any():
        return None
    # Replicates that a learner failed in count for none, or the others' would be compared.
    weights = known[drawn].astype(float)
    total = np.einsum("ldr,dr->ld", np.nan_to_num(matrix)[:, drawn], weights)
    best = probability_lowest(total[:, weights.sum(axis=1) > 0])
    means = matrix[:, known].mean(axis=1)
    return LearnersAt(
        n,
        dict(zip(values, map(float, means), strict=True)),
        dict(zip(values, map(float, best), strict=True)),
    )
