"""Several learners on one study: who is better where, and who is expected to be later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.errors import LawError
from forescale.laws import Law
from forescale.planning.comparison import compare

_DRAWS = 4000
AHEAD = 10.0
"""How many times the largest n the learners are compared at, beyond what was measured."""


def compare_learners(
    errors: Mapping[str, pd.DataFrame],
    laws: Mapping[str, Law],
    metric: str,
    n_target: int,
    *,
    seed: int = 0,
) -> dict[str, Any]:
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

    Returns
    -------
    dict
        ``cells``: for each n that all have (0: scratch) the mean error of each learner
        and the probability that it has the lowest, from resampled replicates;
        ``ahead``: the same from the laws, at ten times the largest n. ``paired``: how many
        replicates all learners have.

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
    >>> answer["cells"][0]["probability_best"]
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
    (ahead,) = compare(laws, budgets=[AHEAD * largest])["budgets"]
    return {
        "n_target": n_target,
        "metric": metric,
        "paired": len(shared),
        "cells": [cell for cell in cells if cell is not None],
        "ahead": {"n_source": ahead.pop("budget"), **ahead},
    }


def _by_replicate(errors: pd.DataFrame, metric: str, n_target: int) -> pd.DataFrame:
    """One row per replicate, one column per n; NaN where the learner failed."""
    kept = errors[(errors["metric"] == metric) & (errors["n_target"] == n_target)]
    return kept.pivot(index="replicate", columns="n_source", values="value")


def _cell(n: int, values: dict[str, pd.Series], drawn: NDArray[np.int64]) -> dict[str, Any] | None:
    """Means at one n and how sure their order is; None where a learner has none."""
    matrix = np.array([series.to_numpy(dtype=float) for series in values.values()])
    known = np.isfinite(matrix).all(axis=0)
    if not known.any():
        return None
    # Replicates that a learner failed in count for none, or the others' would be compared.
    weights = known[drawn].astype(float)
    total = np.einsum("ldr,dr->ld", np.nan_to_num(matrix)[:, drawn], weights)
    best = np.argmin(total[:, weights.sum(axis=1) > 0], axis=0)
    means = matrix[:, known].mean(axis=1)
    return {
        "n_source": n,
        "error": dict(zip(values, map(float, means), strict=True)),
        "probability_best": {k: float(np.mean(best == i)) for i, k in enumerate(values)},
    }
