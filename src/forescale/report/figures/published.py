"""The figure of papers: least-squares laws by bootstrap, one panel for each m, equations printed.

The way of Minami et al., npj Comput. Mater. 11, 146 (2025), doi 10.1038/s41524-025-01606-5:
MAE over trials against n, D·n^(-alpha) + C by least squares on the mean, its interval by
bootstrap over trials, and the error of learning directly from the m measured values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forescale.drawing import paper
from forescale.drawing.style import INK, SCRATCH
from forescale.drawing.ticks import padded
from forescale.laws.published import PublishedLaw, fit_published
from forescale.metrics import label_of
from forescale.words import labelled, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "published"
LINE = "#1d4e89"
FEWEST = 3
"""Sizes n without which no law is fitted."""
FREE = 0.75
"""Part of a panel's height above which the equation stands."""


def laws(errors: pd.DataFrame, metric: str, seed: int = 0) -> dict[int, PublishedLaw]:
    """Fit every m of a study's errors the published way.

    Parameters
    ----------
    errors
        Columns replicate, n_source, n_target, metric, value.
    """
    kept = errors[(errors["metric"] == metric) & (errors["n_source"] > 0)].dropna(subset="value")
    return {
        int(m): fit_published(
            part["n_source"], part["value"], part["replicate"].to_numpy(), seed=seed
        )
        for m, part in kept.groupby("n_target")
        if part["n_source"].nunique() >= FEWEST
    }


def data(errors: pd.DataFrame, metric: str, seed: int = 0) -> pd.DataFrame:
    """Means, fits and direct learning of every cell.

    Returns
    -------
    DataFrame
        Columns n_target, n_source, mean, fit, fit_low, fit_high, direct, equation.
    """
    parts = []
    for m, law in laws(errors, metric, seed).items():
        fit = law.predict(law.n)
        part = pd.DataFrame({"n_target": m, "n_source": law.n.astype(int), "mean": law.error})
        part["fit"], part["fit_low"], part["fit_high"] = fit.median, fit.low, fit.high
        part["direct"], part["equation"] = direct(errors, metric, m), law.equation
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def direct(errors: pd.DataFrame, metric: str, m: int) -> float:
    """Mean error of learning from the m measured values alone; NaN where there are none."""
    kept = errors[(errors["metric"] == metric) & (errors["n_target"] == m)]
    return float(kept.loc[kept["n_source"] == 0, "value"].mean())


def draw(errors: pd.DataFrame, metric: str, unit: str, seed: int = 0) -> Figure:
    """Render for a paper: one panel for each m, on common axes."""
    fitted = laws(errors, metric, seed)
    columns = 2 if len(fitted) == 4 else min(len(fitted), 3)
    rows = -(-len(fitted) // columns)
    width = paper.COLUMN if columns == 1 else paper.PAGE
    figure = paper.new_figure(width, 2.1 * rows + 0.4)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    heights = [direct(errors, metric, m) for m in fitted]
    shown = [part for law in fitted.values() for part in (law.error, law.predict(law.n).high)]
    every = np.concatenate([*shown, np.array(heights)])
    every = every[np.isfinite(every) & (every > 0)]
    low, high = padded(float(every.min()), float(every.max()))
    first = min(law.n[0] for law in fitted.values())
    last = max(law.n[-1] for law in fitted.values())
    for axes in panels.flat[len(fitted) :]:
        axes.set_visible(False)
    for axes in panels.flat[max(len(fitted) - columns, 0) : len(fitted)]:
        axes.tick_params(labelbottom=True)  # none is below, or one that is not there
    for axes, (m, law), height in zip(panels.flat, fitted.items(), heights, strict=False):
        _panel(axes, law, height)
        _equation(axes, law, height, low, high)
        axes.set_title("m = 0 (zero-shot)" if m == 0 else f"m = {m}", loc="left", pad=3)
        paper.set_log(axes, "x", *padded(first, last))
        paper.set_log(axes, "y", low, high)
    figure.supxlabel("Computed values n", fontsize=8)
    figure.supylabel(paper.literal(labelled(label_of(metric), unit)), fontsize=8)
    handles, labels = panels.flat[len(fitted) - 1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=1 if columns == 1 else 4)
    return figure


def _panel(axes: Axes, law: PublishedLaw, height: float) -> None:
    grid = np.geomspace(law.n[0], law.n[-1], 60)
    fit = law.predict(grid)
    if law.trials > 1:
        axes.fill_between(
            grid, fit.low, fit.high, color=LINE, alpha=0.25, lw=0, label="90 % by bootstrap"
        )
    axes.plot(grid, fit.median, color=LINE, label="least squares")
    axes.plot(
        law.n, law.error, ls="", marker="o", ms=2.6, color=LINE, mec=INK, mew=0.4,
        label="mean over trials",
    )  # fmt: skip
    if np.isfinite(height):
        axes.axhline(height, color=SCRATCH, ls="--", lw=0.9, label="direct learning")


def _equation(axes: Axes, law: PublishedLaw, height: float, low: float, high: float) -> None:
    """Print the law where the panel is empty: top right, or bottom left of a curve that is high."""
    right = law.predict(law.n[len(law.n) // 4 :]).high
    there = np.append(right, height if np.isfinite(height) else low)
    over = float(np.log(there.max() / low) / np.log(high / low)) > FREE
    x, y, across, up = (0.03, 0.05, "left", "bottom") if over else (0.97, 0.94, "right", "top")
    edge = "\nα at the end of its range" if law.at_edge else ""
    axes.text(
        x, y, paper.literal(f"{law.equation}\nR² = {number(law.r_squared)}{edge}"),
        transform=axes.transAxes, ha=across, va=up, fontsize=6,
    )  # fmt: skip
