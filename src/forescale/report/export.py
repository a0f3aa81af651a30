"""Numbers of the figures and laws as CSV and JSON, with units in the headers."""

from __future__ import annotations

import json

import pandas as pd

from forescale.report.cells import VALUE_COLUMNS
from forescale.report.contents import Contents
from forescale.report.figures import law as law_figure
from forescale.report.figures import parity
from forescale.words import pretty_unit

_IN_METRIC = {*VALUE_COLUMNS, *law_figure.LAW_COLUMNS}
_IN_PROPERTY = {"measured", "predicted", "std", "scratch"}


def with_units(table: pd.DataFrame, columns: set[str], unit: str) -> pd.DataFrame:
    """Return a table whose named columns carry the unit in brackets."""
    if not pretty_unit(unit):
        return table
    return table.rename(columns={name: f"{name} ({unit})" for name in columns})


def metric_table(contents: Contents, table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return a figure's table with units in the heads of its errors."""
    return with_units(table, _IN_METRIC, contents.unit_of(metric))


def heatmap_table(contents: Contents, table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the grid with one column per m, its unit in every head."""
    renamed = table.rename(columns=lambda m: f"m={m}").rename_axis(columns=None)
    return with_units(renamed, set(renamed.columns), contents.unit_of(metric)).reset_index()


def parity_table(contents: Contents, table: pd.DataFrame) -> pd.DataFrame:
    """Return the test predictions that are drawn, with units in the heads."""
    return with_units(parity.shown(table), _IN_PROPERTY, contents.unit)


def law_table(contents: Contents) -> pd.DataFrame:
    """Return all laws, one row per metric and m; the content of ``law.csv``."""
    rows = []
    for law in contents.laws:
        metric, m = law.metric or "", law.n_target or 0
        row: dict[str, object] = {"metric": metric, "n_target": m, "level": law.level}
        for name in ("decay_rate", "scale", "transfer_gap"):
            quantity = getattr(law, name)
            row |= {name: quantity.estimate, f"{name}_low": quantity.low}
            row[f"{name}_high"] = quantity.high
        answers = contents.plan.of(metric, m)
        row |= {
            "scratch": contents.scratch_error(metric, m),
            "n_last": law.curve.n[-1],
            "last_value": law.curve.error[-1],
            "next_doubling": answers.next_doubling.median if answers else None,
            "noise_floor": law.noise_floor,
            "r_squared": law.r_squared,
            "backtest_rmsle": law.backtest.get("rmsle"),
            "backtest_last_value_rmsle": law.backtest.get("last_value_rmsle"),
            "backtest_coverage": law.backtest.get("coverage"),
            "flags": " ".join(law.flags),
        }
        rows.append(row)
    table = pd.DataFrame(rows)
    starts = ("scale", "transfer_gap", "scratch", "last_value", "next_doubling", "noise_floor")
    with_unit = {name for name in table.columns if str(name).startswith(starts)}
    return with_units(table, with_unit, contents.unit)


def as_json(table: pd.DataFrame) -> str:
    """Return a table as JSON records; what is not known is null."""
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    return json.dumps(records, allow_nan=False, default=lambda value: value.item()) + "\n"
