"""Repeats of one material become one row."""

from __future__ import annotations

import pandas as pd


def merge_repeats(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per key: mean value, number of repeats and their standard deviation.

    Parameters
    ----------
    rows
        Columns ``key``, ``material``, ``value`` and any others, of which the first
        entry per key is kept.
    """
    grouped = rows.groupby("key", sort=False)
    merged = grouped.first().reset_index()
    merged["value"] = grouped["value"].mean().to_numpy()
    merged["repeats"] = grouped["value"].size().to_numpy()
    merged["scatter"] = grouped["value"].std(ddof=1).to_numpy()
    leading = ["key", "material", "value", "repeats", "scatter"]
    return merged[leading + [column for column in merged if column not in leading]]
