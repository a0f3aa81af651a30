"""A simulated cell: identical chains with force-field terms, and their state in space.

Units are those of force-field tables: Å, fs, kcal/mol, g/mol, elementary charges, radians.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import constants

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DENSITY = 1e24 / constants.N_A
"""g/cm³ of one g/mol in one Å³."""
GAS = constants.R / constants.calorie / 1000.0
"""Gas constant, kcal/(mol K)."""


@dataclass(frozen=True)
class Topology:
    """Force-field terms of one chain.

    Attributes
    ----------
    numbers
        Atomic numbers; shape (atoms,).
    types
        Force-field type of each atom.
    masses, charges, epsilon, sigma
        g/mol, e, kcal/mol, Å; shape (atoms,).
    bonds, angles, torsions, impropers
        Atoms of each term. A torsion with several Fourier terms has several rows; shape (terms, 2 |
        3 | 4 | 4).
    bond_terms, angle_terms
        ``k`` and ``x0`` of k·(x − x0)²: kcal/(mol Å²), Å; kcal/(mol rad²), rad; shape (terms, 2).
    torsion_terms, improper_terms
        ``k``, ``n``, ``phase`` of k·(1 + cos(n·φ − phase)): kcal/mol, –, rad; shape (terms, 3).
    """

    numbers: Ints
    types: tuple[str, ...]
    masses: Floats
    charges: Floats
    epsilon: Floats
    sigma: Floats
    bonds: Ints
    bond_terms: Floats
    angles: Ints
    angle_terms: Floats
    torsions: Ints
    torsion_terms: Floats
    impropers: Ints
    improper_terms: Floats

    @property
    def size(self) -> int:
        """Number of atoms."""
        return len(self.types)

    @cached_property
    def hydrogen_bonds(self) -> NDArray[np.bool_]:
        """Which bonds have a hydrogen at one end; their lengths are constrained."""
        return np.asarray((self.numbers[self.bonds] == 1).any(axis=1))

    def heavier_hydrogens(self, mass: float) -> Floats:
        """Masses with hydrogens of ``mass`` g/mol, taken from the atoms they are bound to.

        Positions at equilibrium do not depend on masses, and heavy hydrogens allow a longer time
        step (Hopkins et al. 2015, doi 10.1021/ct5010406).
        """
        masses = self.masses.copy()
        for bond in self.bonds[self.hydrogen_bonds]:
            heavy, light = sorted(bond, key=lambda atom: self.numbers[atom] == 1)
            masses[heavy] -= mass - self.masses[light]
            masses[light] = mass
        return masses


@dataclass(frozen=True)
class Cell:
    """``chains`` copies of one chain, and the masses and cut-off used in dynamics.

    Attributes
    ----------
    chain
        The chain.
    chains
        How many.
    hydrogen_mass
        Mass of hydrogens in dynamics, g/mol.
    cutoff
        Cut-off of Lennard-Jones and of the direct part of Coulomb interactions, Å.
    copies
        Cubes side by side along x that the box consists of; ``chains`` counts all of them.
    """

    chain: Topology
    chains: int
    hydrogen_mass: float
    cutoff: float
    copies: int = 1

    @property
    def size(self) -> int:
        """Number of atoms."""
        return self.chains * self.chain.size

    @cached_property
    def mass(self) -> float:
        """Mass of the cell, g/mol."""
        return float(self.chains * self.chain.masses.sum())

    @cached_property
    def dynamic_masses(self) -> Floats:
        """Mass of every atom in dynamics, with heavy hydrogens, g/mol, shape (atoms,)."""
        return np.tile(self.chain.heavier_hydrogens(self.hydrogen_mass), self.chains)

    @cached_property
    def freedom(self) -> int:
        """Degrees of freedom: three an atom, less the constrained bonds and the drift."""
        return 3 * self.size - self.chains * int(self.chain.hydrogen_bonds.sum()) - 3

    def offsets(self) -> Ints:
        """Number of each chain's first atom."""
        return np.arange(self.chains) * self.chain.size

    def repeated(self, copies: int) -> Cell:
        """``copies`` of this cell side by side along x."""
        return replace(self, chains=self.chains * copies, copies=self.copies * copies)

    def box(self, length: float) -> Floats:
        """Edges of the box of cubes with an edge of ``length`` Å, shape (3,)."""
        return length * np.array([float(self.copies), 1.0, 1.0])

    def density(self, length: float) -> float:
        """Density in cubes with an edge of ``length`` Å, g/cm³."""
        return float(self.mass * DENSITY / (self.copies * length**3))

    def length(self, density: float) -> float:
        """Edge of the cubes at a density in g/cm³, Å."""
        return float((self.mass * DENSITY / (self.copies * density)) ** (1.0 / 3.0))

    def radius_of_gyration(self, positions: Floats) -> float:
        """Root of the chains' mean square radius of gyration, Å, from unwrapped positions."""
        weights = self.chain.masses / self.chain.masses.sum()
        chains = positions.reshape(self.chains, self.chain.size, 3)
        centres = np.einsum("a,cax->cx", weights, chains)
        squares = ((chains - centres[:, None, :]) ** 2).sum(axis=2) @ weights
        return float(np.sqrt(squares.mean()))

    def longest_stretch(self, positions: Floats) -> float:
        """The most that any bond is longer than its rest length, Å."""
        chains = positions.reshape(self.chains, self.chain.size, 3)
        ends = chains[:, self.chain.bonds]
        lengths = np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=2)
        return float((lengths - self.chain.bond_terms[:, 1]).max())


@dataclass(frozen=True)
class State:
    """Positions (unwrapped, Å), velocities (Å/fs) and edge of the cube or of each cube (Å)."""

    positions: Floats
    velocities: Floats
    length: float

    def repeated(self, copies: int) -> State:
        """``copies`` of the cube side by side along x."""
        shifts = self.length * np.array([1.0, 0.0, 0.0]) * np.arange(copies)[:, None, None]
        return State(
            np.reshape(self.positions + shifts, (-1, 3)),
            np.tile(self.velocities, (copies, 1)),
            self.length,
        )
