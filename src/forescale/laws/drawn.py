"""A law as a figure: the line with its interval, over the data and beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forescale.drawing import interactive, paper
from forescale.drawing.style import INK, rgba
from forescale.drawing.ticks import padded
from forescale.metrics import label_of
from forescale.words import labelled, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from forescale.laws.law import Law

REACH = 8.0
"""How far beyond the largest size a law is drawn."""
LINE = "#1d4e89"


def data(law: Law) -> pd.DataFrame:
    """The line of a law with its interval.

    Returns
    -------
    DataFrame
        Columns n_source, median, low, high, beyond_data, error (NaN between the points).
    """
    first, last = float(law.curve.n[0]), float(law.curve.n[-1])
    grid = [law.curve.n, np.geomspace(first, last, 40), np.geomspace(last, REACH * last, 25)]
    sizes = np.unique(np.concatenate(grid))
    forecast = law.predict(sizes)
    known = dict(zip(law.curve.n.tolist(), law.curve.error.tolist(), strict=True))
    return pd.DataFrame(
        {
            "n_source": sizes,
            "median": forecast.median,
            "low": forecast.low,
            "high": forecast.high,
            "beyond_data": sizes > last,
            "error": [known.get(size, np.nan) for size in sizes.tolist()],
        }
    )


def draw(laws: Sequence[Law], unit: str | None = None) -> Figure:
    """Draw laws for a paper, one panel each, with their points."""
    columns = min(len(laws), 3)
    rows = -(-len(laws) // columns)
    with paper.paper_style():
        figure = paper.new_figure(paper.COLUMN if columns == 1 else paper.PAGE, 2.1 * rows + 0.4)
        panels = figure.subplots(rows, columns, squeeze=False)
        for axes in panels.flat[len(laws) :]:
            axes.set_visible(False)
        for axes, law in zip(panels.flat, laws, strict=False):
            _draw_panel(axes, law)
        figure.supxlabel("n", fontsize=8)
        metric = {law.metric for law in laws if law.metric is not None}
        name = label_of(metric.pop()) if len(metric) == 1 else "Error"
        figure.supylabel(paper.literal(labelled(name, unit)), fontsize=8)
    return figure


def _draw_panel(axes: Axes, law: Law) -> None:
    table = data(law)
    for part, dash, alpha in (
        (table[~table["beyond_data"]], "-", 0.28),
        (table[table["n_source"] >= law.curve.n[-1]], "--", 0.14),
    ):
        axes.fill_between(
            part["n_source"], part["low"], part["high"], color=LINE, alpha=alpha, lw=0
        )
        axes.plot(part["n_source"], part["median"], color=LINE, ls=dash)
    axes.plot(law.curve.n, law.curve.error, ls="", marker="o", ms=2.6, color=LINE, mec=INK, mew=0.4)
    axes.set_title(paper.literal(law.name or ""), loc="left", pad=3)
    paper.set_log(axes, "x", *padded(table["n_source"].min(), table["n_source"].max()))
    low, high = table[["low", "error"]].min().min(), table[["high", "error"]].max().max()
    paper.set_log(axes, "y", *padded(low, high))


def chart(law: Law, unit: str | None = None) -> interactive.Plotly:
    """Draw a law for a page or a notebook."""
    table = data(law)
    traces: list[interactive.Plotly] = []
    for part, opacity, dash, name in (
        (table[~table["beyond_data"]], 0.3, "solid", "Law"),
        (table[table["n_source"] >= law.curve.n[-1]], 0.15, "dash", "Forecast"),
    ):
        sizes = part["n_source"]
        traces.append(interactive.band(sizes, part["low"], part["high"], rgba(LINE, opacity)))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": interactive.plain(sizes),
                "y": interactive.plain(part["median"]),
                "line": {"color": LINE, "width": 2.5, "dash": dash},
                "text": [
                    f"{name} at n = {number(row.n_source)}<br>{number(row.median)} "
                    f"({number(row.low)} to {number(row.high)})"
                    for row in part.itertuples()
                ],
                "hoverinfo": "text",
            }
        )
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Error",
            "x": interactive.plain(law.curve.n),
            "y": interactive.plain(law.curve.error),
            "marker": {"color": LINE, "size": 7, "line": {"color": INK, "width": 1}},
        }
    )
    x_low, x_high = padded(table["n_source"].min(), table["n_source"].max(), 0.02)
    low, high = table[["low", "error"]].min().min(), table[["high", "error"]].max().max()
    title = labelled("Error" if law.metric is None else label_of(law.metric), unit)
    return interactive.figure(
        traces,
        interactive.log_axis("n", x_low, x_high),
        interactive.log_axis(title, *padded(low, high)),
    )
