"""Matplotlib for papers: object interface, Agg canvas, sizes in inches of a journal column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from forescale.report.style import INK
from forescale.report.text import tick
from forescale.report.ticks import linear_ticks, log_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN, PAGE = 3.4, 7.0  # widths of one and of two columns
DPI = 300
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
    """Return an empty figure, in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


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


def set_log(axes: Axes, which: str, low: float, high: float, zero: float | None = None) -> None:
    """Make an axis logarithmic with plain, round ticks; ``zero`` is where 0 is to stand."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    labels = log_labels(low, high, zero)
    getattr(axes, f"set_{which}scale")("log")
    getattr(axes, f"set_{which}lim")(low, high)
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(FixedLocator(list(labels)))
    axis.set_major_formatter(FixedFormatter(list(labels.values())))
    axis.set_minor_locator(NullLocator())


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
