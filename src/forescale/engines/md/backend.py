"""What a molecular-dynamics program must do for the protocol: three functions of a state.

Every piece of dynamics starts from a saved state and a seed alone. Stopping between two pieces and
going on later therefore gives the same numbers as not stopping.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from forescale.engines.md.cell import GAS, Cell, Floats, State
from forescale.engines.md.stages import Stage
from forescale.errors import EngineError

KINETIC = 1e7 / 4184.0
"""kcal/mol of one (g/mol)·(Å/fs)²."""
LENNARD_JONES_14, COULOMB_14 = 0.5, 0.8333
"""Share of the pair interactions between atoms three bonds apart, as in RadonPy."""
TERMS = ("bond", "angle", "torsion", "improper", "lennard_jones", "coulomb")
"""Interactions that are compared between back ends."""


@dataclass(frozen=True)
class Integration:
    """How the equations of motion are integrated.

    Attributes
    ----------
    time_step
        fs.
    sample_every
        Time between samples, ps.
    friction
        Of the Langevin thermostat, 1/ps.
    tolerance
        Relative error allowed to long-range Coulomb forces.
    threads
        Threads of the program.
    """

    time_step: float
    sample_every: float = 0.2
    friction: float = 1.0
    tolerance: float = 5e-4
    threads: int = 1

    def steps(self, stage: Stage) -> tuple[float, int, int]:
        """Time step (fs), samples in a stage, and steps between two samples."""
        step = self.time_step / 2.0 if stage.packing else self.time_step
        between = max(1, round(self.sample_every * 1000.0 / step))
        return step, max(1, round(stage.duration * 1000.0 / step / between)), between


@dataclass(frozen=True)
class Samples:
    """What was seen at equal intervals: g/cm³, kcal/mol, K.

    ``profile`` is the mean temperature of each slab, K, if heat flows.
    """

    density: Floats
    potential: Floats
    temperature: Floats
    profile: Floats = field(default_factory=lambda: np.empty(0))


class BackEnd(Protocol):
    """A molecular-dynamics program."""

    @property
    def version(self) -> str:
        """Its name and version."""

    def check(self) -> None:
        """Raise :class:`~forescale.errors.MissingDependencyError` if it is not there."""

    def energies(
        self, cell: Cell, positions: Floats, length: float, tolerance: float, folder: Path, /
    ) -> dict[str, float]:
        """Energy of each of :data:`TERMS` for one configuration, kcal/mol."""
        ...

    def minimise(self, cell: Cell, positions: Floats, length: float, folder: Path, /) -> Floats:
        """Positions of a nearby minimum of the potential energy, Å."""
        ...

    def advance(
        self,
        cell: Cell,
        state: State,
        stage: Stage,
        integration: Integration,
        seed: int,
        folder: Path,
        /,
    ) -> tuple[State, Samples]:
        """One stretch of dynamics from a state; deterministic for a seed."""
        ...


def thermal_velocities(cell: Cell, temperature: float, seed: int) -> Floats:
    """Velocities of the Maxwell distribution without drift, Å/fs, shape (atoms, 3)."""
    masses = cell.dynamic_masses[:, None]
    numbers = np.random.default_rng([seed, 2]).standard_normal((cell.size, 3))
    return without_drift(cell, numbers * np.sqrt(GAS * temperature / (masses * KINETIC)))


def without_drift(cell: Cell, velocities: Floats) -> Floats:
    """Velocities of which the centre of mass has none."""
    masses = cell.dynamic_masses
    return np.asarray(velocities - masses @ velocities / masses.sum())


def require_stable(cell: Cell, state: State, samples: Samples, stage: Stage) -> None:
    """Raise :class:`~forescale.errors.EngineError` if the dynamics have blown up."""
    arrays = (state.positions, state.velocities, samples.potential, samples.temperature)
    if not all(np.isfinite(array).all() for array in arrays) or not np.isfinite(state.length):
        raise EngineError(f"unstable dynamics in stage {stage.name!r}: coordinates are not finite")
    hot = 3.0 * max(stage.start, stage.stop) + 300.0
    if not stage.packing and (highest := float(samples.temperature.max())) > hot:
        raise EngineError(
            f"unstable dynamics in stage {stage.name!r}: {highest:.0f} K at a thermostat of "
            f"{stage.stop:.0f} K"
        )
    if state.length < 2.0 * cell.cutoff:
        raise EngineError(
            f"stage {stage.name!r}: the box of {state.length:.1f} Å is smaller than twice the "
            f"cut-off of {cell.cutoff:g} Å; ask for more atoms"
        )
