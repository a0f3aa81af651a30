"""GFN2-xTB and D4: energies, dipole, orbitals, polarisability and refractive index.

The geometry comes from a force field (and, if asked, a GFN2-xTB optimisation); the electronic
structure from GFN2-xTB (Bannwarth, Ehlert & Grimme 2019, doi 10.1021/acs.jctc.8b01176) through
``tblite``; the static polarisability from the atomic polarisabilities of the D4 model (Caldeweyher
et al. 2019, doi 10.1063/1.5090222) through ``dftd4``. The refractive index follows by
:mod:`~forescale.engines.optics`.

For a polymer, extensive properties are those of the trimer minus those of the dimer, both capped
with hydrogen, so that the ends cancel; orbital energies are the trimer's.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import constants

from forescale.engines.contract import EngineProtocol, Job, Record
from forescale.engines.geometry import BOHR, Geometry, conformer, vdw_volume_and_area
from forescale.engines.oligomers import oligomer
from forescale.engines.optics import liquid_volume, polymer_volume, refractive_index
from forescale.errors import MaterialError, MissingDependencyError

HARTREE = constants.physical_constants["Hartree energy in eV"][0]
DEBYE = constants.e * constants.physical_constants["Bohr radius"][0] * constants.c * 1e21
ELEMENTS = frozenset({1, 6, 7, 8, 9, 14, 15, 16, 17, 35, 53})  # H C N O F Si P S Cl Br I


HEAVY_HALOGENS = "GFN2-xTB dipoles of bromine and iodine compounds are 2 to 5 times too large"
"""Told with every such number: HBr, HI, CH3Br, CH3I against handbook values."""


class XtbSettings(EngineProtocol):
    """Settings of the xtb engine.

    Attributes
    ----------
    geometry
        Single point on the force-field geometry, or after an optimisation with GFN2-xTB.
    conformers
        Conformers embedded; the one lowest in force-field energy is used.
    max_heavy_atoms
        Larger molecules (for a polymer: trimers) are refused.
    """

    geometry: Literal["forcefield", "gfn2"] = "forcefield"
    conformers: int = Field(default=1, ge=1, le=100)
    max_heavy_atoms: int = Field(default=100, ge=1, le=500)


@dataclass(frozen=True)
class SinglePoint:
    """Properties of one geometry: energies in eV, dipole in D, lengths in Å."""

    energy: float
    dipole: float
    homo: float
    lumo: float
    polarizability: float
    vdw_volume: float
    vdw_area: float
    converged: bool


class XtbEngine:
    """GFN2-xTB and D4 on one conformer of a molecule, or on short chains of a polymer.

    Examples
    --------
    >>> engine = XtbEngine(XtbSettings())
    >>> record = engine.compute(Job("c1ccccc1", "molecule"))  # doctest: +SKIP
    >>> round(record.values["polarizability"], 1)  # Å³; measured 10.0  # doctest: +SKIP
    10.1
    """

    name: ClassVar[str] = "xtb"
    kinds: ClassVar[frozenset[str]] = frozenset({"molecule", "polymer"})
    units: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "refractive_index": "",
            "polarizability": "angstrom^3",
            "vdw_volume": "angstrom^3",
            "vdw_area": "angstrom^2",
            "dipole": "debye",
            "homo": "eV",
            "lumo": "eV",
            "gap": "eV",
            "energy": "eV",
        }
    )
    limits: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "dipole": f"of one conformer in vacuum; {HEAVY_HALOGENS}",
            "gap": "HOMO-LUMO gap of one molecule: neither an optical gap nor a crystal's band gap",
            "refractive_index": "static, from a fixed share of volume; conjugated chains come out "
            "too low",
        }
    )
    Settings: ClassVar[type[XtbSettings]] = XtbSettings

    def __init__(self, settings: XtbSettings) -> None:
        self.settings = settings

    @property
    def version(self) -> str:
        """Versions of tblite, dftd4 and RDKit."""
        names = ("tblite", "dftd4", "rdkit")
        return ", ".join(f"{name} {metadata.version(name)}" for name in names)

    def check(self) -> None:
        """Raise unless ``tblite`` and ``dftd4`` can be imported."""
        try:
            for module in ("tblite.interface", "dftd4.interface"):
                importlib.import_module(module)
        except (ImportError, OSError) as error:
            raise MissingDependencyError(
                "the xtb engine needs tblite and dftd4: "
                f'pip install "forescale[simulation]" ({error})'
            ) from error

    def compute(self, job: Job) -> Record:
        """All properties of one molecule or polymer (dipole of a polymer: its trimer's)."""
        if job.kind == "polymer":
            short, long = (self._chain(job.material, length, job.seed) for length in (2, 3))
            per_unit = _difference(long, short)
            volume = polymer_volume(per_unit.vdw_volume)
        else:
            long = per_unit = self._single(job.material, job.seed)
            volume = liquid_volume(
                per_unit.vdw_volume, per_unit.vdw_area, polar_hydrogens(job.material)
            )
        values = {
            "refractive_index": refractive_index(per_unit.polarizability, volume),
            "polarizability": per_unit.polarizability,
            "vdw_volume": per_unit.vdw_volume,
            "vdw_area": per_unit.vdw_area,
            "dipole": long.dipole,
            "homo": long.homo,
            "lumo": long.lumo,
            "gap": long.lumo - long.homo,
            "energy": per_unit.energy,
        }
        notes = HEAVY_HALOGENS if heavy_halogens(job.material) else ""
        return Record(values, converged=per_unit.converged, notes=notes)

    def _chain(self, repeat_unit: str, length: int, seed: int) -> SinglePoint:
        return self._single(oligomer(repeat_unit, length), seed)

    def _single(self, smiles: str, seed: int) -> SinglePoint:
        require_supported(smiles, self.settings.max_heavy_atoms)
        geometry = conformer(smiles, seed=seed, conformers=self.settings.conformers)
        if self.settings.geometry == "gfn2":
            geometry = optimise(geometry)
        return single_point(geometry)


def _difference(long: SinglePoint, short: SinglePoint) -> SinglePoint:
    """What one more repeat unit adds; orbitals and dipole are the longer chain's."""
    return replace(
        long,
        energy=long.energy - short.energy,
        polarizability=long.polarizability - short.polarizability,
        vdw_volume=long.vdw_volume - short.vdw_volume,
        vdw_area=long.vdw_area - short.vdw_area,
        converged=long.converged and short.converged,
    )


def require_supported(smiles: str, max_heavy_atoms: int) -> None:
    """Raise :class:`MaterialError` for a molecule outside the engine's range."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        raise MaterialError(f"{smiles!r} is not a molecule that RDKit can read")
    atoms = list(molecule.GetAtoms())
    foreign = sorted({a.GetSymbol() for a in atoms if a.GetAtomicNum() not in ELEMENTS})
    if foreign:
        raise MaterialError(
            f"{smiles!r} contains {', '.join(foreign)}; the engine takes H C N O F Si P S Cl Br I"
        )
    if charge := Chem.GetFormalCharge(molecule):
        raise MaterialError(
            f"{smiles!r} has charge {charge:+d}; the engine takes neutral molecules"
        )
    if any(atom.GetNumRadicalElectrons() for atom in atoms):
        raise MaterialError(f"{smiles!r} has unpaired electrons; the engine takes closed shells")
    if (size := molecule.GetNumHeavyAtoms()) > max_heavy_atoms:
        raise MaterialError(
            f"{smiles!r} has {size} heavy atoms; the protocol allows {max_heavy_atoms}"
        )


def heavy_halogens(smiles: str) -> bool:
    """Whether a material has bromine or iodine.

    >>> heavy_halogens("CCBr"), heavy_halogens("*CC(*)I"), heavy_halogens("CCl")
    (True, True, False)
    """
    from rdkit import Chem

    return any(a.GetAtomicNum() in (35, 53) for a in Chem.MolFromSmiles(smiles).GetAtoms())


def polar_hydrogens(smiles: str) -> int:
    """Number of hydrogens, of any isotope, bound to nitrogen or oxygen.

    >>> polar_hydrogens("OCC"), polar_hydrogens("[2H]OC([2H])([2H])C")
    (1, 1)
    """
    from rdkit import Chem

    atoms = Chem.MolFromSmiles(smiles).GetAtoms()
    return sum(a.GetTotalNumHs(includeNeighbors=True) for a in atoms if a.GetAtomicNum() in (7, 8))


def single_point(geometry: Geometry) -> SinglePoint:
    """GFN2-xTB and D4 at one geometry."""
    from dftd4.interface import DispersionModel

    numbers, positions = geometry.numbers, geometry.positions / BOHR
    result = _calculator(numbers, positions).singlepoint()
    orbitals = np.asarray(result.get("orbital-energies")) * HARTREE
    occupied = int(np.count_nonzero(np.asarray(result.get("orbital-occupations")) > 1.0))
    polarizabilities = DispersionModel(numbers, positions).get_properties()["polarizabilities"]
    volume, area = vdw_volume_and_area(numbers, geometry.positions)
    return SinglePoint(
        energy=float(result.get("energy")) * HARTREE,
        dipole=float(np.linalg.norm(result.get("dipole"))) * DEBYE,
        homo=float(orbitals[occupied - 1]),
        lumo=float(orbitals[occupied]) if occupied < orbitals.size else float("nan"),
        polarizability=float(np.sum(polarizabilities)) * BOHR**3,
        vdw_volume=volume,
        vdw_area=area,
        converged=geometry.converged,
    )


def optimise(geometry: Geometry, *, force: float = 1e-3, steps: int = 500) -> Geometry:
    """Relax a geometry with GFN2-xTB until no force component exceeds ``force`` (Eh/a0)."""
    from scipy.optimize import minimize

    start = geometry.positions / BOHR
    calculator = _calculator(geometry.numbers, start)

    def energy_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        calculator.update(positions=flat.reshape(start.shape))
        result = calculator.singlepoint()
        return float(result.get("energy")), np.asarray(result.get("gradient")).ravel()

    found = minimize(
        energy_and_gradient,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": force, "ftol": 1e-9, "maxiter": steps},
    )
    return Geometry(geometry.numbers, found.x.reshape(start.shape) * BOHR, bool(found.success))


def _calculator(numbers: NDArray[np.int32], positions: NDArray[np.float64]) -> Any:
    from tblite.interface import Calculator

    calculator = Calculator("GFN2-xTB", numbers, positions)
    calculator.set("verbosity", 0)
    return calculator
