"""Three-dimensional structures from SMILES: conformers, force fields, volumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import constants

from forescale.errors import MaterialError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOHR = constants.physical_constants["Bohr radius"][0] * 1e10
"""Bohr radius, Å."""
EMBED_TRIES = 3
"""Times an embedding is tried (each from the coordinates of the next seed) before giving up."""
FORCE_FIELD_STEPS = 1000
"""Steps allowed to the force field."""


@dataclass(frozen=True)
class Geometry:
    """One conformer.

    Attributes
    ----------
    numbers
        Atomic numbers; shape (atoms,).
    positions
        Cartesian coordinates, Å; shape (atoms, 3).
    converged
        Whether the force field reached its minimum within the steps allowed.
    """

    numbers: NDArray[np.int32]
    positions: NDArray[np.float64]
    converged: bool


def conformer(smiles: str, *, seed: int = 0, conformers: int = 1) -> Geometry:
    """Embed a molecule and relax it with a force field; keep the lowest of several conformers.

    ETKDGv3 (Wang et al. 2020, doi 10.1021/acs.jcim.0c00025), then MMFF94s (Halgren 1999,
    doi 10.1002/(SICI)1096-987X(199905)20:7<720::AID-JCC7>3.0.CO;2-X), or UFF (Rappé et al.
    1992, doi 10.1021/ja00051a040) for molecules with atom types that MMFF94s lacks.

    Parameters
    ----------
    smiles
        The molecule; hydrogens are added.
    seed
        Seed of the embedding. The same seed gives the same geometry.
    conformers
        Conformers to embed.

    Raises
    ------
    MaterialError
        If the string cannot be parsed, embedded, or described by either force field.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        parsed = Chem.MolFromSmiles(smiles)
        if parsed is None:
            raise MaterialError(f"{smiles!r} is not a molecule that RDKit can read")
        molecule = Chem.AddHs(parsed)
        _embed(molecule, smiles, seed, conformers)
        energies, converged = _relax(molecule, smiles)
    best = int(np.argmin(energies))
    return _geometry(molecule, best, converged[best])


def lowest_conformers(
    molecule: Any,
    name: str,
    *,
    seed: int = 0,
    keep: int = 3,
    embedded: int = 30,
    window: float = 3.0,
    distance: float = 0.4,
) -> tuple[Geometry, ...]:
    """Several different conformers of a molecule, lowest in force-field energy first.

    They are embedded and relaxed as by :func:`conformer`. One is dropped as a duplicate if a lower
    one, or its mirror image, can be laid on it: carbon-bound hydrogens left out, equivalent atoms
    exchanged.

    Parameters
    ----------
    molecule
        With all hydrogens as atoms, whose order the geometries follow. It is not changed.
    name
        What to call the molecule in messages.
    seed
        Seed of the embedding. The same seed gives the same geometries.
    keep
        Conformers returned at most.
    embedded
        Conformers embedded.
    window
        Conformers more than this above the lowest are dropped, kcal/mol.
    distance
        Root mean square distance of atoms below which two conformers are the same, Å.

    Raises
    ------
    MaterialError
        If the molecule cannot be embedded, or described by either force field.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        molecule = Chem.Mol(molecule)
        _embed(molecule, name, seed, embedded)
        energies, converged = _relax(molecule, name)
        skeleton = _without_carbon_hydrogens(molecule)
        kept: list[int] = []
        for index in np.argsort(energies, kind="stable").tolist():
            if len(kept) == keep or energies[index] > np.min(energies) + window:
                break
            if not any(_same(skeleton, other, index, distance) for other in kept):
                kept.append(index)
    return tuple(_geometry(molecule, index, converged[index]) for index in kept)


def _geometry(molecule: Any, index: int, converged: bool) -> Geometry:
    shape = list(molecule.GetConformers())[index]
    return Geometry(
        numbers=np.array([atom.GetAtomicNum() for atom in molecule.GetAtoms()], dtype=np.int32),
        positions=np.array(shape.GetPositions(), dtype=np.float64),
        converged=converged,
    )


def _without_carbon_hydrogens(molecule: Any) -> Any:
    from rdkit import Chem

    editable = Chem.RWMol(molecule)
    editable.BeginBatchEdit()
    for atom in molecule.GetAtoms():
        bound_to = [other.GetAtomicNum() for other in atom.GetNeighbors()]
        if atom.GetAtomicNum() == 1 and bound_to == [6]:
            editable.RemoveAtom(atom.GetIdx())
    editable.CommitBatchEdit()
    return editable.GetMol()


def _same(skeleton: Any, first: int, second: int, distance: float) -> bool:
    """Whether two conformers are the same, or mirror images of each other."""
    from rdkit import Chem
    from rdkit.Chem import rdMolAlign

    one, other = (
        Chem.Mol(skeleton, False, list(skeleton.GetConformers())[i].GetId())
        for i in (first, second)
    )
    for _ in ("as it is", "mirrored"):
        if rdMolAlign.GetBestRMS(other, one, maxMatches=1000) < distance:
            return True
        shape = other.GetConformer()
        shape.SetPositions(np.ascontiguousarray(shape.GetPositions() * (-1.0, 1.0, 1.0)))
    return False


def _embed(molecule: Any, smiles: str, seed: int, conformers: int) -> None:
    from rdkit.Chem import rdDistGeom

    for attempt in range(EMBED_TRIES):
        settings: Any = rdDistGeom.ETKDGv3()
        # RDKit multiplies the seed by the conformer's number: with 0, all would be the same.
        settings.randomSeed = seed + attempt + (conformers > 1)
        settings.useRandomCoords = attempt > 0
        if len(rdDistGeom.EmbedMultipleConfs(molecule, conformers, settings)) > 0:
            return
    raise MaterialError(f"{smiles!r}: no three-dimensional structure in {EMBED_TRIES} tries")


def _relax(molecule: Any, smiles: str) -> tuple[list[float], list[bool]]:
    """Relax all conformers; return their energies (kcal/mol) and whether they converged."""
    from rdkit.Chem import rdForceFieldHelpers

    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(molecule):
        outcome = rdForceFieldHelpers.MMFFOptimizeMoleculeConfs(
            molecule, maxIters=FORCE_FIELD_STEPS, mmffVariant="MMFF94s"
        )
    elif rdForceFieldHelpers.UFFHasAllMoleculeParams(molecule):
        outcome = rdForceFieldHelpers.UFFOptimizeMoleculeConfs(molecule, maxIters=FORCE_FIELD_STEPS)
    else:
        raise MaterialError(f"{smiles!r}: neither MMFF94s nor UFF has its atom types")
    return [energy for _, energy in outcome], [status == 0 for status, _ in outcome]


def vdw_volume_and_area(
    numbers: NDArray[np.int32], positions: NDArray[np.float64]
) -> tuple[float, float]:
    """Van der Waals volume (Å³) and surface (Å²) of a geometry.

    Union of atomic spheres by the double cubic lattice method (Eisenhaber et al. 1995,
    doi 10.1002/jcc.540160303), with the radii of RDKit's periodic table (Bondi 1964,
    doi 10.1021/j100785a001, hydrogen 1.2 Å).
    """
    from rdkit import Chem
    from rdkit.Chem import rdMolDescriptors
    from rdkit.Geometry import Point3D

    atoms = Chem.RWMol()
    shape = Chem.Conformer(len(numbers))
    for index, (number, position) in enumerate(zip(numbers, positions, strict=True)):
        atoms.AddAtom(Chem.Atom(int(number)))
        shape.SetAtomPosition(index, Point3D(*map(float, position)))
    atoms.AddConformer(shape)
    molecule = atoms.GetMol()  # the lattice keeps no reference: the name keeps it alive
    lattice: Any = rdMolDescriptors.DoubleCubicLatticeVolume(
        molecule, isProtein=False, includeLigand=True, probeRadius=0.0
    )
    return float(lattice.GetVDWVolume()), float(lattice.GetSurfaceArea())
