"""A heat current between two slabs in LAMMPS, as script lines, and the profile it writes.

``fix ehex`` (Wirnsberger, Frenkel & Dellago 2015, doi 10.1063/1.4931597) scales velocities as
:mod:`~forescale.engines.md.current` does, every step, and corrects positions for it.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from forescale.engines.md.cell import GAS, Cell, Floats
from forescale.engines.md.current import freedom_of_atoms, heat_current
from forescale.engines.md.stages import Stage
from forescale.errors import EngineError

LOOK_EVERY = 10
"""Steps between two looks at the temperatures, if the number of steps allows."""


def heating(cell: Cell, stage: Stage, length: float, steps: int, folder: Path) -> list[str]:
    """Lines that integrate without a thermostat, exchange heat and write temperatures.

    Parameters
    ----------
    cell, stage, length
        What is simulated, and the edge of its cubes (Å).
    steps
        Steps of the run.
    folder
        Gets a file of the atoms' degrees of freedom.
    """
    free = freedom_of_atoms(cell)
    rows = (f"{number} {value:.12g}" for number, value in enumerate(free, start=1))
    (folder / "freedom.txt").write_text("\n".join([str(cell.size), *rows]) + "\n", encoding="ascii")
    width, power = cell.copies * length / stage.slabs, heat_current(cell, stage, length)
    whole = " constrain com" if cell.chain.hydrogen_bonds.any() else ""
    lines = ["fix move all nve"]
    for name, slab, heat in (("cold", 0, -power), ("hot", stage.slabs // 2, power)):
        ends = f"{slab * width:.10f} {(slab + 1) * width:.10f}"
        lines += [
            f"region {name} block {ends} INF INF INF INF",
            f"fix {name} all ehex 1 {heat:.12g} region {name}{whole}",
        ]
    every = math.gcd(LOOK_EVERY, steps)
    # A little more than the width: rounding must not make one slab more.
    share = (1.0 + 1e-9) / stage.slabs
    return [
        *lines,
        "variable freedom atomfile freedom.txt",
        "compute kinetic all ke/atom",
        f"compute slabs all chunk/atom bin/1d x lower {share:.15f} units reduced",
        f"fix profile all ave/chunk {every} {steps // every} {steps} slabs "
        "c_kinetic v_freedom norm none file profile.txt",
    ]


def read_profile(folder: Path, slabs: int) -> Floats:
    """Mean temperature of each slab, K."""
    rows = np.loadtxt(folder / "profile.txt", skiprows=4, ndmin=2)
    if rows.shape[0] != slabs:
        raise EngineError(f"LAMMPS wrote temperatures of {rows.shape[0]} slabs, not of {slabs}")
    kinetic, freedom = rows[:, -2:].T
    return np.asarray(2.0 * kinetic / (GAS * freedom))
