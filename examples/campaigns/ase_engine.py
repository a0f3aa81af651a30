"""An ASE calculator as an engine: relaxation energy and dipole with GFN1-xTB.

Any ASE calculator takes the place of ``TBLite``. In a campaign file::

    [engine]
    name = "ase_engine.py:AseEngine"
    [engine.protocol]
    method = "GFN1-xTB"
"""

from importlib import metadata

import numpy as np

from forescale.engines.geometry import conformer
from forescale.errors import MissingDependencyError
from forescale.simulation import EngineProtocol, Job, Record


class Settings(EngineProtocol):
    """What may stand under ``[engine.protocol]``."""

    method: str = "GFN1-xTB"
    force: float = 0.05  # eV/Å


class AseEngine:
    """Relax a molecule with an ASE calculator."""

    name = "ase"
    kinds = frozenset({"molecule"})
    units = {"relaxation_energy": "eV", "dipole": "debye"}  # noqa: RUF012
    Settings = Settings

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def version(self) -> str:
        return ", ".join(f"{name} {metadata.version(name)}" for name in ("ase", "tblite"))

    def check(self) -> None:
        try:
            import tblite.ase  # noqa: F401  (which imports ase)
        except ImportError as error:
            raise MissingDependencyError(f"pip install ase tblite ({error})") from error

    def compute(self, job: Job) -> Record:
        from ase import Atoms, units
        from ase.optimize import BFGS
        from tblite.ase import TBLite

        start = conformer(job.material, seed=job.seed)
        atoms = Atoms(start.numbers, start.positions)
        atoms.calc = TBLite(method=self.settings.method, verbosity=0)
        before = atoms.get_potential_energy()
        converged = BFGS(atoms, logfile=None).run(fmax=self.settings.force, steps=300)
        dipole = float(np.linalg.norm(atoms.get_dipole_moment())) / units.Debye
        values = {"relaxation_energy": before - atoms.get_potential_energy(), "dipole": dipole}
        return Record(values, converged=bool(converged))
