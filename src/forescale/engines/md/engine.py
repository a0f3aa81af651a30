"""The md engine: from a repeat unit to properties of the amorphous polymer."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from importlib import import_module, metadata
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from forescale._machine.imports import optional
from forescale.engines.contract import Job, Record
from forescale.engines.geometry import BOHR, conformer, vdw_volume_and_area
from forescale.engines.md.backend import BackEnd, Integration, thermal_velocities
from forescale.engines.md.cell import DENSITY, Cell, State
from forescale.engines.md.chains import (
    assign_force_field,
    build_chains,
    degree_of_polymerisation,
    place,
    require_supported,
)
from forescale.engines.md.conductivity import conductivity
from forescale.engines.md.history import History
from forescale.engines.md.lammps_backend import Lammps
from forescale.engines.md.openmm_backend import OpenMM
from forescale.engines.md.properties import (
    RepeatUnit,
    bulk_properties,
    density_drift,
    sampled,
)
from forescale.engines.md.settings import MdSettings
from forescale.engines.md.simulate import Simulation
from forescale.engines.oligomers import oligomer
from forescale.engines.optics import polymer_volume
from forescale.errors import MaterialError

DILUTE = 0.05
"""Density of the cell in which chains are placed, g/cm³."""
PACKED = 0.9
"""Density at the end of packing, as a share of that estimated from the van der Waals volume."""
UNITS = {
    "density": "g/cm^3",
    "density_error": "g/cm^3",
    "radius_of_gyration": "angstrom",
    "thermal_expansion": "1/K",
    "heat_capacity": "J/(kg*K)",
    "refractive_index": "",
}


class MdEngine:
    """Density and more of an amorphous polymer by all-atom molecular dynamics.

    Examples
    --------
    >>> engine = MdEngine(MdSettings())
    >>> record = engine.compute(Job("*CC(*)c1ccccc1", "polymer"))  # doctest: +SKIP
    """

    name: ClassVar[str] = "md"
    kinds: ClassVar[frozenset[str]] = frozenset({"polymer"})
    limits: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "density": "protocol quick is about 10 % too low; one short cell, cooled too fast",
            "heat_capacity": "classical, hence too high: every vibration counts in full",
            "thermal_conductivity": "classical, of a short box; protocol quick gives the order of "
            "magnitude only",
        }
    )
    Settings: ClassVar[type[MdSettings]] = MdSettings

    def __init__(self, settings: MdSettings) -> None:
        self.settings = settings
        self.backend: BackEnd = _backend(settings)

    @property
    def units(self) -> Mapping[str, str]:
        """Units of what is computed; thermal conductivity only if it was asked for."""
        conduction = {"thermal_conductivity": "W/(m*K)", "thermal_conductivity_error": "W/(m*K)"}
        return UNITS | (conduction if self.settings.conductivity else {})

    @property
    def version(self) -> str:
        """Versions of the back end, RadonPy, dftd4 and RDKit."""
        names = ("radonpy-pypi", "dftd4", "rdkit")
        others = (f"{name} {metadata.version(name)}" for name in names)
        return ", ".join((self.backend.version, *others))

    def check(self) -> None:
        """Raise unless RadonPy, dftd4 and the back end are there."""
        optional("radonpy.core.poly", "md")
        optional("dftd4.interface", "md")
        self.backend.check()

    def compute(self, job: Job) -> Record:
        """Build a cell, simulate it (from the job's checkpoint if there is one), analyse it."""
        settings = self.settings
        require_supported(job.material)
        unit = repeat_unit(job.material, job.seed)
        degree = degree_of_polymerisation(job.material, settings.atoms // settings.chains)
        molecule, walks = build_chains(job.material, degree, settings.chains, job.seed)
        topology, remarks = assign_force_field(molecule, job.material)
        cell = Cell(topology, settings.chains, settings.hydrogen_mass, settings.cutoff)
        packed = PACKED * unit.mass * DENSITY / polymer_volume(unit.vdw_volume)
        simulation = Simulation(
            cell,
            settings,
            self.backend,
            Integration(
                settings.time_step,
                tolerance=settings.tolerance,
                threads=int(os.environ.get("OMP_NUM_THREADS", "1")),
            ),
            seed=job.seed,
            packed=packed,
            scratch=job.scratch,
            checkpoint=job.checkpoint / "history.npz" if job.checkpoint else None,
        )

        def start() -> State:
            positions, length = place(walks, cell, DILUTE, job.seed)
            positions = self.backend.minimise(cell, positions, length, job.scratch)
            velocities = thermal_velocities(cell, settings.temperature, job.seed)
            return State(positions, velocities, length)

        history = simulation.run(self._identity(job), start)
        values = bulk_properties(history, cell, settings, unit)
        notes = _notes(history, settings, cell, degree, simulation.resumed, remarks)
        if settings.conductivity:
            found = conductivity(history, cell, settings)
            values["thermal_conductivity"] = found.value
            values["thermal_conductivity_error"] = found.error
            notes += f"; energy drift {found.leak:+.1%} of the heat that flowed"
        return Record(values, notes=notes)

    def _identity(self, job: Job) -> str:
        """What a checkpoint must be of: material, seed, settings and versions."""
        settings = self.settings.model_dump(mode="json")
        text = json.dumps([job.material, job.seed, settings, self.version], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _backend(settings: MdSettings) -> BackEnd:
    return Lammps() if settings.backend == "lammps" else OpenMM(settings.platform)


def _notes(
    history: History, settings: MdSettings, cell: Cell, degree: int, resumed: int, remarks: str
) -> str:
    drift = density_drift(sampled(history, settings, "density"))
    parts = [
        f"{cell.chains} chains of {degree} units, {cell.size} atoms",
        f"{sum(history.durations):.4g} ps",
        f"density drift {drift:+.2%}",
    ]
    if resumed:
        parts.append(f"resumed after {resumed} pieces")
    return "; ".join([*parts, remarks] if remarks else parts)


def repeat_unit(material: str, seed: int) -> RepeatUnit:
    """Mass, van der Waals volume and D4 polarisability that one more unit adds to a chain.

    The difference between capped trimer and dimer, so that the ends cancel. D4: Caldeweyher et al.
    2019, doi 10.1063/1.5090222; its static polarisabilities are some 6 % below measured ones.
    """
    from rdkit.Chem import MolFromSmiles

    interface = optional("dftd4.interface", "md")
    descriptors: Any = import_module("rdkit.Chem.Descriptors")
    found = []
    for length in (2, 3):
        smiles = oligomer(material, length)
        geometry = conformer(smiles, seed=seed)
        model = interface.DispersionModel(geometry.numbers, geometry.positions / BOHR)
        polarizability = float(np.sum(model.get_properties()["polarizabilities"])) * BOHR**3
        volume, _ = vdw_volume_and_area(geometry.numbers, geometry.positions)
        mass = float(descriptors.MolWt(MolFromSmiles(smiles)))
        found.append((mass, volume, polarizability))
    unit = RepeatUnit(*(more - less for less, more in zip(*found, strict=True)))
    if min(unit.mass, unit.vdw_volume, unit.polarizability) <= 0.0:
        raise MaterialError(f"{material!r}: no volume or polarisability of a repeat unit ({unit})")
    return unit
