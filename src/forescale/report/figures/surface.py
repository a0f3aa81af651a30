"""Error over (n, m) from the joint law, and the ways to one error: data, and the page's version."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forescale.drawing import interactive
from forescale.drawing.style import INK, SCRATCH
from forescale.drawing.ticks import padded
from forescale.planning import Contour, ErrorSurface, JointPlan
from forescale.words import count, number, size

NAME = "surface"
X_TITLE, Y_TITLE = "Computed values, n", "Measured values, m"
_STEP = 4  # every so many of the surface's sizes are drawn


def data(surface: ErrorSurface) -> pd.DataFrame:
    """Median error: index n_target, columns n_source, in the metric's unit."""
    table = pd.DataFrame(surface.median, index=surface.m, columns=surface.n)
    return table.iloc[:, ::_STEP].rename_axis(index="n_target", columns="n_source")


def ways(contour: Contour) -> pd.DataFrame:
    """Ways to one error: columns n_target, n_source, low, high; infinite is out of reach."""
    rows = [(m, sizes.median, sizes.low, sizes.high) for m, sizes in contour.points]
    return pd.DataFrame(rows, columns=["n_target", "n_source", "low", "high"])


def ground(table: pd.DataFrame, label: str, unit: str) -> interactive.Plotly:
    """Render the surface alone: what no question changes."""
    n, m = table.columns.to_numpy(dtype=float), table.index.to_numpy(dtype=float)
    spaced = interactive.escaped_unit(unit)
    hover = [
        [
            f"n = {size(x)}, m = {size(y)}<br>{number(float(z))}{spaced}"
            for x, z in zip(n, row, strict=True)
        ]
        for y, row in zip(m, table.to_numpy(), strict=True)
    ]
    return {
        "type": "contour", "x": interactive.plain(n), "y": interactive.plain(m),
        "z": [interactive.plain(row) for row in table.to_numpy()],
        "colorscale": "Cividis", "reversescale": True, "text": hover, "hoverinfo": "text",
        "contours": {"coloring": "heatmap", "showlabels": True, "labelfont": {"size": 11}},
        "line": {"width": 0.6}, "ncontours": 12, "showscale": True,
        "colorbar": {"title": {"text": interactive.safe(label), "side": "right"}, "thickness": 12},
    }  # fmt: skip


def chart(surface: interactive.Plotly, answers: JointPlan, unit: str) -> interactive.Plotly:
    """Render for the page: the surface, the first contour of a plan, here, and the split."""
    n, m = surface["x"], surface["y"]
    spaced = interactive.escaped_unit(unit)
    traces = [surface, *_way(ways(answers.contours[0]), answers.contours[0].error, spaced)]
    traces.append(_place("Here", answers.n_source, answers.n_target, "circle", INK))
    split = answers.allocation
    if split is not None:
        there = (answers.n_source + split.more_source, answers.n_target + split.more_target)
        traces.append(_place("With the budget", *there, "star", SCRATCH))
    return interactive.figure(
        traces,
        interactive.log_axis(X_TITLE, *padded(n[0], n[-1], 0.01)),
        interactive.log_axis(Y_TITLE, *padded(m[0], m[-1], 0.02)),
        shapes=_seen(answers, n[0], m[0]),
    )


def _way(table: pd.DataFrame, error: float, spaced: str) -> list[interactive.Plotly]:
    known = table[np.isfinite(table["n_source"])]
    if known.empty:
        return []
    high = known["high"].where(np.isfinite(known["high"]), known["n_source"])
    points = {
        "type": "scatter",
        "x": interactive.plain(known["n_source"]), "y": interactive.plain(known["n_target"]),
    }  # fmt: skip
    return [
        {  # white alone would not be seen where the error is low
            **points, "mode": "lines", "line": {"color": "black", "width": 5},
            "hoverinfo": "skip", "showlegend": False,
        },
        {
            **points, "mode": "lines+markers", "name": f"{number(error)}{spaced}",
            "line": {"color": "#ffffff", "width": 3},
            "marker": {"color": "#ffffff", "size": 8, "line": {"color": INK, "width": 1}},
            "error_x": {
                "type": "data", "symmetric": False, "color": "#ffffff", "thickness": 1.5,
                "array": interactive.plain(high - known["n_source"]),
                "arrayminus": interactive.plain(known["n_source"] - known["low"]),
            },
            "text": [
                f"m = {size(row.n_target)}: n = {size(row.n_source)}"
                f" ({size(row.low)} to {size(row.high)})"
                for row in known.itertuples()
            ],
            "hoverinfo": "text",
        }
    ]  # fmt: skip


def _place(name: str, n: float, m: float, symbol: str, colour: str) -> interactive.Plotly:
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": [n], "y": [m],
        "marker": {
            "symbol": symbol, "size": 14, "color": colour, "line": {"color": "#ffffff", "width": 2},
        },
        "text": [f"{name}: n = {count(n)}, m = {count(m)}"], "hoverinfo": "text",
    }  # fmt: skip


def _seen(answers: JointPlan, n: float, m: float) -> list[interactive.Plotly]:
    """A frame around what was measured: beyond it the surface is a forecast."""
    n_last, m_last = answers.law.surface.corner
    frame = {"x0": n, "y0": m, "x1": n_last, "y1": m_last}
    return [{"type": "rect", **frame, "line": {"color": "#ffffff", "width": 1, "dash": "dot"}}]
