"""The md engine by the public contract, its steps against references, both back ends compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from md_cells import lammps, packed

from forescale.engines.registry import build_engine, resolve
from forescale.errors import ConfigError, EngineError, MaterialError, MissingDependencyError
from forescale.simulation import Job
from forescale.simulation.testing import EngineContract

pytest.importorskip("openmm", reason="the md engine needs openmm")
pytest.importorskip("radonpy", reason="the md engine needs radonpy-pypi")
pytest.importorskip("dftd4", reason="the md engine needs dftd4")

from forescale.engines.md import MdEngine, MdSettings, chains
from forescale.engines.md.backend import TERMS, BackEnd, Integration, thermal_velocities
from forescale.engines.md.cell import GAS, Cell, State
from forescale.engines.md.engine import repeat_unit
from forescale.engines.md.lammps_backend import _table
from forescale.engines.md.openmm_backend import OpenMM
from forescale.engines.md.stages import LARSEN, Stage, larsen

#: A protocol of a few picoseconds for a few hundred atoms: it runs, its numbers mean nothing.
SHORT: dict[str, Any] = {
    "atoms": 300, "chains": 2, "cutoff": 6.0, "packing": 2.0, "melt": 0.4, "cooling": 1000.0,
    "hot": 500.0, "block": 0.4, "blocks": 3, "drift": 0.5, "piece": 0.8,
}  # fmt: skip
PMMA, AMIDE = "*CC(*)(C)C(=O)OC", "*NC(=O)c1ccc(*)cc1"


@pytest.mark.slow  # a whole protocol again and again; test_cluster.py runs one in a campaign
class TestMd(EngineContract):
    engine_type = MdEngine
    name = "md"
    settings: ClassVar[dict[str, Any]] = SHORT
    works = (("polymer", "*CCO*"),)
    refuses = (
        ("polymer", "*C[Si](*)(C)C"),
        ("polymer", "*C[N+](*)(C)C"),
        ("polymer", "*C[CH]*"),
        ("polymer", "*C=*"),
        ("polymer", "*CC"),
        ("polymer", "no polymer"),
    )


@pytest.mark.parametrize("unit", [PMMA, AMIDE])
def test_two_programs_find_the_same_energies(unit: str, tmp_path: Path) -> None:
    backend = lammps()
    cell, positions, length, _ = packed(unit, degree=4, count=3, density=0.2)
    # Off the minimum, so that every term counts.
    positions = positions + np.random.default_rng(0).normal(0.0, 0.05, positions.shape)
    ours = OpenMM("Reference").energies(cell, positions, length, 1e-6, tmp_path)
    theirs = backend.energies(cell, positions, length, 1e-6, tmp_path)
    for term in TERMS:
        assert abs(theirs[term]) > 0.01 or (term, unit) == ("improper", PMMA)  # it has none
        # Meshes differ for Coulomb forces, the means over pairs of types in the tail of the other.
        tolerance = {"coulomb": 0.02, "lennard_jones": 0.01}.get(term, 1e-6)
        assert ours[term] == pytest.approx(theirs[term], abs=tolerance, rel=0), term


@pytest.mark.parametrize("unit", [PMMA, AMIDE])
def test_terms_are_those_that_radonpy_writes(
    unit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RadonPy's own data file for LAMMPS, in place of ours, has the same energies."""
    from radonpy.core.utils import Cell as Box
    from radonpy.sim.lammps import MolToLAMMPSdataBlock

    from forescale.engines.md import lammps_backend

    backend = lammps()
    cell, positions, length, molecule = packed(unit, degree=4, count=1, density=0.05)
    ours = backend.energies(cell, positions, length, 1e-6, tmp_path)
    molecule.GetConformer().SetPositions(positions)
    molecule.cell = Box(length, 0.0, length, 0.0, length, 0.0)
    text = "\n".join(MolToLAMMPSdataBlock(molecule, velocity=False)) + "\n"
    with monkeypatch.context() as patch:
        patch.setattr(lammps_backend, "data_file", lambda cell, state: text)
        header = lammps_backend.header
        patch.setattr(  # the coefficients of pairs are in RadonPy's file
            lammps_backend,
            "header",
            lambda *args: [line for line in header(*args) if "pair_coeff" not in line],
        )
        theirs = backend.energies(cell, positions, length, 1e-6, tmp_path)
    for term in TERMS:
        assert ours[term] == pytest.approx(theirs[term], abs=0.01, rel=1e-4), term


@pytest.mark.parametrize("name", ["openmm", "lammps"])
def test_the_thermostat_keeps_its_temperature(name: str, tmp_path: Path) -> None:
    backend: BackEnd = lammps() if name == "lammps" else OpenMM()
    cell, positions, length, _ = packed("*CC*", degree=20, count=4, density=0.3)
    velocities = thermal_velocities(cell, 400.0, seed=1)
    masses = np.tile(cell.chain.heavier_hydrogens(3.0), cell.chains)
    kinetic = 0.5 * 1e7 / 4184.0 * float((masses[:, None] * velocities**2).sum())
    assert 2.0 * kinetic / (3 * cell.size * GAS) == pytest.approx(400.0, rel=0.1)
    stage = Stage("test", 4.0, 400.0, 400.0)
    integration = Integration(2.0 if name == "lammps" else 4.0, friction=10.0)
    state = State(positions, velocities, length)
    state, _ = backend.advance(cell, state, stage, integration, 3, tmp_path)
    state, samples = backend.advance(cell, state, stage, integration, 4, tmp_path)
    # 490 atoms, about 20 independent samples: 1 % is one standard error, or two.
    assert samples.temperature.mean() == pytest.approx(400.0, rel=0.05)
    assert len(samples.density) == 20
    assert state.length == pytest.approx(length)
    assert samples.density == pytest.approx(cell.density(length))


@pytest.mark.slow
def test_lammps_carries_out_the_protocol(tmp_path: Path) -> None:
    lammps()
    settings = MdSettings.model_validate(SHORT | {"backend": "lammps", "time_step": 2.0})
    record = MdEngine(settings).compute(Job("*CCO*", "polymer", 1, tmp_path))
    assert 0.5 < record.values["density"] < 1.5
    assert all(np.isfinite(value) for value in record.values.values())


@pytest.mark.parametrize(
    ("unit", "mass", "low", "high"),
    [("*CC*", 28.05, 3.2, 3.9), ("*CC(*)c1ccccc1", 104.15, 11.5, 14.0)],
)
def test_a_repeat_unit_has_its_mass_and_polarisability(
    unit: str, mass: float, low: float, high: float
) -> None:
    # Additive bond polarisabilities (Å³): CH2 1.84 (Miller 1990, doi 10.1021/ja00179a044), and
    # styrene's unit 13.2 by the same tables; D4 is a few per cent lower.
    found = repeat_unit(unit, 0)
    assert found.mass == pytest.approx(mass, abs=0.01)
    assert low < found.polarizability < high


def test_chains_have_the_force_field_of_the_literature() -> None:
    """GAFF2: types and bonds of an alkane chain, charges that cancel, every torsion."""
    molecule, walks = chains.build_chains("*CC*", 4, 2, seed=0)
    topology, notes = chains.assign_force_field(molecule, "*CC*")
    assert topology.size == 4 * 6 + 8 == len(walks[0])
    assert set(topology.types) == {"c3", "hc"}
    assert notes == ""
    carbons = topology.numbers[topology.bonds].min(axis=1) == 6
    assert carbons.sum() == 9
    assert topology.bond_terms[carbons][:, 1] == pytest.approx(1.538, abs=0.005)  # c3-c3, Å
    assert topology.charges.sum() == pytest.approx(0.0, abs=1e-9)
    quadruples = {tuple(row) for row in topology.torsions}
    assert len(quadruples) == 9 * 9  # every C–C bond joins two atoms with three more bonds each
    # Walks differ, and a seed repeats them.
    assert np.abs(walks[0] - walks[1]).max() > 1.0
    again = chains.build_chains("*CC*", 4, 2, seed=0)[1]
    assert all(np.array_equal(a, b) for a, b in zip(walks, again, strict=True))


def test_rigid_chains_and_rings_can_be_built() -> None:
    for unit in ("*c1ccc(*)cc1", "*C(F)(F)C(F)(F)*", "*CC=C(*)C"):
        molecule, walks = chains.build_chains(unit, 6, 1, seed=2)
        topology, _ = chains.assign_force_field(molecule, unit)
        assert topology.size == len(walks[0])


def test_atoms_without_types_are_named() -> None:
    from rdkit import Chem
    from rdkit.Chem import AllChem

    silane = Chem.AddHs(Chem.MolFromSmiles("C[SiH3]"))
    AllChem.EmbedMolecule(silane, randomSeed=0)
    with pytest.raises(MaterialError, match=r"GAFF2_mod lacks parameters \(Cannot .* Si"):
        chains.assign_force_field(silane, "*C[SiH2]*")


def test_no_room_is_an_error() -> None:
    molecule, walks = chains.build_chains("*CC*", 4, 2, seed=0)
    topology, _ = chains.assign_force_field(molecule, "*CC*")
    with pytest.raises(EngineError, match="no room for 2 chains"):
        chains.place(walks, Cell(topology, 2, 3.0, 6.0), 60.0, seed=0)


def test_the_21_steps_are_those_published() -> None:
    stages = list(larsen(600.0, 300.0, 50_000.0, 1.0))
    assert len(stages) == 21
    assert sum(stage.duration for stage in stages) == pytest.approx(1560.0)  # ps
    assert max(stage.pressure or 0.0 for stage in stages) == 50_000.0
    assert stages[-1].pressure == 1.0
    assert len(LARSEN) == 7


def test_pieces_of_a_stage_join() -> None:
    pieces = Stage("cool", 10.0, 700.0, 300.0, 1.0).pieces(4.0)
    assert [piece.duration for piece in pieces] == pytest.approx([10.0 / 3.0] * 3)
    assert [piece.start for piece in pieces[1:]] == [piece.stop for piece in pieces[:-1]]
    assert (pieces[0].start, pieces[-1].stop) == (700.0, 300.0)


def test_settings_come_from_a_preset() -> None:
    def settings(**raw: Any) -> MdSettings:
        built = build_engine(resolve("md", Path()), raw, Path()).settings
        assert isinstance(built, MdSettings)
        return built

    assert settings().atoms == 1000
    assert settings(preset="careful").chains == 10
    assert settings(preset="careful", chains=5).chains == 5
    with pytest.raises(ConfigError, match=r"preset: got 'sloppy'.*'quick' or 'careful'"):
        settings(preset="sloppy")
    with pytest.raises(ConfigError, match=r"time_step: got 9.*allowed keys: preset"):
        settings(time_step=9)


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    with pytest.raises(MissingDependencyError, match="no platform 'Abacus'"):
        MdEngine(MdSettings.model_validate({"platform": "Abacus"})).check()
    monkeypatch.setitem(sys.modules, "radonpy.core.poly", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "forescale\[md\]"'):
        MdEngine(MdSettings.model_validate({})).check()


def test_a_log_without_a_table_is_an_error() -> None:
    with pytest.raises(EngineError, match="printed no table"):
        _table("LAMMPS (22 Jul 2025)\nERROR: nothing\n")
