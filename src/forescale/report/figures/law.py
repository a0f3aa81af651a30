"""The fitted law over the data and beyond: data, the version for papers, the one for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forescale.drawing import interactive, paper
from forescale.drawing.style import FIELD, FLOOR, GREY, INK, SCRATCH, Look, looks
from forescale.drawing.ticks import padded
from forescale.metrics import Metric, label_of
from forescale.report.cells import VALUE_COLUMNS
from forescale.report.contents import Contents
from forescale.report.figures.learning_curves import X_TITLE
from forescale.words import confidence, count, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "law"
HERE, ELSEWHERE = "this study", "other materials of the same kind"
REACH = 8.0  # how far beyond the largest size the law is drawn
LAW_COLUMNS = ("law_median", "law_low", "law_high", "elsewhere_low", "elsewhere_high")


def data(contents: Contents, metric: str) -> pd.DataFrame:
    """Law with its interval, and the measured means at their sizes.

    Returns
    -------
    DataFrame
        Columns n_target, n_source, beyond_data, law_median, law_low, law_high (this study at
        larger n), elsewhere_low, elsewhere_high (other materials of the same kind), then the
        value columns of `cells` (NaN between the sizes of the grid).
    """
    measured = contents.cells(metric)
    parts = []
    for m in [0, *contents.n_target]:
        law = contents.law(metric, m)
        if law is None:
            continue
        first, last = float(law.curve.n[0]), float(law.curve.n[-1])
        inside = np.geomspace(first, last, 40) if last > first else np.array([last])
        outside = np.geomspace(last, REACH * last, 25)
        sizes = np.unique(np.concatenate([law.curve.n, np.rint(inside), np.rint(outside)]))
        forecast = law.predict(sizes)
        part = pd.DataFrame({"n_target": m, "n_source": sizes, "beyond_data": sizes > last})
        part["law_median"], part["law_low"] = forecast.median, forecast.low
        part["law_high"] = forecast.high
        elsewhere = law.forecast_new_materials(sizes)
        part["elsewhere_low"], part["elsewhere_high"] = elsewhere.low, elsewhere.high
        parts.append(part)
    keys = ["n_source", "n_target"]
    table = pd.concat(parts, ignore_index=True).astype({"n_source": "int64"})
    return table.merge(measured[[*keys, *VALUE_COLUMNS]], on=keys, how="left")


def lines(contents: Contents, metric: str, m: int) -> list[tuple[str, float, str, str]]:
    """Horizontal lines beside a law: name, height, colour, dash of plotly."""
    found: list[tuple[str, float, str, str]] = []
    scratch = contents.scratch_error(metric, m)
    if scratch:
        found.append(("Scratch", scratch, SCRATCH, "dash"))
    zero_shot = contents.law(metric, 0)
    if m and zero_shot is not None:
        found.append(("Zero-shot", float(zero_shot.curve.error[-1]), GREY, "dashdot"))
    if metric == Metric.RMSE and contents.noise_floor:
        found.append(("Noise floor", contents.noise_floor, FLOOR, "dot"))
    return found


def visible_lines(
    contents: Contents, metric: str, m: int, low: float, high: float
) -> list[tuple[str, float, str, str]]:
    """Return the lines that stand within the limits of the error axis."""
    return [line for line in lines(contents, metric, m) if low <= line[1] <= high]


def y_limits(contents: Contents, part: pd.DataFrame, metric: str, m: int) -> tuple[float, float]:
    """Limits that hold the law's interval, the replicates and the lines near them."""
    values = part[[*LAW_COLUMNS, *VALUE_COLUMNS]].to_numpy(dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = float(values.min()), float(values.max())
    heights = [height for _, height, _, _ in lines(contents, metric, m)]
    near = [h for h in heights if low / 4 < h < high * 4]
    return padded(min([low, *near]), max([high, *near]))


def draw(contents: Contents, table: pd.DataFrame, metric: str) -> Figure:
    """Render for a paper: one panel per m, up to six, on common axes."""
    chosen = chosen_panels([int(m) for m in table["n_target"].unique()])
    columns = 2 if len(chosen) == 4 else min(len(chosen), 3)
    rows = -(-len(chosen) // columns)
    width = paper.COLUMN if columns == 1 else paper.PAGE
    figure = paper.new_figure(width, 2.1 * rows + 0.5)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    parts = {m: table[table["n_target"] == m] for m in chosen}
    limits = [y_limits(contents, part, metric, m) for m, part in parts.items()]
    low, high = min(pair[0] for pair in limits), max(pair[1] for pair in limits)
    x_low, x_high = padded(table["n_source"].min(), table["n_source"].max())
    for place, axes in enumerate(panels.flat):
        if place >= len(chosen):
            axes.set_visible(False)
            continue
        m = chosen[place]
        _draw_panel(axes, contents, parts[m], m)
        _draw_lines(axes, visible_lines(contents, metric, m, low, high))
        axes.tick_params(labelbottom=place + columns >= len(chosen))
        axes.set_title("zero-shot, m = 0" if m == 0 else f"m = {m}", loc="left", pad=3)
        paper.set_log(axes, "x", x_low, x_high)
        paper.set_log(axes, "y", low, high)
    figure.supxlabel(X_TITLE, fontsize=8)
    figure.supylabel(paper.literal(contents.label(metric)), fontsize=8)
    _draw_legend(figure, panels.flat[len(chosen) - 1], columns)
    return figure


def chosen_panels(sizes: list[int], most: int = 6) -> list[int]:
    """All m, or so many of them spread evenly, the largest included; zero-shot goes first."""
    if len(sizes) > most:
        sizes = sizes[1:] if sizes[0] == 0 else sizes
    if len(sizes) <= most:
        return sizes
    return [sizes[round(i * (len(sizes) - 1) / (most - 1))] for i in range(most)]


def _draw_panel(axes: Axes, contents: Contents, part: pd.DataFrame, m: int) -> None:
    look = looks(contents.n_target)[m]
    inside, outside = split(part)
    level = confidence(contents.level)
    for piece, dash, alpha, name in ((inside, "-", 0.4, ""), (outside, "--", 0.3, "beyond")):
        axes.fill_between(
            piece["n_source"], piece["elsewhere_low"], piece["elsewhere_high"], lw=0, zorder=0.5,
            color=look.colour, alpha=0.15, label="" if name else f"{level}, {ELSEWHERE}",
        )  # fmt: skip
        axes.fill_between(
            piece["n_source"], piece["law_low"], piece["law_high"], color=look.colour, alpha=alpha,
            lw=0, label=f"{level}, {HERE}, forecast" if name else f"{level}, {HERE}",
        )  # fmt: skip
        axes.plot(
            piece["n_source"], piece["law_median"], color=look.colour, ls=dash,
            label="forecast" if name else "law",
        )  # fmt: skip
    points = part.dropna(subset="mean")
    if points["replicates_low"].notna().all():
        axes.fill_between(
            points["n_source"], points["replicates_low"], points["replicates_high"], lw=0.7,
            facecolor="none", edgecolor=GREY, ls=":", zorder=0.6, label=f"{level} of replicates",
        )  # fmt: skip
    axes.plot(
        points["n_source"], points["mean"], ls="", marker="o", ms=2.6, color=look.colour, mec=INK,
        mew=0.4, label="mean of replicates",
    )  # fmt: skip
    axes.axvline(points["n_source"].max(), color=INK, lw=0.5, ls=(0, (1, 3)))


def _draw_lines(axes: Axes, found: list[tuple[str, float, str, str]]) -> None:
    dashes = {"dash": "--", "dashdot": "-.", "dot": ":"}
    for name, height, colour, dash in found:
        axes.axhline(height, color=colour, lw=0.9, ls=dashes[dash], label=name)


def _draw_legend(figure: Figure, axes: Axes, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=1 if columns == 1 else 4)


def split(part: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows within the data, and those from the largest size on."""
    inside = part[~part["beyond_data"]]
    return inside, pd.concat([inside.iloc[-1:], part[part["beyond_data"]]])


def chart(contents: Contents, table: pd.DataFrame, metric: str, m: int) -> interactive.Plotly:
    """Render one m for the page."""
    part = table[table["n_target"] == m]
    look = looks(contents.n_target)[m]
    x_low, x_high = padded(part["n_source"].min(), part["n_source"].max(), 0.02)
    last = float(part.loc[~part["beyond_data"], "n_source"].max())
    ends = {"x0": last, "x1": x_high, "y0": 0, "y1": 1, "yref": "paper"}
    beyond = {"type": "rect", **ends, "line": {"width": 0}, "layer": "below"}
    note = {
        "x": float(np.log10(last)), "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom",
        "text": "forecast →", "showarrow": False, "font": {"size": 12, "color": GREY},
    }  # fmt: skip
    y_low, y_high = y_limits(contents, part, metric, m)
    found = visible_lines(contents, metric, m, y_low, y_high)
    *spread, means = _point_traces(contents, part, metric, look)
    return interactive.figure(
        [
            *spread,
            *_law_traces(contents, part, look),
            means,
            *_line_traces(found, x_low, x_high),
        ],
        interactive.log_axis(X_TITLE, x_low, x_high),
        interactive.log_axis(contents.label(metric), y_low, y_high),
        shapes=[{**beyond, "fillcolor": FIELD}],
        annotations=[note],
        margin={"l": 56, "r": 14, "t": 30, "b": 48},
    )


def _law_traces(contents: Contents, part: pd.DataFrame, look: Look) -> list[interactive.Plotly]:
    inside, outside = split(part)
    level = confidence(contents.level)
    traces = []
    for piece, opacity, dash, name in (
        (inside, 0.4, "solid", "Law"),
        (outside, 0.3, "dash", "Forecast"),
    ):
        first = name == "Law"
        shown = {"showlegend": first, "name": f"{level}, {ELSEWHERE}"}
        low, high = piece["elsewhere_low"], piece["elsewhere_high"]
        traces.append(interactive.band(piece["n_source"], low, high, look.faded(0.15), **shown))
        shown = {"showlegend": first, "name": f"{level}, {HERE}"}
        low, high = piece["law_low"], piece["law_high"]
        traces.append(interactive.band(piece["n_source"], low, high, look.faded(opacity), **shown))
        hover = [
            f"{name} at n = {count(row.n_source)}<br>{number(row.law_median)} "
            f"({number(row.law_low)} to {number(row.law_high)})"
            for row in piece.itertuples()
        ]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "text": hover,
                "hoverinfo": "text",
                "x": interactive.plain(piece["n_source"]),
                "y": interactive.plain(piece["law_median"]),
                "line": {"color": look.colour, "width": 2.5, "dash": dash},
            }
        )
    return traces


def _point_traces(
    contents: Contents, part: pd.DataFrame, metric: str, look: Look
) -> list[interactive.Plotly]:
    points = part.dropna(subset="mean")
    unit = interactive.escaped_unit(contents.unit_of(metric))
    means: interactive.Plotly = {
        "type": "scatter",
        "mode": "markers",
        "name": "Mean error" if contents.replicates > 1 else "Error",
        "x": interactive.plain(points["n_source"]),
        "y": interactive.plain(points["mean"]),
        "marker": {"color": look.colour, "size": 7, "line": {"color": INK, "width": 1}},
        "text": [
            f"n = {count(row.n_source)}<br>{label_of(metric)} {number(row.mean, 4)}{unit}"
            for row in points.itertuples()
        ],
        "hoverinfo": "text",
    }
    if points["replicates_low"].isna().any():
        return [means]
    spread = interactive.band(
        points["n_source"],
        points["replicates_low"],
        points["replicates_high"],
        "rgba(0,0,0,0)",
        line={"width": 1.2, "dash": "dot", "color": GREY},
        showlegend=True,
        name=f"{confidence(contents.level)} of replicates",
    )
    return [spread, means]


def _line_traces(
    found: list[tuple[str, float, str, str]], x_low: float, x_high: float
) -> list[interactive.Plotly]:
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": [x_low, x_high],
            "y": [height, height],
            "line": {"color": colour, "width": 1.5, "dash": dash},
            "text": f"{name}: {number(height)}",
            "hoverinfo": "text",
        }
        for name, height, colour, dash in found
    ]
