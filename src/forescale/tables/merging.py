"""Repeats of one material become one row; several tables become one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from forescale.errors import ConfigError
from forescale.tables.property_table import PropertyTable


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


def combine(tables: list[PropertyTable]) -> PropertyTable:
    """Several tables of one kind as one, in the unit of the first.

    A material in several tables gets the mean over tables, each counting once, so that
    a table that repeats itself does not outvote another.
    """
    first, *others = tables
    for other in others:
        if (other.kind, other.material_kind) != (first.kind, first.material_kind):
            raise ConfigError(
                f"got tables of {first.kind} {first.material_kind}s and of {other.kind} "
                f"{other.material_kind}s, expected one kind to merge"
            )
    if not others:
        return first
    parts = [first] + [other.to_unit(first.unit) for other in others]
    return replace(
        first,
        frame=merge_repeats(pd.concat([part.frame for part in parts], ignore_index=True)),
        provenance=tuple(record for part in parts for record in part.provenance),
        rejected=pd.concat([part.rejected for part in parts], ignore_index=True),
    )


def measurement_scatter(table: PropertyTable) -> tuple[float | None, int]:
    """Pooled standard deviation of repeats, in the table's unit, and how many materials have any.

    The error of a perfect model against single measurements; ``None`` without repeats.
    """
    repeated = table.frame[table.frame["repeats"] > 1]
    if repeated.empty:
        return None, 0
    freedom = repeated["repeats"].to_numpy(dtype=float) - 1
    variance = repeated["scatter"].to_numpy(dtype=float) ** 2
    return float(np.sqrt(np.average(variance, weights=freedom))), len(repeated)
