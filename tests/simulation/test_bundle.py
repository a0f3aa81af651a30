"""The bundled computed tables are what their cards say, and what the engines give."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest

from forescale.catalog import load_dataset
from forescale.engines.cosmo import CosmoEngine, CosmoSettings
from forescale.engines.xtb import XtbEngine, XtbSettings
from forescale.materials import Molecule, parse_material
from forescale.simulation import Job
from forescale.tables import PropertyTable

FOLDER = files("forescale.catalog").joinpath("data")
NAME = "xtb-refractive-index"


@pytest.fixture(scope="module")
def table() -> PropertyTable:
    with as_file(FOLDER.joinpath(f"{NAME}.parquet")) as path:
        return PropertyTable.from_parquet(path)


def test_the_card_describes_the_table(table: PropertyTable) -> None:
    card = json.loads(FOLDER.joinpath(f"{NAME}.json").read_text(encoding="utf-8"))
    data = FOLDER.joinpath(f"{NAME}.parquet").read_bytes()
    assert card["sha256"] == hashlib.sha256(data).hexdigest()
    assert len(data) < 6e6
    assert card["counts"]["done"] == len(table) >= 30_000
    assert (table.kind, table.unit, table.material_kind) == ("computed", "", "molecule")
    assert set(card["columns"]) <= set(table.frame.columns)


def test_keys_are_canonical_and_values_possible(table: PropertyTable) -> None:
    assert all(Molecule.parse(key).key == key for key in table.keys[:500])
    assert np.isfinite(table.values).all()
    assert 1.1 < table.values.min() < table.values.max() < 2.5


def test_the_engine_gives_the_same_values(table: PropertyTable) -> None:
    pytest.importorskip("tblite", reason="the xtb engine needs tblite")
    settings = json.loads(table.provenance[0].method)["protocol"]
    engine = XtbEngine(XtbSettings.model_validate(settings))
    rows = table.frame.iloc[:: len(table) // 12]
    computed = [engine.compute(Job(key, "molecule")).values for key in rows["key"]]
    for column, name in (("value", "refractive_index"), ("gap", "gap"), ("dipole", "dipole")):
        if column in rows:
            found = np.array([values[name] for values in computed])
            agree = np.isclose(found, rows[column], rtol=1e-3, atol=1e-3)
            # Another version of RDKit may find another conformer of a flexible molecule.
            assert agree.mean() >= 0.7


@pytest.mark.parametrize("name", ["chi-cosmo", "polymer-density-quick"])
def test_tables_of_our_own_engines_are_what_their_cards_say(name: str) -> None:
    card = json.loads(FOLDER.joinpath(f"{name}.json").read_text(encoding="utf-8"))
    data = FOLDER.joinpath(f"{name}.parquet").read_bytes()
    assert card["sha256"] == hashlib.sha256(data).hexdigest()
    table = load_dataset(name, card["property"])
    assert len(table) == card["counts"]["done"]
    assert table.material_kind == card["material_kind"]
    assert all(parse_material(table.material_kind, key).key == key for key in table.keys)


def test_the_cosmo_engine_gives_the_same_chi(tmp_path: Path) -> None:
    pytest.importorskip("pyscf", reason="the cosmo engine needs pyscf")
    table = load_dataset("chi-cosmo", "chi")
    method = json.loads(FOLDER.joinpath("chi-cosmo.json").read_text(encoding="utf-8"))["method"]
    engine = CosmoEngine(CosmoSettings.model_validate(method["protocol"]))
    key = min(table.keys, key=len)  # the smallest
    found = engine.compute(Job(key, "pair", seed=0, shared=tmp_path)).values["chi"]
    assert found == pytest.approx(table.values[list(table.keys).index(key)], abs=2e-3)
