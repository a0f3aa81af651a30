"""Colours and marks: one per m, the same in every figure, told apart by colour-blind readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

INK = "#1f2933"
GREY = "#6b7280"
GRID = "#eceff3"
FIELD = "#f6f7f9"
SCRATCH = "#b45309"
FLOOR = "#9d174d"
_SYMBOLS = (
    ("circle", "o"),
    ("square", "s"),
    ("diamond", "D"),
    ("triangle-up", "^"),
    ("cross", "P"),
)


@dataclass(frozen=True)
class Look:
    """How one m is drawn."""

    colour: str
    symbol: str
    marker: str

    def faded(self, opacity: float) -> str:
        """Return the colour as CSS rgba, for bands."""
        return rgba(self.colour, opacity)


def looks(n_target: Sequence[int]) -> dict[int, Look]:
    """Return the look of every m: light to dark as m grows, grey for zero-shot."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    chosen = {0: Look(GREY, "x-thin-open", "x")}
    last = max(len(n_target) - 1, 1)
    for place, m in enumerate(sorted(n_target)):
        share = 0.72 * (1 - place / last) if len(n_target) > 1 else 0.25
        symbol, marker = _SYMBOLS[place % len(_SYMBOLS)]
        chosen[m] = Look(to_hex(colormaps["viridis"](share)), symbol, marker)
    return chosen


_DARK = {
    INK: "#e4e7eb", GREY: "#a3adb8", GRID: "#2c343d", FIELD: "#1f262d", SCRATCH: "#f2a65a",
    FLOOR: "#f472b6", "rgba(255,255,255,0.7)": "rgba(24,29,34,0.7)",
}  # fmt: skip


def dark_colours(n_target: Sequence[int]) -> dict[str, str]:
    """Colours on dark paper, for each colour of the page's figures: light as m grows."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    found = dict(_DARK)
    last = max(len(n_target) - 1, 1)
    light = looks(n_target)
    for place, m in enumerate(sorted(n_target)):
        share = 0.35 + 0.6 * (place / last) if len(n_target) > 1 else 0.6
        found[light[m].colour] = to_hex(colormaps["viridis"](share))
    bands = {colour: new for colour, new in found.items() if colour.startswith("#")}
    return found | {rgba(old, 1)[:-2]: rgba(new, 1)[:-2] for old, new in bands.items()}


def rgba(colour: str, opacity: float) -> str:
    """Return a ``#rrggbb`` colour as CSS rgba.

    >>> rgba("#ff0080", 0.5)
    'rgba(255,0,128,0.5)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
