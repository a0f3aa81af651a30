"""Laws of several runs on one cost axis: data, the version for papers, the page's version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forescale.drawing import interactive, paper
from forescale.drawing.style import INK, rgba
from forescale.drawing.ticks import padded
from forescale.laws import Law
from forescale.words import number, size, title_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "compared"
REACH = 10.0  # how far beyond its largest size each law is drawn
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5f6b7a", "#8c510a")
X_COSTS, X_SIZES = "Cost of the computed values", "Computed values, n"
_MARKS = "osD^Pv<>"
_DASHES = ("solid", "dash", "dot", "dashdot")


def data(laws: Mapping[str, Law], prices: Mapping[str, float]) -> pd.DataFrame:
    """Law of each run along its total cost.

    Returns
    -------
    DataFrame
        Columns run, cost, n_source, beyond_data, median, low, high, mean (NaN between sizes).
    """
    parts = []
    for name, law in laws.items():
        first, last = float(law.curve.n[0]), float(law.curve.n[-1])
        grid = np.geomspace(first, REACH * last, 50)
        sizes = np.unique(np.concatenate([law.curve.n, grid]))
        forecast = law.predict(sizes)
        means = dict(zip(law.curve.n.tolist(), law.curve.error.tolist(), strict=True))
        parts.append(
            pd.DataFrame(
                {
                    "run": name,
                    "cost": sizes * prices[name],
                    "n_source": sizes,
                    "beyond_data": sizes > last,
                    "median": forecast.median,
                    "low": forecast.low,
                    "high": forecast.high,
                    "mean": [means.get(n, np.nan) for n in sizes.tolist()],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def draw(table: pd.DataFrame, label: str, *, costs: bool) -> Figure:
    """Render for a paper: one colour and mark a run, dashed beyond its data."""
    figure = paper.new_figure(1.4 * paper.COLUMN, 3.2)
    axes = figure.subplots()
    for place, (name, part) in enumerate(table.groupby("run", sort=False)):
        colour = COLOURS[place % len(COLOURS)]
        inside = part[~part["beyond_data"]]
        ahead = pd.concat([inside.iloc[-1:], part[part["beyond_data"]]])
        for piece, dash, alpha in ((inside, "-", 0.25), (ahead, "--", 0.15)):
            axes.fill_between(
                piece["cost"], piece["low"], piece["high"], color=colour, alpha=alpha, lw=0
            )
            axes.plot(piece["cost"], piece["median"], color=colour, ls=dash)
        axes.plot(
            inside["cost"], inside["mean"], ls="", marker=_MARKS[place % len(_MARKS)],
            color=colour, mec=INK, mew=0.4, label=paper.literal(title_of(str(name))),
        )  # fmt: skip
    paper.set_log(axes, "x", *padded(table["cost"].min(), table["cost"].max()))
    values = table[["median", "low", "high", "mean"]].to_numpy(dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    paper.set_log(axes, "y", *padded(float(values.min()), float(values.max())))
    axes.set_xlabel(X_COSTS if costs else X_SIZES)
    axes.set_ylabel(paper.literal(label))
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def chart(table: pd.DataFrame, label: str, unit: str, *, costs: bool) -> interactive.Plotly:
    """Render for the page: one colour and dash a run, a lighter line beyond its data."""
    traces: list[interactive.Plotly] = []
    for place, (name, part) in enumerate(table.groupby("run", sort=False)):
        traces += _traces(str(name), part, place, unit)
    values = table[["low", "high"]].to_numpy(dtype=float)
    x_title = X_COSTS if costs else X_SIZES
    return interactive.figure(
        traces,
        interactive.log_axis(x_title, *padded(table["cost"].min(), table["cost"].max(), 0.02)),
        interactive.log_axis(label, *padded(float(values.min()), float(values.max()))),
    )


def _traces(name: str, part: pd.DataFrame, place: int, unit: str) -> list[interactive.Plotly]:
    colour, dash = COLOURS[place % len(COLOURS)], _DASHES[place % len(_DASHES)]
    spaced = interactive.escaped_unit(unit)
    shown = interactive.safe(name)
    group = {"legendgroup": f"run{place}"}
    hover = [
        f"{shown}<br>n = {size(row.n_source)}, cost {size(row.cost)}<br>"
        f"{number(row.median)}{spaced}"
        for row in part.itertuples()
    ]
    points = part.dropna(subset="mean")
    ahead = part[part["beyond_data"] | (part["n_source"] == points["n_source"].max())]
    inside = part[~part["beyond_data"]]
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "text", **group}
    return [
        interactive.band(part["cost"], part["low"], part["high"], rgba(colour, 0.18), **group),
        {
            **line, "name": shown, "x": interactive.plain(inside["cost"]),
            "y": interactive.plain(inside["median"]), "text": hover[: len(inside)],
            "line": {"color": colour, "width": 2.5, "dash": dash},
        },
        {
            **line, "x": interactive.plain(ahead["cost"]), "y": interactive.plain(ahead["median"]),
            "text": hover[len(part) - len(ahead) :], "showlegend": False,
            "line": {"color": rgba(colour, 0.7), "width": 1.3, "dash": dash},
        },
        {
            "type": "scatter", "mode": "markers", "showlegend": False, "hoverinfo": "skip",
            "x": interactive.plain(points["cost"]), "y": interactive.plain(points["mean"]),
            "marker": {"color": colour, "size": 6}, **group,
        },
    ]  # fmt: skip
