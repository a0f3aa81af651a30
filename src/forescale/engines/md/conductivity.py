"""Thermal conductivity from a known heat current and the temperatures of slabs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forescale.engines.md.cell import GAS, Cell, Floats
from forescale.engines.md.current import WATT, heat_current
from forescale.engines.md.history import History
from forescale.engines.md.properties import mean_and_error
from forescale.engines.md.settings import MdSettings

BLOCKS = 5
"""Blocks of time for the standard error."""
LEFT_OUT = 2
"""Slabs at both ends of a half that are left out of its line: the heated one and its neighbour."""
LINEAR = 0.9
"""Least share of the variance of a half's temperatures that a line must explain."""
HALVES, TIMES = 0.5, 0.3
"""Most that gradients of the two halves, and those of early and late times, may differ, as a
share."""
LEAK = 0.1
"""Most that the total energy may drift, as a share of the heat that has flowed."""


@dataclass(frozen=True)
class Conductivity:
    """Thermal conductivity and its standard error, W/(m K); why it cannot be trusted, or nothing.

    ``temperature`` is the mean over all slabs, K, and ``leak`` the drift of the total energy as a
    share of the heat that has flowed.
    """

    value: float
    error: float
    temperature: float
    leak: float
    complaint: str = ""


def conductivity(
    history: History, cell: Cell, settings: MdSettings, pieces: int | None = None
) -> Conductivity:
    """Thermal conductivity from the pieces in which heat flowed.

    Parameters
    ----------
    history
        Holds these pieces; its last state has the size of the box.
    cell
        What was copied.
    settings
        Give the current, the share of the time to leave out, and the error allowed.
    pieces
        How many pieces count; all without it.
    """
    stage, cell, length = (
        settings.conducting(),
        cell.repeated(settings.copies),
        history.state.length,
    )
    power = heat_current(cell, stage, length)
    profiles, potential, temperature = (
        _settled(history.of(stage.name, name)[:pieces], settings.settle)
        for name in ("profile", "potential", "temperature")
    )
    width = cell.copies * length / stage.slabs
    flux = power / (2.0 * length**2)  # it flows both ways
    seen = np.array(profiles)
    value, error = from_profiles(seen, flux, width)
    energy = np.concatenate(potential)
    energy += 0.5 * GAS * cell.freedom * np.concatenate(temperature)
    time = len(seen) * history.durations[history.stages.index(stage.name)]
    drift = float(np.polyfit(np.linspace(0.0, 1.0, energy.size), energy, 1)[0])
    leak = drift / (power * 1000.0 * time)
    complaint = _complaint(seen, leak, error / value, settings.noise)
    return Conductivity(value, error, float(seen.mean()), leak, complaint)


def _settled(pieces: list[Floats], share: float) -> list[Floats]:
    """Pieces after the first ``share`` of them."""
    return pieces[round(share * len(pieces)) :]


def from_profiles(profiles: Floats, flux: float, width: float) -> tuple[float, float]:
    """Thermal conductivity and its standard error, W/(m K).

    Parameters
    ----------
    profiles
        Temperatures, K; the first slab is the coldest, the one half a box away the hottest; shape
        (times, slabs).
    flux
        Heat flux, kcal/(mol fs Å²).
    width
        Of a slab, Å.

    Examples
    --------
    >>> profiles = np.tile(300.0 + 10.0 * np.minimum(np.arange(12), 12 - np.arange(12)), (5, 1))
    >>> value, error = from_profiles(profiles, flux=5.0 * 0.2 * WATT * 1e-10, width=2.0)
    >>> round(value, 12), error < 1e-12  # 5 K/Å
    (0.2, True)
    """
    parts = [part.mean(axis=0) for part in np.array_split(profiles, BLOCKS)]
    slopes, error = mean_and_error([halves(part)[0] for part in parts])
    value = flux * width / slopes / (WATT * 1e-10)  # W/Å = 1e10 W/m
    return value, abs(value * error / slopes)


def halves(profile: Floats) -> tuple[Floats, Floats]:
    """Rise of the temperature from slab to slab towards the hottest, in both halves of the box.

    Second is the share of the variance that each line explains.
    """
    half = len(profile) // 2
    inner = np.arange(LEFT_OUT, half - LEFT_OUT + 1)
    slopes, shares = [], []
    for temperatures in (profile[inner], profile[-inner]):
        slope = float(np.polyfit(inner, temperatures, 1)[0])
        slopes.append(slope)
        shares.append(float(np.corrcoef(inner, temperatures)[0, 1] ** 2))
    return np.array(slopes), np.array(shares)


def _complaint(profiles: Floats, leak: float, relative: float, noise: float) -> str:
    """What is wrong, the worst first; an empty string if nothing is."""
    if abs(leak) > LEAK:
        return f"the energy drifts by {leak:+.0%} of the heat that has flowed; {LEAK:.0%} allowed"
    slopes, shares = halves(profiles.mean(axis=0))
    if slopes.min() <= 0.0:
        return "the temperature does not rise towards the heated slab in both halves"
    if not relative <= noise:
        return f"the standard error is {relative:.0%} of the value; {noise:.0%} allowed"
    if shares.min() < LINEAR:
        return f"a line explains {shares.min():.2f} of a half's temperatures; {LINEAR} needed"
    middle = len(profiles) // 2
    times = [halves(part.mean(axis=0))[0].mean() for part in (profiles[:middle], profiles[middle:])]
    for words, (one, other), allowed in (
        ("early and late times", times, TIMES),
        ("the halves of the box", slopes, HALVES),
    ):
        if (share := abs(one - other) / slopes.mean()) > allowed:
            return f"gradients of {words} differ by {share:.0%}; {allowed:.0%} allowed"
    return ""
