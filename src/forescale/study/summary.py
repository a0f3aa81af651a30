"""Means over replicates of a study's errors."""

from __future__ import annotations

import numpy as np
import pandas as pd


def summarise(errors: pd.DataFrame, learner: str) -> pd.DataFrame:
    """Mean and standard error per cell and metric.

    Returns
    -------
    DataFrame
        Columns learner, n_source, n_target, metric, mean, std_error (NaN for one
        replicate), replicates (those in which the cell did not fail).
    """
    grouped = errors.groupby(["n_source", "n_target", "metric"], sort=True)["value"]
    summary = grouped.agg(["mean", "std", "count"]).reset_index()
    summary["std_error"] = summary["std"] / np.sqrt(summary["count"].where(summary["count"] > 0))
    summary.insert(0, "learner", learner)
    summary = summary.rename(columns={"count": "replicates"})
    return summary[["learner", "n_source", "n_target", "metric", "mean", "std_error", "replicates"]]
