"""Errors of every cell (n, m) over replicates: the numbers behind most figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from forescale.laws.distribution import band

VALUE_COLUMNS = ("mean", "mean_low", "mean_high", "replicates_low", "replicates_high")


def cells(errors: pd.DataFrame, metric: str, level: float = 0.9) -> pd.DataFrame:
    """Mean of one metric in every cell, with the interval of that mean and of replicates.

    Parameters
    ----------
    errors
        Columns replicate, n_source, n_target, metric, value.
    level
        Level of both intervals: Student's t for the mean, quantiles for the replicates.

    Returns
    -------
    DataFrame
        Columns n_source, n_target, replicates, mean, mean_low, mean_high,
        replicates_low, replicates_high, sorted by size; intervals are NaN for a single
        replicate. Values are in the metric's unit.

    Examples
    --------
    >>> errors = pd.DataFrame({"replicate": [0, 1], "n_source": 10, "n_target": 5,
    ...                        "metric": "rmse", "value": [0.2, 0.4]})
    >>> cells(errors, "rmse").loc[0, ["mean", "replicates_low"]].round(3).tolist()
    [0.3, 0.21]
    """
    kept = errors[(errors["metric"] == metric) & np.isfinite(errors["value"])]
    grouped = kept.groupby(["n_source", "n_target"], sort=True)["value"]
    table = grouped.agg(["size", "mean", "std"])
    half = half_width(table["std"], table["size"], level)
    several = table["size"] > 1
    table["mean_low"], table["mean_high"] = table["mean"] - half, table["mean"] + half
    low, high = (grouped.agg(lambda v, end=end: band(v, level)[end]) for end in (0, 2))
    table["replicates_low"], table["replicates_high"] = low.where(several), high.where(several)
    table = table.rename(columns={"size": "replicates"}).drop(columns="std").reset_index()
    return table[["n_source", "n_target", "replicates", *VALUE_COLUMNS]]


def half_width(std: Any, size: Any, level: float) -> Any:
    """Half width of the interval of a mean from Student's t; NaN for a single value."""
    return std * stdtrit(np.maximum(np.asarray(size) - 1, 1), (1 + level) / 2) / np.sqrt(size)


def by_replicate(errors: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Values of one metric: one row per replicate, one column per cell (n, m).

    Cells of one replicate share their test materials, so that differences between
    columns are known better than either mean.
    """
    kept = errors[(errors["metric"] == metric) & np.isfinite(errors["value"])]
    return kept.pivot(index="replicate", columns=["n_source", "n_target"], values="value")
