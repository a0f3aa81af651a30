"""The force field as an OpenMM system."""

from __future__ import annotations

from typing import Any

import numpy as np

from forescale._machine.imports import optional
from forescale.engines.md.backend import COULOMB_14, LENNARD_JONES_14
from forescale.engines.md.cell import Cell

KCAL = 4.184  # kJ
NM = 0.1  # of one Å


def build_system(
    cell: Cell, length: float, tolerance: float, interactions: str, *, constrained: bool = False
) -> Any:
    """The cell as an ``openmm.System``.

    Parameters
    ----------
    cell
        Chains.
    length
        Edge of the cube, Å; the grid for long-range forces is chosen for it.
    tolerance
        Relative error allowed to long-range forces.
    interactions
        Between atoms that are not bound: Lennard-Jones with particle-mesh Ewald; with a reaction
        field; a soft repulsion only, for minimising overlaps; or as the first, with each
        of :data:`~forescale.engines.md.backend.TERMS` in a force group of its own.
    constrained
        Whether bonds to hydrogen have a fixed length.
    """
    openmm = optional("openmm", "md")
    system = openmm.System()
    for mass in cell.dynamic_masses:
        system.addParticle(float(mass))
    system.setDefaultPeriodicBoxVectors(*np.diag(cell.box(length) * NM).tolist())
    forces = _bonded(cell, system, constrained=constrained)
    if interactions == "soft":
        forces.append(_soft_repulsion(cell))
    elif interactions == "terms":
        forces += [_nonbonded(cell, tolerance, part=part) for part in ("dispersion", "charges")]
    else:
        forces.append(_nonbonded(cell, tolerance, cut_off=interactions == "cut off"))
    for group, force in enumerate(forces):
        force.setForceGroup(group if interactions == "terms" else 0)
        system.addForce(force)
    return system


def _bonded(cell: Cell, system: Any, *, constrained: bool) -> list[Any]:
    openmm = optional("openmm", "md")
    chain = cell.chain
    bonds, angles = openmm.HarmonicBondForce(), openmm.HarmonicAngleForce()
    torsions, impropers = openmm.PeriodicTorsionForce(), openmm.PeriodicTorsionForce()
    rigid = chain.hydrogen_bonds & constrained
    for first in map(int, cell.offsets()):
        for atoms, (k, rest), fixed in zip(chain.bonds, chain.bond_terms, rigid, strict=True):
            i, j = (first + int(atom) for atom in atoms)
            if fixed:
                system.addConstraint(i, j, float(rest) * NM)
            else:
                bonds.addBond(i, j, float(rest) * NM, 2.0 * float(k) * KCAL / NM**2)
        for atoms, (k, rest) in zip(chain.angles, chain.angle_terms, strict=True):
            place = [first + int(atom) for atom in atoms]
            angles.addAngle(*place, float(rest), 2.0 * float(k) * KCAL)
        for force, rows, terms in (
            (torsions, chain.torsions, chain.torsion_terms),
            (impropers, chain.impropers, chain.improper_terms),
        ):
            for atoms, (k, n, phase) in zip(rows, terms, strict=True):
                place = [first + int(atom) for atom in atoms]
                force.addTorsion(*place, int(n), float(phase), float(k) * KCAL)
    return [bonds, angles, torsions, impropers]


def _all_bonds(cell: Cell) -> list[tuple[int, int]]:
    return [
        (int(first + i), int(first + j)) for first in cell.offsets() for i, j in cell.chain.bonds
    ]


def _nonbonded(
    cell: Cell, tolerance: float, *, cut_off: bool = False, part: str | None = None
) -> Any:
    openmm = optional("openmm", "md")
    chain, force = cell.chain, openmm.NonbondedForce()
    force.setCutoffDistance(cell.cutoff * NM)
    if cut_off:
        force.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)
    else:
        force.setNonbondedMethod(openmm.NonbondedForce.PME)
        force.setEwaldErrorTolerance(tolerance)
    force.setUseDispersionCorrection(part != "charges")
    charges = chain.charges * (part != "dispersion")
    depths = chain.epsilon * KCAL * (part != "charges")
    for _ in range(cell.chains):
        for charge, sigma, depth in zip(charges, chain.sigma, depths, strict=True):
            force.addParticle(float(charge), float(sigma) * NM, float(depth))
    force.createExceptionsFromBonds(_all_bonds(cell), COULOMB_14, LENNARD_JONES_14)
    return force


def _soft_repulsion(cell: Cell) -> Any:
    """Repulsion without singularity between atoms more than three bonds apart."""
    openmm = optional("openmm", "md")
    force = openmm.CustomNonbondedForce("400*step(d-r)*(1-r/d)^2; d=0.45*(s1+s2)")
    force.addPerParticleParameter("s")
    force.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    force.setCutoffDistance(0.6)
    for sigma in np.tile(cell.chain.sigma, cell.chains):
        force.addParticle([float(sigma) * NM])
    force.createExclusionsFromBonds(_all_bonds(cell), 3)
    return force
