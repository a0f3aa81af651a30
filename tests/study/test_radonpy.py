"""Result tables of RadonPy as a source."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from forescale.errors import ConfigError, DataError
from forescale.study.radonpy import RadonPyTable
from forescale.study.sources import Source

TABLE = """monomer_ID,smiles,temp,density,density_std,static_dielectric_const,Tg,tg_rmse
A,*CC*,300,0.84,0.01,1.2,250,0.002
B,*CC(*)C,300,0.86,0.01,1.3,270,0.5
C,*CC(*)Cl,350,1.30,0.01,1.4,350,0.003
D,*CC(*)O,300,,,,,
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "result.csv"
    path.write_text(TABLE)
    return path


def _source(table, name, **more):
    given = {"format": "radonpy", "file": str(table), "property": name, **more}
    return TypeAdapter(Source).validate_python(given)


def test_column_unit_and_kind_are_known_and_no_row_is_lost(table):
    source = _source(table, "density")
    assert isinstance(source, RadonPyTable)
    found = source.load("source[0]", "computed")
    assert (found.unit, found.kind, found.material_kind) == ("g/cm^3", "computed", "polymer")
    assert sorted(found.values) == [0.84, 0.86]
    assert dict(zip(found.rejected["row"], found.rejected["reason"], strict=True)) == {
        3: "not simulated at 300 K",
        4: "no density was computed",
    }


def test_a_glass_transition_is_taken_where_its_fit_is_good(table):
    found = _source(table, "tg", tg_rmse=0.01).load("source[0]", "computed")
    assert sorted(found.values) == [250.0, 350.0]
    with pytest.raises(ConfigError, match="tg_rmse"):
        _source(table, "Tg").load("source[0]", "computed")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("static_dielectric_const", "take dielectric_const_dc"),
        ("chi", "a model's estimate"),
        ("colour", "expected one of"),
    ],
)
def test_what_is_not_to_be_used_is_refused_with_the_remedy(table, name, told):
    with pytest.raises(ConfigError, match=told):
        _source(table, name).load("source[0]", "computed")


def test_a_table_without_the_column_is_named(table):
    with pytest.raises(DataError, match=r"result\.csv: no column 'Cp'"):
        _source(table, "Cp").load("source[0]", "computed")


def test_they_are_no_measured_values(table):
    with pytest.raises(ConfigError, match="computed values"):
        _source(table, "density").load("target", "measured")


@pytest.mark.mirror
def test_the_published_table_gives_what_the_catalog_gives():
    path = sorted(Path(os.environ["FORESCALE_MIRROR"]).glob("RadonPy/RadonPy/*/data/PI1070.csv"))
    from forescale.catalog import load_dataset

    own = _source(path[0], "density").load("source[0]", "computed")
    known = load_dataset("radonpy-pi1070", "density")
    assert own.frame[["key", "value"]].equals(known.frame[["key", "value"]])
    tested = ("Cp", "thermal_conductivity", "dielectric_const_dc", "refractive_index", "Rg")
    sizes = {name: len(_source(path[0], name).load("source[0]", "computed")) for name in tested}
    assert min(sizes.values()) > 1_000
