"""Thermal conductivity by the md engine: a Lennard-Jones fluid, then polymers.

    python benchmarks/simulation_nemd.py lennard-jones      # against published values: 10 minutes
    python benchmarks/simulation_nemd.py polymers FOLDER    # against measured ones: an hour
    python benchmarks/simulation_nemd.py masses FOLDER      # one polymer with light hydrogens
    python benchmarks/simulation_nemd.py length FOLDER      # one polymer in longer boxes
    python benchmarks/simulation_nemd.py current FOLDER     # one polymer, half the heat current
    python benchmarks/simulation_nemd.py report FOLDER      # table of all that is there

The parts with a FOLDER are campaigns: stop them at any time, the same command goes on.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import _kit
import numpy as np
from numpy.typing import NDArray
from scipy import constants

from forescale.engines.md import MdSettings
from forescale.engines.md.backend import (
    BackEnd,
    Integration,
    thermal_velocities,
    without_drift,
)
from forescale.engines.md.cell import GAS, Cell, State, Topology
from forescale.engines.md.conductivity import Conductivity, conductivity
from forescale.engines.md.history import History
from forescale.engines.md.lammps_backend import Lammps
from forescale.engines.md.openmm_backend import OpenMM
from forescale.engines.md.stages import Stage
from forescale.materials import Polymer
from forescale.simulation import Campaign, protocols, run_campaign
from forescale.simulation.store import Store

EPSILON, SIGMA, MASS = 0.238, 3.405, 39.948
"""Argon: kcal/mol, Å, g/mol."""
REDUCED = (
    constants.k
    / (SIGMA * 1e-10) ** 2
    * float(np.sqrt(EPSILON * 1e3 * constants.calorie / (MASS * 1e-3)))
)
"""W/(m K) of one reduced unit of thermal conductivity, k_B/σ²·√(ε/m)."""
PUBLISHED = (1.35, 0.6, 3.4)
"""Reduced temperature, density and conductivity. Evans 1986, doi 10.1103/PhysRevA.34.1449, as given
with LAMMPS's examples, where four other methods yield 3.4 to 3.8 with the same cut-off."""

MEASURED = {
    "polystyrene": ("*CC(*)c1ccccc1", 0.14, 0.16),
    "poly(methyl methacrylate)": ("*CC(*)(C)C(=O)OC", 0.19, 0.21),
    "polyethylene": ("*CC*", 0.25, 0.30),
}
"""Repeat unit, and the range of measured conductivities of the amorphous polymer near 300 K, W/(m
K), as commonly tabulated (Polymer Handbook; Mark, doi 10.1007/978-0-387-69002-5)."""
ONE = ("polystyrene",)
PARTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "polymers": (tuple(MEASURED), {}),
    "masses": (ONE, {"hydrogen_mass": 1.008, "time_step": 2.0}),
    "length": (ONE, {"copies": 4, "flow": 360.0}),
    "current": (ONE, {"contrast": 30.0, "flow": 360.0}),
}
"""Part: polymers, and what differs from the preset ``quick``."""


def lennard_jones(
    temperature: float,
    density: float,
    atoms: int,
    copies: int,
    flow: float,
    seed: int = 0,
    backend: BackEnd | None = None,
) -> tuple[Conductivity, list[State]]:
    """Conductivity of a Lennard-Jones fluid by the engine's own slabs, and states on the way.

    Parameters
    ----------
    temperature, density
        Reduced.
    atoms, copies
        Atoms in one cube, cubes in the box.
    flow
        Time in which heat flows, ps; the first third is left out.
    seed
        Of places and velocities.
    backend
        OpenMM if not given.
    """
    kelvin, length = temperature * EPSILON / GAS, SIGMA * (atoms / density) ** (1.0 / 3.0)
    cell = Cell(_argon(), atoms, hydrogen_mass=1.008, cutoff=2.5 * SIGMA)
    raw = {"temperature": kelvin, "copies": copies, "contrast": 32.0, "flow": flow}
    settings = MdSettings.model_validate(raw | {"settle": 1 / 3, "noise": 0.3})
    side = int(np.ceil(atoms ** (1.0 / 3.0)))
    places = np.random.default_rng(seed).permutation(side**3)[:atoms]
    sites = np.stack(np.unravel_index(places, (side, side, side)), axis=1)
    # A stage of packing has no long-range forces, and half the time step.
    backend, integration = backend or OpenMM(), Integration(16.0)
    here = Path(tempfile.mkdtemp())
    positions = backend.minimise(cell, (sites + 0.5) * length / side, length, here)
    state = State(positions, thermal_velocities(cell, kelvin, seed), length)
    stage = Stage("melt", 5.0, kelvin, kelvin, packing=True)
    state = backend.advance(cell, state, stage, integration, seed, here)[0].repeated(copies)
    box = cell.repeated(copies)
    state = replace(state, velocities=thermal_velocities(box, kelvin, seed + 1))
    state, _ = backend.advance(
        box, state, replace(stage, copies=copies), integration, seed + 1, here
    )
    state = replace(state, velocities=without_drift(box, state.velocities))
    history, states = History("", state), [state]
    for piece in settings.conducting().pieces(flow / 15):
        piece = replace(piece, packing=True)
        state, samples = backend.advance(box, state, piece, integration, seed, here)
        history.add(piece.name, state, samples, piece.duration, 0.0)
        states.append(state)
    shutil.rmtree(here)
    return conductivity(history, cell, settings), states


def _argon() -> Topology:
    terms: dict[str, NDArray[Any]] = {
        name: np.empty((0, columns), dtype=np.int64 if name.endswith("s") else np.float64)
        for name, columns in (
            ("bonds", 2), ("bond_term", 2), ("angles", 3), ("angle_term", 2),
            ("torsions", 4), ("torsion_term", 3), ("impropers", 4), ("improper_term", 3),
        )
    }  # fmt: skip
    return Topology(
        np.array([18]), ("Ar",), np.array([MASS]), np.zeros(1), np.array([EPSILON]),
        np.array([SIGMA]), *terms.values(),
    )  # fmt: skip


RUNS = (("OpenMM", 2, 0), ("OpenMM", 2, 1), ("OpenMM", 3, 0), ("OpenMM", 4, 0), ("LAMMPS", 2, 0))


def check_fluid(runs: Sequence[tuple[str, int, int]], atoms: int, flow: float) -> None:
    """Print the Lennard-Jones fluid's conductivity for boxes of several lengths.

    Parameters
    ----------
    runs
        Program, cubes in the box, seed.
    atoms, flow
        Atoms in a cube, and ps that heat flows in a box of one cube.
    """
    temperature, density, published = PUBLISHED
    print(f"T* {temperature}, density* {density}, published conductivity* {published}")
    table = _kit.Table(
        "program", "atoms", "box, σ", "seed", "conductivity*", "standard error", "leak", "mean T*"
    )
    for name, copies, seed in runs:
        backend = Lammps() if name == "LAMMPS" else OpenMM()
        found, states = lennard_jones(
            temperature, density, atoms, copies, flow * copies**2, seed, backend
        )
        table.row(
            name, atoms * copies, f"{copies * states[0].length / SIGMA:.1f}", seed,
            f"{found.value / REDUCED:.2f}", f"{found.error / REDUCED:.2f}", f"{found.leak:+.2%}",
            f"{found.temperature * GAS / EPSILON:.2f}",
        )  # fmt: skip


def compute(part: str, folder: Path) -> None:
    """Run the campaign of a part, or what is missing of it."""
    names, changes = PARTS[part]
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / f"{part}.csv"
    listed.write_text("\n".join(["smiles", *(MEASURED[name][0] for name in names)]) + "\n")
    campaign = Campaign.model_validate(
        {
            "name": part,
            "kind": "polymer",
            "results": folder / "results",
            "materials": [{"file": listed}],
            "engine": {"name": "md", "protocol": {"conductivity": True} | changes},
            "limits": {"time": 86400, "memory": 8},
        }
    )
    run_campaign(campaign, observe=lambda status: print(status, flush=True))


def report(folder: Path) -> None:
    """Print the table."""
    known = {Polymer.parse(row[0]).key: (name, *row[1:]) for name, row in MEASURED.items()}
    table = _kit.Table(
        "polymer", "protocol", "measured", "computed", "standard error", "density", "notes", "s"
    )
    for header in protocols(folder / "results").values():
        frame = Store(folder / "results", header).attempts().drop_duplicates("key", keep="last")
        quick = MdSettings.model_validate({"conductivity": True}).model_dump(mode="json")
        changed = [f"{k} {v}" for k, v in header.settings.items() if v != quick[k]]
        for row in frame.itertuples():
            name, low, high = known[row.key]
            found = [row.status, "", "", row.reason]
            if row.status == "done":
                conductivity, error = row.thermal_conductivity, row.thermal_conductivity_error
                found = [f"{conductivity:.3f}", f"{error:.3f}", f"{row.density:.3f}", row.notes]
            words = ", ".join(changed) or "quick"
            table.row(name, words, f"{low}–{high}", *found, f"{row.wall_s:.0f}")


def main(argv: Sequence[str] | None = None) -> None:
    """Do one part."""
    parser = _kit.parser(__doc__)
    parser.add_argument("part", choices=["lennard-jones", *PARTS, "report"])
    parser.add_argument("folder", type=Path, nargs="?")
    options = _kit.parse(parser, argv, smoke={"part": "lennard-jones"})
    if options.smoke:
        check_fluid((("OpenMM", 2, 0),), 108, 0.3)
    elif options.part == "lennard-jones":
        check_fluid(RUNS, 256, 100.0)
    elif options.folder is None:
        parser.error(f"{options.part} needs a FOLDER")
    elif options.part == "report":
        report(options.folder)
    else:
        compute(options.part, options.folder)


if __name__ == "__main__":
    main()
