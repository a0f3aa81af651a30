"""Cells, a back end without dynamics and short settings for tests of the md engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forescale.engines.md import chains
from forescale.engines.md.backend import Integration, Samples
from forescale.engines.md.cell import GAS, Cell, Floats, State, Topology
from forescale.engines.md.lammps_backend import Lammps
from forescale.engines.md.openmm_backend import OpenMM
from forescale.engines.md.stages import Stage
from forescale.errors import MissingDependencyError

BRIEF: dict[str, Any] = {
    "equilibration": "melt-and-cool", "atoms": 300, "chains": 2, "cutoff": 6.0, "packing": 2.0,
    "melt": 0.4, "cooling": 1000.0, "hot": 500.0, "block": 0.4, "blocks": 3, "drift": 0.5,
    "piece": 0.4,
}  # fmt: skip


def methanes(count: int) -> Cell:
    """Carbon with four hydrogens at 1.09 Å, ``count`` times, without other terms."""
    return Cell(
        Topology(
            numbers=np.array([6, 1, 1, 1, 1]),
            types=("c3", "hc", "hc", "hc", "hc"),
            masses=np.array([12.0, 1.0, 1.0, 1.0, 1.0]),
            charges=np.zeros(5),
            epsilon=np.full(5, 0.1),
            sigma=np.full(5, 3.0),
            bonds=np.array([[0, 1], [2, 0], [0, 3], [0, 4]]),
            bond_terms=np.array([[300.0, 1.09]] * 4),
            angles=np.empty((0, 3), dtype=np.int64),
            angle_terms=np.empty((0, 2)),
            torsions=np.empty((0, 4), dtype=np.int64),
            torsion_terms=np.empty((0, 3)),
            impropers=np.empty((0, 4), dtype=np.int64),
            improper_terms=np.empty((0, 3)),
        ),
        count,
        hydrogen_mass=2.0,
        cutoff=5.0,
    )


class Scripted:
    """A back end whose density follows a script; nothing moves."""

    version = "scripted 1"

    def __init__(self, density: Callable[[int, Stage], float]) -> None:
        self.density, self.done = density, 0

    def check(self) -> None:
        pass

    def advance(
        self, cell: Cell, state: State, stage: Stage, integration: Integration,
        seed: int, folder: Path,
    ) -> tuple[State, Samples]:  # fmt: skip
        self.done += 1
        count = integration.steps(stage)[1]
        density = self.density(self.done, stage) * np.ones(count)
        kelvin = np.full(count, stage.stop)
        potential = 1.5 * GAS * 3 * cell.size * kelvin  # half of it kinetic in a harmonic solid
        positions = state.positions + seed % 1000 * 1e-9
        return State(positions, state.velocities, state.length), Samples(density, potential, kelvin)


def lammps() -> Lammps:
    """The LAMMPS back end, or a skipped test."""
    backend = Lammps()
    try:
        backend.check()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    return backend


def packed(unit: str, degree: int, count: int, density: float) -> tuple[Cell, Floats, float, Any]:
    """A cell of relaxed chains, and the typed molecule."""
    molecule, walks = chains.build_chains(unit, degree, count, seed=1)
    topology, _ = chains.assign_force_field(molecule, unit)
    cell = Cell(topology, count, hydrogen_mass=3.0, cutoff=8.0)
    positions, length = chains.place(walks, cell, density, seed=1)
    return cell, OpenMM().minimise(cell, positions, length, Path()), length, molecule
