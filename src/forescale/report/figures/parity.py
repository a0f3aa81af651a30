"""Predicted against measured values of the best cell, beside scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forescale.drawing import interactive, paper
from forescale.drawing.style import GREY, INK, SCRATCH, looks, rgba
from forescale.report.contents import Contents
from forescale.words import labelled, number, percent, spaced_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "parity"
SHOWN = 3000  # points in the figures; all count in the numbers
Z90 = 1.6449


def data(contents: Contents) -> pd.DataFrame:
    """Test predictions of all replicates at the largest n and m, in the property's unit.

    Returns
    -------
    DataFrame
        Columns replicate, row, measured, predicted, std, scratch.
    """
    columns = ["replicate", "row", "measured", "predicted", "std", "scratch"]
    return contents.predictions[columns]


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """R², RMSE and MAE (means over replicates) and coverage of 90 % intervals.

    Returns
    -------
    DataFrame
        Index ``predicted`` and ``scratch``; columns r2, rmse, mae, coverage. What is not
        known is NaN: R² of equal values, coverage without standard deviations.
    """
    found = {}
    for column in ("predicted", "scratch"):
        miss = (table[column] - table["measured"]).groupby(table["replicate"])
        square = miss.apply(lambda values: float(np.mean(values**2)))
        spread = table.groupby("replicate")["measured"].var(ddof=0)
        found[column] = {
            "r2": float((1 - square / spread.where(spread > 0)).mean()),
            "rmse": float(np.sqrt(square).mean()),
            "mae": float(miss.apply(lambda values: float(np.mean(np.abs(values)))).mean()),
            "coverage": _coverage(table) if column == "predicted" else np.nan,
        }
    return pd.DataFrame(found).T


def score_rows(contents: Contents) -> list[list[str]]:
    """The scores as pages show them: name, R², RMSE, MAE, coverage."""
    table = scores(data(contents))
    names = {"predicted": "With the computed data", "scratch": "Without (scratch)"}
    return [
        [
            name,
            *(number(float(table.loc[row, key])) for key in ("r2", "rmse", "mae")),
            percent(float(table.loc[row, "coverage"])),
        ]
        for row, name in names.items()
    ]


def _coverage(table: pd.DataFrame) -> float:
    known = table[np.isfinite(table["std"])]
    if known.empty:
        return float("nan")
    inside = (known["predicted"] - known["measured"]).abs() <= Z90 * known["std"]
    return float(inside.mean())


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """At most so many points, drawn at random but always the same."""
    return table if len(table) <= SHOWN else table.sample(SHOWN, random_state=0).sort_index()


def limits(table: pd.DataFrame) -> tuple[float, float]:
    """Common limits of both axes."""
    values = table[["measured", "predicted", "scratch"]].to_numpy(dtype=float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    pad = 0.04 * (high - low) or 0.05 * max(abs(high), 1.0)
    return low - pad, high + pad


def panels(contents: Contents) -> list[tuple[str, str, str]]:
    """Column, title and colour of each panel."""
    m = contents.n_target[-1]
    return [
        ("predicted", "With the computed data", looks(contents.n_target)[m].colour),
        ("scratch", "Without (scratch)", SCRATCH),
    ]


def summary(contents: Contents, score: pd.Series) -> list[str]:
    """Return the numbers printed in a panel."""
    unit = spaced_unit(contents.unit)
    rows = [] if np.isnan(score["r2"]) else [f"R² {number(score['r2'])}"]
    rows += [f"RMSE {number(score['rmse'])}{unit}", f"MAE {number(score['mae'])}{unit}"]
    if np.isfinite(score["coverage"]):
        rows.append(f"90 % intervals hold {percent(score['coverage'])}")
    return rows


def draw(contents: Contents, table: pd.DataFrame) -> Figure:
    """Render for a paper: two panels on a page's width."""
    figure = paper.new_figure(paper.PAGE * 0.8, 2.9)
    all_scores, points, ends = scores(table), shown(table), limits(table)
    panels_of = figure.subplots(1, 2, sharey=True)
    for axes, (column, title, colour) in zip(panels_of, panels(contents), strict=True):
        _draw_panel(axes, points, column, colour, ends)
        axes.set_title(title, loc="left")
        text = paper.literal("\n".join(summary(contents, all_scores.loc[column])))
        axes.text(0.03, 0.97, text, transform=axes.transAxes, va="top", fontsize=6.5)
        axes.set_xlabel(paper.literal(_title(contents, "Measured")))
    panels_of[0].set_ylabel(paper.literal(_title(contents, "Predicted")))
    return figure


def _draw_panel(
    axes: Axes, points: pd.DataFrame, column: str, colour: str, ends: tuple[float, float]
) -> None:
    axes.plot(ends, ends, color=INK, lw=0.7)
    axes.plot(
        points["measured"], points[column], ls="", marker="o", ms=2, mec="none", color=colour,
        alpha=0.35, rasterized=True,
    )  # fmt: skip
    paper.set_linear(axes, "x", *ends)
    paper.set_linear(axes, "y", *ends)
    axes.set_aspect("equal")


def _title(contents: Contents, word: str) -> str:
    return labelled(f"{word} {contents.property_name}", contents.unit)


def chart(contents: Contents, table: pd.DataFrame, column: str) -> interactive.Plotly:
    """Render one panel for the page."""
    points, ends = shown(table), limits(table)
    score = scores(table).loc[column]
    colour = {name: ink for name, _, ink in panels(contents)}[column]
    hover = [
        f"measured {number(row.measured, 4)}<br>predicted {number(getattr(row, column), 4)}"
        + (f" ± {number(Z90 * row.std, 2)} (90 %)" if _has_std(row.std, column) else "")
        for row in points.itertuples()
    ]
    dots = {
        "type": "scatter", "mode": "markers", "text": hover, "hoverinfo": "text",
        "x": interactive.plain(points["measured"]), "y": interactive.plain(points[column]),
        "marker": {"size": 5, "color": rgba(colour, 0.4)}, "showlegend": False,
    }  # fmt: skip
    diagonal = {
        "type": "scatter", "mode": "lines", "x": list(ends), "y": list(ends), "hoverinfo": "skip",
        "line": {"color": GREY, "width": 1}, "showlegend": False,
    }  # fmt: skip
    note = {
        "xref": "paper", "yref": "paper", "x": 0.02, "y": 0.99, "xanchor": "left",
        "yanchor": "top", "align": "left", "showarrow": False, "bgcolor": "rgba(255,255,255,0.8)",
        "text": "<br>".join(interactive.safe(line) for line in summary(contents, score)),
    }  # fmt: skip
    return interactive.figure(
        [diagonal, dots],
        interactive.linear_axis(_title(contents, "Measured"), *ends),
        interactive.linear_axis(_title(contents, "Predicted"), *ends),
        annotations=[note],
    )


def _has_std(std: float, column: str) -> bool:
    return column == "predicted" and bool(np.isfinite(std))
