"""Plotly figures as plain dictionaries, drawn in the page by the bundled plotly.js."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forescale.drawing.style import GREY, GRID, INK
from forescale.drawing.ticks import linear_ticks, log_labels
from forescale.words import spaced_unit, tick

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Plotly = dict[str, Any]
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_AXIS: Plotly = {
    "showline": True,
    "linecolor": INK,
    "linewidth": 1,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": INK,
    "gridcolor": GRID,
    "zeroline": False,
    "automargin": True,
    "title": {"standoff": 8},
}


def library() -> str:
    """Plotly's basic bundle (MIT licence): scatter, bar and pie, a quarter of the whole."""
    found = files("forescale.drawing").joinpath("vendor", "plotly-basic.min.js")
    return found.read_text(encoding="utf-8")


def figure(data: list[Plotly], x: Plotly, y: Plotly, **layout: Any) -> Plotly:
    """Return a figure with the page's fonts, margins and legend."""
    base: Plotly = {
        "font": {"family": _FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 56, "r": 14, "t": 14, "b": 48},
        "hovermode": "closest",
        "modebar": {"bgcolor": "rgba(255,255,255,0.7)", "color": GREY, "activecolor": INK},
        "hoverlabel": {"font": {"family": _FONT}},
        "legend": {
            "orientation": "h",
            "y": -0.2,
            "yanchor": "top",
            "x": 0,
            "itemsizing": "constant",
        },
        "xaxis": x,
        "yaxis": y,
    }
    return {"data": data, "layout": {**base, **layout}}


def plotly(chart: Plotly) -> Figure:
    """Return the same figure as an object of the plotly library, for notebooks."""
    from plotly.graph_objects import Figure

    return Figure(data=chart["data"], layout=chart["layout"])


def log_axis(title: str, low: float, high: float, zero: float | None = None) -> Plotly:
    """Return a logarithmic axis with plain, round ticks; ``zero`` is where 0 is to stand."""
    labels = log_labels(low, high, zero)
    return {
        **_AXIS,
        "type": "log",
        "range": [float(np.log10(low)), float(np.log10(high))],
        "tickvals": list(labels),
        "ticktext": list(labels.values()),
        "title": {**_AXIS["title"], "text": safe(title)},
    }


def linear_axis(title: str, low: float, high: float) -> Plotly:
    """Return a linear axis with round ticks."""
    ticks = linear_ticks(low, high)
    return {
        **_AXIS,
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [tick(t) for t in ticks],
        "title": {**_AXIS["title"], "text": safe(title)},
    }


def band(x: pd.Series, low: pd.Series, high: pd.Series, colour: str, **trace: Any) -> Plotly:
    """Return a filled band; it says nothing on hover."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": plain([*x, *reversed(list(x))]),
        "y": plain([*high, *reversed(list(low))]),
        "fill": "toself",
        "fillcolor": colour,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        **trace,
    }


def plain(values: Any) -> list[float | None]:
    """Return JSON numbers to six digits; what is not finite is null."""
    array = np.asarray(values, dtype=float)
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in array]


def safe(text: str) -> str:
    """Return text that plotly does not take for mark-up."""
    return escape(text, quote=False)


def escaped_unit(unit: str) -> str:
    """Return `spaced_unit` for plotly."""
    return safe(spaced_unit(unit))
