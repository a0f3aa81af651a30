"""Errors of every cell (n, m) over replicates: the numbers behind most figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

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
    tail = (1 - level) / 2
    grouped = kept.groupby(["n_source", "n_target"], sort=True)["value"]
    table = grouped.agg(["size", "mean", "std"])
    half = interval_half_width(table["std"], table["size"], level)
    several = table["size"] > 1
    table["mean_low"], table["mean_high"] = table["mean"] - half, table["mean"] + half
    table["replicates_low"] = grouped.quantile(tail).where(several)
    table["replicates_high"] = grouped.quantile(1 - tail).where(several)
    table = table.rename(columns={"size": "replicates"}).drop(columns="std").reset_index()
    return table[["n_source", "n_target", "replicates", *VALUE_COLUMNS]]


def interval_half_width(std: pd.Series, size: pd.Series, level: float) -> pd.Series:
    """Half width of the interval of a mean; NaN for a single value."""
    freedom = np.maximum(size - 1, 1)
    return std * stdtrit(freedom, (1 + level) / 2) / np.sqrt(size)


def paired_change(
    errors: pd.DataFrame, metric: str, before: tuple[int, int], after: tuple[int, int]
) -> pd.Series:
    """Change of a metric between two cells (n, m), one value per replicate.

    Both cells of one replicate share their test materials, so that the difference is
    known better than either mean.
    """
    one = errors[errors["metric"] == metric].set_index(["n_source", "n_target"]).sort_index()
    values = [one.loc[[cell]].set_index("replicate")["value"] for cell in (before, after)]
    return (values[1] - values[0]).dropna()
