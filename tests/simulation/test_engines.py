"""The engines that come with the package, by the public contract and against references."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from forescale.engines.geometry import conformer, vdw_volume_and_area
from forescale.engines.oligomers import oligomer
from forescale.engines.optics import refractive_index
from forescale.engines.replay import ReplayEngine
from forescale.engines.xtb import BOHR, XtbEngine, XtbSettings, optimise
from forescale.errors import MaterialError, RequestError
from forescale.simulation import Job
from forescale.simulation.testing import EngineContract
from forescale.tables import PropertyTable

pytest.importorskip("tblite", reason="the xtb engine needs tblite")
pytest.importorskip("dftd4", reason="the xtb engine needs dftd4")

# Mean static polarisabilities, Å³: CRC Handbook of Chemistry and Physics, table
# "Atomic and molecular polarizabilities".
POLARIZABILITIES = {
    "O": 1.45, "N": 2.26, "S": 3.78, "C": 2.593, "CC": 4.47, "CCC": 6.29, "C=C": 4.252,
    "C#C": 3.33, "CO": 3.29, "CCO": 5.41, "COC": 5.29, "CC(C)=O": 6.39, "CC#N": 4.40,
    "CC(=O)O": 5.1, "O=C=O": 2.911, "c1ccccc1": 10.0, "Cc1ccccc1": 12.3, "c1ccncc1": 9.5,
    "Nc1ccccc1": 12.1, "CCCCCC": 11.9, "C1CCCCC1": 11.0, "CBr": 5.55, "CI": 7.97,
    "ClC(Cl)(Cl)Cl": 11.2, "FC(F)(F)F": 3.838, "[SiH4]": 5.44, "P": 4.84,
    "c1ccc2ccccc2c1": 17.0, "Clc1ccccc1": 13.2, "S=C=S": 8.74,
}  # fmt: skip
# Gas-phase dipole moments, D: the same handbook.
DIPOLES = {"O": 1.85, "CO": 1.70, "CC(C)=O": 2.88, "CC#N": 3.92, "c1ccncc1": 2.21, "N": 1.47}
# Refractive indices of amorphous polymers, as commonly tabulated (usual source: Polymer Handbook).
POLYMERS = {
    "*CC(*)c1ccccc1": 1.590, "*CC(*)(C)C(=O)OC": 1.490, "*CC(*)Cl": 1.539, "*CC*": 1.476,
    "*CCO*": 1.456, "*C(F)(F)C(F)(F)*": 1.36,
}  # fmt: skip


def compute(material: str, kind: str = "molecule", **settings: Any) -> dict[str, float]:
    engine = XtbEngine(XtbSettings.model_validate(settings))
    return dict(engine.compute(Job(material, kind)).values)


class TestXtb(EngineContract):
    engine_type = XtbEngine
    name = "xtb"
    settings: ClassVar[dict[str, Any]] = {"max_heavy_atoms": 24}
    works = (("molecule", "CCO"), ("molecule", "C[Si](C)(C)Cl"), ("polymer", "*CC(*)C"))
    refuses = (
        ("molecule", "C[N+](C)(C)C"),
        ("molecule", "C[Se]C"),
        ("molecule", "[CH3]"),
        ("molecule", "C" * 25),
        ("molecule", "FS(F)(F)(F)(F)F"),
        ("polymer", "*C*C*"),
        ("polymer", "*C=*"),
    )


class TestReplay(EngineContract):
    engine_type = ReplayEngine
    name = "replay"
    works = (("molecule", "CCO"), ("molecule", "C"))
    refuses = (("molecule", "CCCC"),)

    @pytest.fixture(autouse=True)
    def _table(self, tmp_path: Path) -> None:
        keys = ["CCO", "C"]
        frame = pd.DataFrame(
            {"key": keys, "material": keys, "value": [1.3, 1.2], "repeats": 1, "scatter": np.nan}
        )
        path = tmp_path / "table.parquet"
        PropertyTable(frame, "n", "", "computed", "molecule").to_parquet(path)
        type(self).settings = {"table": str(path)}


def test_polarizabilities_agree_with_experiment() -> None:
    computed = np.array([compute(smiles)["polarizability"] for smiles in POLARIZABILITIES])
    ratio = computed / np.array(list(POLARIZABILITIES.values()))
    assert abs(ratio.mean() - 0.94) < 0.02
    assert ratio.std() < 0.06


@pytest.mark.parametrize("smiles", DIPOLES)
def test_dipoles_agree_with_experiment(smiles: str) -> None:
    assert compute(smiles)["dipole"] == pytest.approx(DIPOLES[smiles], abs=0.7)


def test_symmetric_molecules_have_no_dipole() -> None:
    assert compute("C")["dipole"] == pytest.approx(0.0, abs=1e-3)
    assert compute("c1ccccc1")["dipole"] == pytest.approx(0.0, abs=1e-2)


@pytest.mark.parametrize("unit", POLYMERS)
def test_polymers_agree_with_experiment(unit: str) -> None:
    assert compute(unit, "polymer")["refractive_index"] == pytest.approx(POLYMERS[unit], abs=0.07)


def test_a_repeat_unit_is_what_the_chain_gains() -> None:
    unit = compute("*CC*", "polymer")
    hexane, octane = compute("CCCCCC"), compute("CCCCCCCC")
    for name in ("polarizability", "vdw_volume", "energy"):
        assert unit[name] == pytest.approx((octane[name] - hexane[name]), rel=0.02)


def test_optimisation_lowers_the_energy() -> None:
    before, after = compute("CC(=O)O")["energy"], compute("CC(=O)O", geometry="gfn2")["energy"]
    assert -1.0 < after - before < -0.001


def test_oligomers_keep_direction_and_stereochemistry() -> None:
    assert oligomer("*CC(*)C", 3) == "CCCC(C)CC(C)C"
    assert oligomer("*C/C=C/C*", 2).count("/") == 4
    assert oligomer("*CCO*", 1) == "CCO"
    with pytest.raises(MaterialError, match="two '\\*'"):
        oligomer("*CC", 2)


def test_a_sphere_has_its_volume_and_surface() -> None:
    volume, area = vdw_volume_and_area(np.array([6], dtype=np.int32), np.zeros((1, 3)))
    assert volume == pytest.approx(4 / 3 * np.pi * 1.7**3, rel=0.02)
    assert area == pytest.approx(4 * np.pi * 1.7**2, rel=0.02)


def test_impossible_ratios_are_refused() -> None:
    with pytest.raises(RequestError, match="polarisability 100"):
        refractive_index(100.0, 50.0)


@pytest.mark.skipif(shutil.which("xtb") is None, reason="the xtb program is not installed")
@pytest.mark.parametrize("smiles", ["CCO", "Cc1ccccc1", "CC#N", "C[Si](C)(C)Cl", "CBr"])
def test_the_xtb_program_gives_the_same(smiles: str, tmp_path: Path) -> None:
    from rdkit import Chem

    geometry = conformer(smiles)
    symbols = [Chem.GetPeriodicTable().GetElementSymbol(int(n)) for n in geometry.numbers]
    lines = [
        f"{s} {x:.8f} {y:.8f} {z:.8f}"
        for s, (x, y, z) in zip(symbols, geometry.positions, strict=True)
    ]
    (tmp_path / "m.xyz").write_text("\n".join([str(len(lines)), "", *lines]) + "\n")
    run = subprocess.run(
        ["xtb", "m.xyz", "--gfn", "2"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found = {
        key: next(line for line in reversed(run.stdout.splitlines()) if key in line).split()
        for key in ("Mol. α(0)", "TOTAL ENERGY", "HOMO-LUMO GAP")
    }
    values = compute(smiles)
    assert values["polarizability"] == pytest.approx(
        float(found["Mol. α(0)"][-1]) * BOHR**3, rel=0.05
    )
    assert values["energy"] == pytest.approx(float(found["TOTAL ENERGY"][3]) * 27.211386, abs=1e-3)
    assert values["gap"] == pytest.approx(float(found["HOMO-LUMO GAP"][3]), abs=2e-3)


def test_an_optimised_geometry_is_a_minimum() -> None:
    once = optimise(conformer("CCO"))
    assert once.converged
    again = optimise(once)
    assert np.abs(again.positions - once.positions).max() < 0.05
