"""The cosmo engine: from a pair to Flory–Huggins chi or an activity coefficient."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from forescale._machine.imports import optional
from forescale.engines.contract import Job, Record
from forescale.engines.cosmo.chi import flory_huggins
from forescale.engines.cosmo.cosmosac import GAS, ln_gamma
from forescale.engines.cosmo.library import SurfaceLibrary
from forescale.engines.cosmo.profile import Floats, Profile, mean_profile, profile
from forescale.engines.cosmo.settings import CosmoSettings
from forescale.errors import MaterialError
from forescale.materials import Pair

HARTREE = 627.509474
"""kcal/mol of a hartree."""
ROOM = 298.15
"""Temperature of pairs that name none, K."""
CHARGE_SCALE = {"hf/6-31g*": 0.85, "bp86/def2-svp": 1.0}
"""Factor on charges: COSMO-SAC's parameters are for density functional theory, and Hartree–Fock
polarises molecules more. The slope between both levels on the same surfaces, nothing measured."""


class CosmoEngine:
    """Sigma surfaces by quantum chemistry, then COSMO-SAC.

    The surface of every molecule and repeat unit is computed once and kept in the folder that the
    jobs share: N polymers in M solvents cost N + M calculations.

    Examples
    --------
    >>> engine = CosmoEngine(CosmoSettings())
    >>> job = Job("*CC(*)c1ccccc1 in Cc1ccccc1 at 298.15 K", "pair")
    >>> engine.compute(job).values["chi"]  # doctest: +SKIP
    """

    name: ClassVar[str] = "cosmo"
    kinds: ClassVar[frozenset[str]] = frozenset({"pair"})
    limits: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "chi": "without free volume, and too low: its order is better than its size",
            "ln_gamma": "alkanes in strongly dipolar solvents (DMSO, DMF) come out 2 to 3 too low",
        }
    )
    Settings: ClassVar[type[CosmoSettings]] = CosmoSettings

    def __init__(self, settings: CosmoSettings) -> None:
        self.settings = settings
        self._known: dict[tuple[Path, str, int], tuple[Floats, list[Profile]]] = {}

    @property
    def units(self) -> Mapping[str, str]:
        """All are pure numbers."""
        names = {
            "chi": ("chi", "chi_residual", "chi_combinatorial", "chi_enthalpic"),
            "ln_gamma": ("ln_gamma", "ln_gamma_residual", "ln_gamma_combinatorial"),
        }
        return MappingProxyType(dict.fromkeys(names[self.settings.quantity], ""))

    @property
    def version(self) -> str:
        """Versions of PySCF and RDKit."""
        return ", ".join(f"{name} {metadata.version(name)}" for name in ("pyscf", "rdkit"))

    def check(self) -> None:
        """Raise unless PySCF is there."""
        optional("pyscf", "cosmo")

    def compute(self, job: Job) -> Record:
        """Chi of a polymer in a solvent, or ln γ of a molecule at infinite dilution in another."""
        solute, solvent, temperature = Pair.parse(job.material).sides
        kelvin = ROOM if temperature is None else temperature
        wanted = self.settings.quantity
        if ("*" in solute) != (wanted == "chi"):
            raise MaterialError(
                f"{job.material!r}: quantity {wanted!r} takes a "
                f"{'repeat unit' if wanted == 'chi' else 'molecule'} as solute"
            )
        folder = job.shared or job.scratch
        first, second = (
            self._profile(folder, side, job.seed, kelvin) for side in (solute, solvent)
        )
        if wanted == "chi":
            chi = flory_huggins(first, second, kelvin, self.settings.volume_fraction)
            values = dict(zip(self.units, chi, strict=True))
        else:
            residual, packing = (
                float(part[0]) for part in ln_gamma([first, second], np.array([0.0, 1.0]), kelvin)
            )
            values = dict(zip(self.units, (residual + packing, residual, packing), strict=True))
        return Record(values, notes="" if temperature else f"at {ROOM} K: the pair names none")

    def _profile(self, folder: Path, material: str, seed: int, temperature: float) -> Profile:
        """Mean over conformers; their profiles are kept, being the same for every partner."""
        key = folder, material, seed
        if key not in self._known:
            surfaces = SurfaceLibrary(folder).get(material, self.settings, seed)
            scale = CHARGE_SCALE[self.settings.theory]
            energies = np.array([one.energy for one in surfaces])
            self._known[key] = energies, [profile(one, scale) for one in surfaces]
        energies, profiles = self._known[key]
        return mean_profile(profiles, populations(energies, temperature))


def populations(energies: Floats, temperature: float) -> Floats:
    """Boltzmann populations of conformers from their energies (hartree) in the conductor."""
    relative = (energies - energies.min()) * HARTREE / (GAS * temperature)
    weights = np.exp(-relative)
    shares: Floats = weights / weights.sum()
    return shares
