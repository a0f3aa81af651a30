"""Error against n, one curve per m: data, the version for papers, the one for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forescale.drawing import interactive, paper
from forescale.drawing.style import INK, Look, looks
from forescale.drawing.ticks import padded
from forescale.metrics import label_of
from forescale.report.contents import Contents
from forescale.words import confidence, count, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "learning_curves"
X_TITLE = "Computed values for pre-training, n"


def data(contents: Contents, metric: str) -> pd.DataFrame:
    """Mean and intervals of every cell; n_source 0 is scratch, n_target 0 zero-shot."""
    return contents.cells(metric)


def zero_position(n_source: list[int]) -> float:
    """Where n = 0 stands on a logarithmic axis: a step left of the smallest size."""
    return float(n_source[0] / max((n_source[-1] / n_source[0]) ** 0.12, 1.3))


def x_limits(n_source: list[int]) -> tuple[float, float]:
    """Limits of n with room for n = 0 at the left."""
    zero = zero_position(n_source)
    high = n_source[-1] * max((n_source[-1] / zero) ** 0.05, 1.05)
    return zero / max((n_source[-1] / zero) ** 0.05, 1.1), float(high)


def is_log(table: pd.DataFrame, metric: str) -> bool:
    """Whether the error axis is logarithmic: not for R², not with a zero error."""
    return metric != "r2" and bool((table["mean"] > 0).all())


def curve_of(table: pd.DataFrame, m: int) -> pd.DataFrame:
    """Rows of one curve, without its scratch point."""
    return table[(table["n_target"] == m) & (table["n_source"] > 0)]


def y_limits(table: pd.DataFrame, *, log: bool, spread: bool = False) -> tuple[float, float]:
    """Limits that hold all means and their intervals, and with ``spread`` all replicates."""
    columns = ["mean", "mean_low", "mean_high"]
    columns += ["replicates_low", "replicates_high"] if spread else []
    values = table[columns].to_numpy(dtype=float)
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    low, high = float(values.min()), float(values.max())
    if log:
        return padded(low, high)
    pad = 0.06 * (high - low) or 0.05 * max(abs(high), 1.0)
    return low - pad, high + pad


def draw(contents: Contents, table: pd.DataFrame, metric: str) -> Figure:
    """Render for a paper: one column wide."""
    figure = paper.new_figure(paper.COLUMN, 3.0)
    axes: Axes = figure.subplots()
    for m, look in looks(contents.n_target).items():
        _draw_curve(axes, table, m, look, contents.n_source)
    zero = zero_position(contents.n_source)
    paper.set_log(axes, "x", *x_limits(contents.n_source), zero=zero)
    log = is_log(table, metric)
    set_y = paper.set_log if log else paper.set_linear
    set_y(axes, "y", *y_limits(table, log=log))
    axes.axvline((zero * contents.n_source[0]) ** 0.5, color=INK, lw=0.5, ls=(0, (1, 3)))
    axes.set_xlabel(X_TITLE)
    axes.set_ylabel(paper.literal(contents.label(metric)))
    figure.legend(loc="outside lower center", ncols=4, title="Measured values for fine-tuning, m")
    return figure


def _draw_curve(axes: Axes, table: pd.DataFrame, m: int, look: Look, n_source: list[int]) -> None:
    curve = curve_of(table, m)
    if curve.empty:
        return
    x, mean = curve["n_source"], curve["mean"]
    axes.fill_between(x, curve["mean_low"], curve["mean_high"], color=look.colour, alpha=0.2, lw=0)
    name = str(m) if m else "0 (zero-shot)"
    axes.plot(x, mean, color=look.colour, marker=look.marker, ms=2.4, lw=1, label=name)
    scratch = table[(table["n_target"] == m) & (table["n_source"] == 0)]["mean"]
    if len(scratch):
        ends = [zero_position(n_source), n_source[0]]
        axes.plot(ends, [scratch.iloc[0], mean.iloc[0]], color=look.colour, lw=0.6, ls=":")
        axes.plot(
            ends[:1], scratch, color=look.colour, marker=look.marker, ms=3.4, mfc="white", ls=""
        )


def chart(contents: Contents, table: pd.DataFrame, metric: str) -> interactive.Plotly:
    """Render for the page. Bands of replicates are marked so that the page can show them."""
    log = is_log(table, metric)
    traces: list[interactive.Plotly] = []
    for m, look in looks(contents.n_target).items():
        traces += _traces(contents, table, m, look, metric)
    zero = zero_position(contents.n_source)
    axis = interactive.log_axis if log else interactive.linear_axis
    divider = (zero * contents.n_source[0]) ** 0.5
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": divider, "x1": divider}
    return interactive.figure(
        traces,
        interactive.log_axis(X_TITLE, *x_limits(contents.n_source), zero=zero),
        axis(contents.label(metric), *y_limits(table, log=log)),
        meta={"spread": axis(contents.label(metric), *y_limits(table, log=log, spread=True))},
        shapes=[{**line, "line": {"color": INK, "width": 1, "dash": "dot"}}],
    )


def _traces(
    contents: Contents, table: pd.DataFrame, m: int, look: Look, metric: str
) -> list[interactive.Plotly]:
    curve = curve_of(table, m)
    if curve.empty:
        return []
    group = {"legendgroup": f"m{m}"}
    x = curve["n_source"]
    bands = []
    if curve["mean_low"].notna().all():
        bands = [
            interactive.band(
                x, curve["replicates_low"], curve["replicates_high"], look.faded(0.1),
                meta="replicates", visible=False, **group,
            ),
            interactive.band(x, curve["mean_low"], curve["mean_high"], look.faded(0.25), **group),
        ]  # fmt: skip
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": f"m = {m}" if m else "m = 0 (zero-shot)",
        "x": interactive.plain(x),
        "y": interactive.plain(curve["mean"]),
        "line": {"color": look.colour, "width": 2},
        "marker": {"symbol": look.symbol, "size": 6, "color": look.colour},
        "text": [_hover(contents, metric, row) for row in curve.to_dict("records")],
        "hoverinfo": "text",
        **group,
    }
    scratch = table[(table["n_target"] == m) & (table["n_source"] == 0)]
    return [*bands, line, *_scratch_traces(contents, scratch, curve, look, metric, group)]


def _scratch_traces(
    contents: Contents,
    scratch: pd.DataFrame,
    curve: pd.DataFrame,
    look: Look,
    metric: str,
    group: dict[str, str],
) -> list[interactive.Plotly]:
    if scratch.empty:
        return []
    zero, value = zero_position(contents.n_source), float(scratch["mean"].iloc[0])
    point = {
        "type": "scatter",
        "mode": "markers",
        "x": [zero],
        "y": [value],
        "marker": {"symbol": f"{look.symbol}-open", "size": 8, "color": look.colour},
        "text": [_hover(contents, metric, scratch.iloc[0].to_dict())],
        "hoverinfo": "text",
        "showlegend": False,
        **group,
    }
    link = {
        "type": "scatter",
        "mode": "lines",
        "x": [zero, float(curve["n_source"].iloc[0])],
        "y": [value, float(curve["mean"].iloc[0])],
        "line": {"color": look.colour, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
        **group,
    }
    return [link, point]


def _hover(contents: Contents, metric: str, row: dict[str, float]) -> str:
    n, m = row["n_source"], row["n_target"]
    where = f"n = {count(n)}, m = {count(m)}"
    where += " (scratch)" if n == 0 else " (zero-shot)" if m == 0 else ""
    unit = interactive.escaped_unit(contents.unit_of(metric))
    text = f"{where}<br>{label_of(metric)} {number(row['mean'], 4)}{unit}"
    if np.isfinite(row["mean_low"]):
        level = confidence(contents.level)
        text += (
            f"<br>{level} of the mean: {number(row['mean_low'])} to {number(row['mean_high'])}"
            f"<br>{level} of replicates: {number(row['replicates_low'])}"
            f" to {number(row['replicates_high'])}"
        )
    return text
