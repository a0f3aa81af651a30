"""The protocol as a list of stages, the same for every back end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Stage:
    """A stretch of dynamics.

    Attributes
    ----------
    name
        What it is for.
    duration
        ps.
    start, stop
        Temperature at both ends, linear in between, K.
    pressure
        atm; without it the volume is constant, or changes as ``density`` says.
    density
        Density to which the box shrinks at a constant rate, g/cm³.
    packing
        Half the time step, strong friction and no long-range forces: for the beginning.
    copies
        Cubes side by side along x.
    slabs
        Slabs across x between two of which heat flows; with none, none flows. There is no
        thermostat while it does.
    contrast
        Sets the heat current: the difference in temperature (K) that it would sustain
        between these two in a material of 0.2 W/(m K).
    left
        Pieces of the stage that are left, with this one.
    """

    name: str
    duration: float
    start: float
    stop: float
    pressure: float | None = None
    density: float | None = None
    packing: bool = False
    copies: int = 1
    slabs: int = 0
    contrast: float = 0.0
    left: int = 1

    def pieces(self, longest: float) -> list[Stage]:
        """The stage cut into pieces of equal duration, none longer than ``longest`` ps."""
        count = max(1, math.ceil(self.duration / longest - 1e-9))
        slope = (self.stop - self.start) / count
        return [
            replace(
                self,
                duration=self.duration / count,
                start=self.start + number * slope,
                stop=self.start + (number + 1) * slope,
                left=count - number,
            )
            for number in range(count)
        ]


LARSEN = (
    (50.0, 50.0, 50.0, 0.02),
    (50.0, 100.0, 50.0, 0.60),
    (50.0, 100.0, 50.0, 1.00),
    (50.0, 100.0, 5.0, 0.50),
    (5.0, 10.0, 5.0, 0.10),
    (5.0, 10.0, 5.0, 0.01),
    (5.0, 10.0, 800.0, 0.0),
)
"""Larsen's 21 steps: ps at high temperature, ps and ps under pressure at the target temperature,
and the pressure as a share of the highest (Larsen et al. 2011, doi 10.1021/ma200345v, as set in
RadonPy: Hayashi et al. 2022, doi 10.1038/s41524-022-00906-4)."""


def larsen(hot: float, cold: float, highest: float, scale: float) -> Iterator[Stage]:
    """The 21 steps, with all durations times ``scale``; pressures in atm."""
    for number, (heat, cool, press, share) in enumerate(LARSEN, start=1):
        yield Stage(f"21-step {number}: heat", heat * scale, hot, hot)
        yield Stage(f"21-step {number}: cool", cool * scale, cold, cold)
        pressure = max(1.0, share * highest)
        yield Stage(f"21-step {number}: press", press * scale, cold, cold, pressure)


def melt_and_cool(
    hot: float, cold: float, highest: float, melt: float, cooling: float
) -> Iterator[Stage]:
    """Press a melt, let it expand, cool it at 1 atm; ``cooling`` in K/ps, ``melt`` in ps."""
    yield Stage("press", melt, hot, hot, highest)
    yield Stage("melt", melt, hot, hot, 1.0)
    yield Stage("cool", (hot - cold) / cooling, hot, cold, 1.0)
