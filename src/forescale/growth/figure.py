"""The picture of a loop: error against cost, what was foreseen and what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forescale.drawing import interactive
from forescale.drawing.style import GREY, INK
from forescale.words import labelled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = ("#31688e", "#b45309", "#35b779", "#9d174d", "#6b7280", "#440154")


def steps(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row a round.

    Returns
    -------
    DataFrame
        Columns round, arm, n (of that arm), cost (of all so far), error (of that arm), best (of
        all arms), and median, low, high of the forecast that was made for this round before it was
        computed, NaN where there was none.
    """
    rows = []
    for record in records:
        foreseen = record["forecast"] or {}
        rows.append(
            {
                "round": record["round"],
                "arm": record["arm"],
                "n": record["n"][record["arm"]],
                "cost": record["cost"],
                "error": record["errors"][record["arm"]],
                "best": record["error"],
                **{name: foreseen.get(name) for name in ("median", "low", "high")},
            }
        )
    frame = pd.DataFrame(rows)
    numbers = ["error", "best", "median", "low", "high"]
    frame[numbers] = frame[numbers].astype(float)
    return frame


def kept(frame: pd.DataFrame) -> tuple[int, int]:
    """How many forecasts were made, and how many errors came inside them."""
    made = frame[frame["median"].notna() & frame["error"].notna()]
    inside = made["error"].between(made["low"], made["high"])
    return len(made), int(inside.sum())


def draw(frame: pd.DataFrame, metric: str, unit: str, cost_unit: str) -> Figure:
    """Error against cost, one colour an arm; bars are the forecasts' 90 % intervals."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter

    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axis = figure.subplots()
    for place, (arm, part) in enumerate(frame.groupby("arm", sort=False)):
        colour = _COLOURS[place % len(_COLOURS)]
        axis.plot(part["cost"], part["error"], "o-", color=colour, label=str(arm), markersize=4)
        seen = part[part["median"].notna()]
        axis.errorbar(
            seen["cost"],
            seen["median"],
            np.stack([seen["median"] - seen["low"], seen["high"] - seen["median"]]),
            fmt="_",
            color=colour,
            alpha=0.45,
            capsize=3,
        )
    axis.step(frame["cost"], frame["best"].cummin(), where="post", color=GREY, lw=0.8, ls=":")
    axis.set_xlabel(f"cost ({cost_unit})", color=INK)
    axis.set_ylabel(f"{metric}{f' ({unit})' if unit else ''} on measured materials", color=INK)
    axis.set_xscale("log")
    for every in (axis.xaxis.set_major_formatter, axis.xaxis.set_minor_formatter):
        every(LogFormatter(labelOnlyBase=False, minor_thresholds=(2, 0.5)))
    axis.legend(frameon=False, title="arm")
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def chart(frame: pd.DataFrame, metric: str, unit: str, cost_unit: str) -> interactive.Plotly:
    """Render the same for a page: bars are the forecasts' 90 % intervals."""
    traces: list[interactive.Plotly] = []
    for place, (arm, part) in enumerate(frame.groupby("arm", sort=False)):
        colour, seen = _COLOURS[place % len(_COLOURS)], part[part["median"].notna()]
        traces.append({
            "type": "scatter", "mode": "lines+markers", "name": interactive.safe(str(arm)),
            "x": interactive.plain(part["cost"]), "y": interactive.plain(part["error"]),
            "line": {"color": colour, "width": 2}, "marker": {"size": 7, "color": colour},
        })  # fmt: skip
        bars = {
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.2,
            "array": interactive.plain(seen["high"] - seen["median"]),
            "arrayminus": interactive.plain(seen["median"] - seen["low"]),
        }  # fmt: skip
        traces.append({
            "type": "scatter", "mode": "markers", "showlegend": False, "opacity": 0.6,
            "name": interactive.safe(f"{arm}, foreseen"), "error_y": bars,
            "x": interactive.plain(seen["cost"]), "y": interactive.plain(seen["median"]),
            "marker": {"symbol": "line-ew-open", "size": 10, "color": colour},
        })  # fmt: skip
    costs = frame["cost"].to_numpy(dtype=float)
    errors = frame[["error", "low", "high"]].to_numpy(dtype=float)
    errors = errors[np.isfinite(errors)]
    pad = 0.08 * float(np.ptp(errors)) or 0.05 * float(np.abs(errors).max()) or 1.0
    return interactive.figure(
        traces,
        interactive.log_axis(f"Cost ({cost_unit})", costs.min() / 1.1, costs.max() * 1.1),
        interactive.linear_axis(
            labelled(metric, unit), max(float(errors.min()) - pad, 0.0), float(errors.max()) + pad
        ),
    )
