"""Error over the whole grid (n, m): data, the version for papers, the table of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forescale.drawing import paper
from forescale.report.contents import Contents
from forescale.words import ABSENT, count, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "heatmap"
_MANY = 6  # columns from which numbers are smaller
ROW_HEAD, COLUMN_HEAD = "Computed values, n", "Measured values, m"


@dataclass(frozen=True)
class Cell:
    """One cell of the page's table."""

    text: str
    background: str = "transparent"
    colour: str = "inherit"
    title: str = ""


def data(contents: Contents, metric: str) -> pd.DataFrame:
    """Mean error: index n_source (0: scratch), columns n_target (0: zero-shot)."""
    cells = contents.cells(metric)
    return cells.pivot(index="n_source", columns="n_target", values="mean").sort_index(axis=1)


def draw(contents: Contents, table: pd.DataFrame, metric: str) -> Figure:
    """Render for a paper: one column wide, the number in every cell."""
    values, texts, levels = _values(table), _texts(table), _levels(table)
    figure = paper.new_figure(paper.COLUMN, 0.9 + 0.155 * len(table))
    axes = figure.subplots()
    image = axes.imshow(levels, cmap="cividis_r", vmin=0, vmax=1, aspect="auto")
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
    bar.set_ticks([place for place, _ in scale(table)], labels=[t for _, t in scale(table)])
    bar.ax.tick_params(length=2, labelsize=6)
    bar.outline.set_visible(False)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "white" if levels[i, j] > 0.55 else "black"
            number_in_cell = axes.text(
                j,
                i,
                texts[i][j],
                ha="center",
                va="center",
                color=colour,
                fontsize=6 if table.shape[1] < _MANY else 5,
            )
            number_in_cell.set_in_layout(False)
    axes.set_xticks(range(table.shape[1]), heads(table, "\n"))
    axes.set_yticks(range(len(table)), [_name(n, "scratch") for n in table.index])
    axes.tick_params(length=0, labelsize=6.5)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(COLUMN_HEAD)
    axes.set_ylabel(ROW_HEAD)
    axes.set_title(paper.literal(f"Mean {contents.label(metric)}"), loc="left", fontsize=8)
    return figure


def rows(table: pd.DataFrame) -> list[tuple[str, list[Cell]]]:
    """Return the page's table: the head of each row and its cells."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    colours, levels, texts = colormaps["cividis_r"], _levels(table), _texts(table)
    found = []
    for i, n in enumerate(table.index):
        cells = []
        for j, m in enumerate(table.columns):
            if not np.isfinite(levels[i, j]):
                cells.append(Cell(ABSENT))
                continue
            ink = "#fff" if levels[i, j] > 0.55 else "#000"
            title = f"n = {count(n)}, m = {count(m)}: {number(float(table.iloc[i, j]), 4)}"
            cells.append(Cell(texts[i][j], to_hex(colours(levels[i, j])), ink, title))
        found.append((_name(n, "scratch"), cells))
    return found


def scale(table: pd.DataFrame, ticks: int = 4) -> list[tuple[float, str]]:
    """Ticks of the colour bar: place between the least (0) and the largest (1), and the error."""
    values = _values(table)
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known) or known.max() <= known.min():
        return []
    errors = np.geomspace(known.min(), known.max(), ticks)
    return [(place / (ticks - 1), number(float(one))) for place, one in enumerate(errors)]


def gradient(steps: int = 12) -> str:
    """The colours of the bar as a CSS gradient, from the least error to the largest."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    colours = colormaps["cividis_r"](np.linspace(0, 1, steps))
    return f"linear-gradient(90deg, {', '.join(to_hex(colour) for colour in colours)})"


def heads(table: pd.DataFrame, between: str = "\u00a0") -> list[str]:
    """Return the heads of the columns."""
    return [_name(m, "zero-shot", between) for m in table.columns]


def _values(table: pd.DataFrame) -> np.ndarray:
    return np.asarray(table.to_numpy(dtype=float))


def _levels(table: pd.DataFrame) -> np.ndarray:
    """Position of each error between the least (0) and the largest (1), in logarithms."""
    values = _values(table)
    scaled = np.log(np.where(values > 0, values, np.nan))
    low, high = np.nanmin(scaled), np.nanmax(scaled)
    return np.asarray((scaled - low) / (high - low) if high > low else scaled * 0 + 0.2)


def _texts(table: pd.DataFrame) -> list[list[str]]:
    """Cells to one number of decimals, three digits for the smallest."""
    values = _values(table)
    known = values[np.isfinite(values)]
    least = float(np.min(np.abs(known)))
    if least < 1e-4 or np.max(known) >= 1e5:
        return [[number(float(v)) for v in row] for row in values]
    decimals = max(2 - int(np.floor(np.log10(least))), 0) if least > 0 else 3
    return [[f"{v:.{decimals}f}" if np.isfinite(v) else ABSENT for v in row] for row in values]


def _name(size: int, zero: str, between: str = "\u00a0") -> str:
    return count(size) if size else f"0{between}({zero})"
