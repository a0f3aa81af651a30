"""Properties of the bulk polymer from what was sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import constants

from forescale.engines.md.cell import DENSITY, GAS, Cell, Floats
from forescale.engines.md.history import History
from forescale.engines.md.settings import MdSettings
from forescale.engines.optics import refractive_index


@dataclass(frozen=True)
class RepeatUnit:
    """One repeat unit in a chain: mass (g/mol), van der Waals volume and polarisability (Å³)."""

    mass: float
    vdw_volume: float
    polarizability: float


def density_drift(pieces: Sequence[Floats]) -> float:
    """Change of a density over all pieces by a straight line, as a share of its mean.

    Examples
    --------
    >>> round(density_drift([np.array([1.0, 1.0]), np.array([1.02, 1.02])]), 3)
    0.032
    """
    series = np.concatenate(pieces)
    time = np.linspace(-0.5, 0.5, series.size)
    slope = float(time @ (series - series.mean()) / (time @ time))
    return (
        slope * series.size / (series.size - 1) / float(series.mean()) if series.size > 1 else 0.0
    )


def mean_and_error(pieces: Sequence[Floats]) -> tuple[float, float]:
    """Mean of a series and its standard error from the scatter of its pieces' means.

    The pieces must be much longer than the correlation time for the error to be right (Flyvbjerg &
    Petersen 1989, doi 10.1063/1.457480).
    """
    means = np.array([piece.mean() for piece in pieces])
    if len(means) < 2:
        return float(means.mean()), float("nan")
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))


def sampled(history: History, settings: MdSettings, quantity: str) -> list[Floats]:
    """A quantity in the pieces of the blocks that are averaged."""
    return history.of("sample", quantity)[-settings.counted :]


def bulk_properties(
    history: History, cell: Cell, settings: MdSettings, unit: RepeatUnit
) -> dict[str, float]:
    """All properties but the thermal conductivity, in the units of :class:`MdEngine`.

    * Thermal expansion: that of the volume, from densities at three temperatures.
    * Heat capacity: at constant pressure, from enthalpies at three temperatures. It is that of
      classical mechanics with rigid bonds to hydrogen, hence too high: real vibrations faster
      than about 200 cm⁻¹ are not fully excited at 300 K.
    * Refractive index: Lorentz–Lorenz with D4 polarisabilities.
    """
    per_block = len(settings.sampling().pieces(settings.piece))
    blocks = _joined(sampled(history, settings, "density"), per_block)
    density, error = mean_and_error(blocks)
    temperatures = settings.temperature + settings.sweep * np.array([-1.0, 0.0, 1.0])
    densities: list[float] = []
    energies: list[float] = []
    for name in ("lower", "sample", "upper"):
        # The first half of a block at a new temperature is left to relax.
        for quantity, found in (("density", densities), ("potential", energies)):
            if name == "sample":
                kept = sampled(history, settings, quantity)
            else:
                pieces = history.of(name, quantity)
                kept = pieces[len(pieces) // 2 :]
            found.append(np.concatenate(kept).mean())
    expansion = -_slope(temperatures, np.log(densities))
    heat = _slope(temperatures, np.array(energies)) + 0.5 * GAS * cell.freedom
    volume = unit.mass * DENSITY / density
    return {
        "density": density,
        "density_error": error,
        "radius_of_gyration": history.radius_of_gyration("sample"),
        "thermal_expansion": expansion,
        "heat_capacity": heat * constants.calorie * 1e6 / cell.mass,
        "refractive_index": refractive_index(unit.polarizability, volume),
    }


def _joined(pieces: list[Floats], per_block: int) -> list[Floats]:
    return [
        np.concatenate(pieces[first : first + per_block])
        for first in range(0, len(pieces), per_block)
    ]


def _slope(x: Floats, y: Floats) -> float:
    return float(np.polyfit(x, y, 1)[0])
