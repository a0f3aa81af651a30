"""A heat current between two slabs of a box, for any back end.

Heat is taken from the first slab and given to the one half a box away by scaling velocities about
the slab's own drift: energy as a whole and momentum stay as they are, and the current is known
(heat exchange: Hafskjold, Ikeshoji & Ratkje 1993, doi 10.1080/00268979300103101; Ikeshoji &
Hafskjold 1994, doi 10.1080/00268979400100171). A heavy atom and its hydrogens are scaled together,
so that bonds to hydrogen keep their lengths.
"""

from __future__ import annotations

import numpy as np
from scipy import constants

from forescale.engines.md.backend import KINETIC
from forescale.engines.md.barostat import heavy_groups
from forescale.engines.md.cell import GAS, Cell, Floats
from forescale.engines.md.stages import Stage
from forescale.errors import EngineError

TYPICAL = 0.2
"""Conductivity for which a stage's ``contrast`` is meant, W/(m K)."""
WATT = 1e-15 * constants.N_A / (1000.0 * constants.calorie)
"""kcal/(mol fs) of one W."""


def heat_current(cell: Cell, stage: Stage, length: float) -> float:
    """Heat that goes from the cold to the hot slab in unit time, kcal/(mol fs).

    It flows back both ways, each through the area of a cube's face over half the box.
    """
    ways, half = 2.0, 0.5 * cell.copies * length
    return float(WATT * 1e-10 * ways * TYPICAL * length**2 * stage.contrast / half)


class Slabs:
    """Slabs across x: heats two of them, and keeps the temperature of each.

    Parameters
    ----------
    cell
        What is in the box.
    stage
        Its ``slabs`` and ``contrast`` count.
    length
        Edge of the cubes, Å.
    """

    def __init__(self, cell: Cell, stage: Stage, length: float) -> None:
        self.name, self.number = stage.name, stage.slabs
        self.width = cell.copies * length / stage.slabs
        self.power = heat_current(cell, stage, length)
        self.masses, self.freedom = cell.dynamic_masses, freedom_of_atoms(cell)
        self.groups = heavy_groups(cell)
        self.group_masses = np.bincount(self.groups, self.masses)
        self._sums = np.zeros((2, stage.slabs))

    def record(self, positions: Floats, velocities: Floats) -> None:
        """Add a configuration (Å, Å/fs) to the profile."""
        slab = self._of(positions[:, 0])
        kinetic = 0.5 * KINETIC * self.masses * (velocities**2).sum(axis=1)
        for row, values in zip(self._sums, (kinetic, self.freedom), strict=True):
            row += np.bincount(slab, values, self.number)

    def profile(self) -> Floats:
        """Mean temperature of each slab, K."""
        kinetic, freedom = self._sums
        return np.asarray(2.0 * kinetic / (GAS * freedom))

    def exchange(self, positions: Floats, velocities: Floats, time: float) -> Floats:
        """Velocities (Å/fs) after as much heat has been exchanged as flows in ``time`` fs."""
        moments = np.bincount(self.groups, self.masses * positions[:, 0])
        slab = self._of(moments / self.group_masses)[self.groups]
        velocities = velocities.copy()
        for number, heat in ((0, -self.power * time), (self.number // 2, self.power * time)):
            inside = slab == number
            if not inside.any():
                raise EngineError(f"stage {self.name!r}: slab {number} has no atoms")
            velocities[inside] = heated(velocities[inside], self.masses[inside], heat)
        return velocities

    def _of(self, x: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.asarray(np.floor(x / self.width).astype(np.int64) % self.number)


def heated(velocities: Floats, masses: Floats, heat: float) -> Floats:
    """Velocities (Å/fs) of atoms given ``heat`` kcal/mol; their joint drift stays.

    Raises
    ------
    EngineError
        If more is to be taken than they have.

    Examples
    --------
    >>> heated(np.array([[1e-3, 0, 0], [-1e-3, 0, 0]]), np.array([16.0, 16.0]), 0.0).tolist()
    [[0.001, 0.0, 0.0], [-0.001, 0.0, 0.0]]
    """
    drift = masses @ velocities / masses.sum()
    own = velocities - drift
    kinetic = 0.5 * KINETIC * float(masses @ (own**2).sum(axis=1))
    if kinetic + heat <= 0.0:
        raise EngineError(f"no {-heat:.3g} kcal/mol of heat to take from a slab with {kinetic:.3g}")
    return np.asarray(drift + np.sqrt(1.0 + heat / kinetic) * own)


def freedom_of_atoms(cell: Cell) -> Floats:
    """Share of each atom in the degrees of freedom, shape (atoms,).

    A fixed bond takes one from its two atoms, more from the lighter one: along the bond both move
    with the speed of their common centre, in which the lighter has the smaller kinetic energy.
    """
    chain = cell.chain
    masses = chain.heavier_hydrogens(cell.hydrogen_mass)
    free = np.full(chain.size, 3.0)
    fixed = chain.bonds[chain.hydrogen_bonds]
    np.subtract.at(free, fixed, masses[fixed[:, ::-1]] / masses[fixed].sum(axis=1)[:, None])
    free = np.tile(free, cell.chains)
    return np.asarray(free * cell.freedom / free.sum())  # less the drift of the whole
