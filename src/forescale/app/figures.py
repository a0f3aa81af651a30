"""The report's figures, one at a time: for the page, as a file, as numbers, in words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from forescale.app.folder import NotHereError
from forescale.drawing import interactive, paper
from forescale.report import export
from forescale.report.contents import Contents
from forescale.report.figures import heatmap, law, learning_curves, parity

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

KINDS = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
}
_DRAWING = threading.Lock()  # matplotlib's style is the process's


@dataclass(frozen=True)
class Figure:
    """One figure of the report.

    Attributes
    ----------
    name, title
        How addresses and pages call it.
    table
        Its data, of a metric at an m.
    draw, numbers
        For a paper, and as the table that is exported.
    """

    name: str
    title: str
    table: Callable[[Contents, str, int], pd.DataFrame]
    draw: Callable[[Contents, pd.DataFrame, str], Drawn]
    numbers: Callable[[Contents, pd.DataFrame, str], pd.DataFrame]


def _law_at(contents: Contents, metric: str, m: int) -> pd.DataFrame:
    table = law.data(contents, metric)
    return table[table["n_target"] == m].reset_index(drop=True)


FIGURES = {
    one.name: one
    for one in (
        Figure(law.NAME, "The law", _law_at, law.draw, export.metric_table),
        Figure(
            learning_curves.NAME,
            "Learning curves",
            lambda contents, metric, _: learning_curves.data(contents, metric),
            learning_curves.draw,
            export.metric_table,
        ),
        Figure(
            heatmap.NAME,
            "Error over the grid",
            lambda contents, metric, _: heatmap.data(contents, metric),
            heatmap.draw,
            export.heatmap_table,
        ),
        Figure(
            parity.NAME,
            "The predictor",
            lambda contents, *_: parity.data(contents),
            lambda contents, table, _: parity.draw(contents, table),
            lambda contents, table, _: export.parity_table(contents, table),
        ),
    )
}


def figure_of(name: str) -> Figure:
    """Return a figure by name.

    Raises
    ------
    NotHereError
        If there is none of that name.
    """
    if name not in FIGURES:
        raise NotHereError(f"{name!r}: is no figure; expected one of {', '.join(FIGURES)}")
    return FIGURES[name]


def chart(contents: Contents, name: str, metric: str, m: int) -> interactive.Plotly:
    """Return a figure for the page: a dictionary that plotly.js draws."""
    if name.startswith(f"{parity.NAME}-"):
        column = name.removeprefix(f"{parity.NAME}-")
        if column not in {column for column, *_ in parity.panels(contents)}:
            raise NotHereError(f"{name!r}: is no figure")
        return parity.chart(contents, parity.data(contents), column)
    table = figure_of(name).table(contents, metric, m)
    if name == law.NAME:
        return law.chart(contents, table, metric, m)
    if name == learning_curves.NAME:
        return learning_curves.chart(contents, table, metric)
    raise NotHereError(f"{name!r}: is a table on the page")


def file(contents: Contents, name: str, metric: str, m: int, kind: str) -> bytes:
    """Return a figure as PNG, SVG or PDF for a paper, or its numbers as CSV.

    Raises
    ------
    NotHereError
        If there is no such figure or kind of file.
    """
    if kind not in KINDS:
        raise NotHereError(f"{kind!r}: is no kind of file; expected one of {', '.join(KINDS)}")
    figure = figure_of(name)
    table = figure.table(contents, metric, m)
    if kind == "csv":
        text: str = figure.numbers(contents, table, metric).to_csv(index=False)
        return text.encode()
    with _DRAWING, paper.paper_style():
        drawn = figure.draw(contents, table, metric)
        if kind == "png":
            return paper.png(drawn)
        buffer = BytesIO()
        same: dict[str, Any] = {"Date": None} if kind == "svg" else {"CreationDate": None}
        drawn.savefig(buffer, format=kind, metadata=same)
    return buffer.getvalue()
