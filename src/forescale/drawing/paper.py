"""Matplotlib for papers: object interface, Agg canvas, sizes in inches of a journal column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from forescale.drawing.style import INK
from forescale.drawing.ticks import linear_ticks, log_labels
from forescale.words import tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN, PAGE = 3.4, 7.0  # widths of one and of two columns
DPI = 300
PLOTTED, WIDE = 0.8, 0.6  # part of a panel's width that its axis takes; of the size, a character's
_RC: Any = {  # matplotlib lists every key in its type
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "axes.linewidth": 0.7,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3,
    "figure.facecolor": "white",
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Set fonts and lines within the block."""
    from matplotlib import rc_context

    with rc_context(_RC):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, that notebooks show by themselves."""
    from matplotlib.figure import Figure

    class Shown(Figure):
        def _repr_png_(self) -> bytes:
            return png(self)

    return Shown(figsize=(width, height), dpi=DPI, layout="constrained")


def png(figure: Figure) -> bytes:
    """Return a figure as PNG bytes; drawn once, where ``savefig`` draws twice."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    buffer = BytesIO()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    image.save(buffer, format="png", dpi=(DPI, DPI))
    return buffer.getvalue()


def vector(figure: Figure) -> dict[str, bytes]:
    """Return a drawn figure as SVG and PDF, by suffix; text stays text."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    figure.set_layout_engine("none")  # as it was drawn: laying out anew takes the time
    svg, pdf = BytesIO(), BytesIO()
    dots, before = figure.dpi, figure.canvas
    with rc_context({"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "forescale"}):
        # By their canvases, drawn once each: ``savefig`` draws twice.
        drawing: Any = FigureCanvasSVG(figure)
        drawing.print_svg(svg, metadata={"Date": None})
        drawing = FigureCanvasPdf(figure)
        drawing.print_pdf(pdf, metadata={"CreationDate": None})
    figure.set_dpi(dots)
    figure.set_canvas(before)
    return {".svg": svg.getvalue(), ".pdf": pdf.getvalue()}


def set_log(axes: Axes, which: str, low: float, high: float, zero: float | None = None) -> None:
    """Make an axis logarithmic with plain, round ticks; ``zero`` is where 0 is to stand."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    labels = log_labels(low, high, zero, _room(axes) if which == "x" else np.inf)
    getattr(axes, f"set_{which}scale")("log")
    getattr(axes, f"set_{which}lim")(low, high)
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(FixedLocator(list(labels)))
    axis.set_major_formatter(FixedFormatter(list(labels.values())))
    axis.set_minor_locator(NullLocator())


def _room(axes: Axes) -> float:
    """How many characters of a tick label fit along an x axis, about."""
    place, figure = axes.get_subplotspec(), axes.get_figure(root=True)
    if figure is None:
        return float("inf")
    columns = 1 if place is None else place.get_gridspec().ncols
    width = 72 * float(figure.get_size_inches()[0]) * PLOTTED / columns
    return width / (WIDE * float(_RC["xtick.labelsize"]))


def set_linear(axes: Axes, which: str, low: float, high: float) -> None:
    """Give a linear axis limits and round ticks."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    ticks = linear_ticks(low, high)
    getattr(axes, f"set_{which}lim")(low, high)
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([tick(t) for t in ticks]))


def literal(text: str) -> str:
    """Return text that matplotlib does not take for mathematics."""
    return text.replace("$", r"\$")
