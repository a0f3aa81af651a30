"""What comes from the reference server: values, units, filters, provenance, a study's table."""

import json
import sys

import numpy as np
import pytest

from forescale.catalog.live import OptimadeQuery, fetch_optimade
from forescale.errors import ConfigError, DataError, MissingDependencyError
from forescale.study import load_data, load_study
from forescale.tables import PropertyTable

FORMULAS = [
    *("NaCl", "MgO", "GaN", "GaAs", "ZnO", "TiO2", "SiC", "BN", "AlN"),
    *("InP", "CdTe", "LiF", "KBr", "Al2O3", "SiO2", "PbTe", "CaF2", "NaN"),
]


def test_every_structure_is_read_over_all_pages(fetch, proxy):
    fetched = fetch()
    assert (fetched.entries, fetched.without_value) == (44, 2)
    assert len(proxy.pages) == 6  # five, and the first once more at the end
    table = fetched.table
    assert (table.kind, table.material_kind, table.unit) == ("computed", "composition", "eV")
    assert len(table) == 18
    assert table.frame["repeats"].sum() == 42
    row = table.frame[table.frame["material"] == "NaCl"].iloc[0]
    assert row["value"] == pytest.approx(1.8)  # of structures 0, 18 and 36
    assert row["structure_id"] == "s-1000"
    assert "NaN" in set(table.frame["material"])  # sodium nitride, not a missing value


def test_the_server_applies_the_filter(fetch):
    fetched = fetch(filter="nelements=2 AND _exmpl_band_gap>=4.0")
    assert fetched.table.values.min() >= 4.0
    assert fetched.entries == 3
    assert "filter: nelements=2 AND" in fetched.table.provenance[0].method


def test_values_come_in_the_unit_asked_for(fetch):
    ours, theirs = fetch(unit="meV").table, fetch().table
    assert ours.unit == "meV"
    np.testing.assert_allclose(ours.values, 1000 * theirs.values)


def test_a_value_inside_a_dictionary(fetch):
    fetched = fetch("_exmpl_hull.pbe.above", assumed_unit="eV/atom", limit=18)
    np.testing.assert_allclose(sorted(fetched.table.values), 0.01 * np.arange(18))
    assert "unit assumed: eV/atom" in fetched.table.provenance[0].method


def test_a_larger_maximum_reads_on_and_all_is_all(fetch, proxy):
    assert fetch(limit=12).entries == 12
    assert len(proxy.pages) == 2
    assert fetch(limit=25).entries == 25
    assert fetch().table.frame.equals(fetch(folder="other").table.frame)


def test_a_page_limit_above_the_servers_falls_back_to_its_own(fetch, proxy):
    assert fetch(page_limit=1000).entries == 44
    assert "page_limit=1000" in proxy.pages[0]
    assert "page_limit" not in proxy.pages[1]


def test_provenance_says_where_everything_comes_from(fetch, proxy):
    proxy.edit = with_licence
    fetched = fetch()
    (record,) = fetched.table.provenance
    assert record.dataset == f"Example, OPTIMADE, {proxy.url}/v1"
    assert record.version == f"API 1.2.0, retrieved {fetched.retrieved}"
    assert record.licence == "CC-BY-4.0"
    assert "A made-up gap." in record.method
    assert len(record.sha256) == 64
    assert record.sha256 == fetch(folder="other").sha256


def with_licence(path, body):
    if path == "/v1/info":
        body["data"]["attributes"]["available_licenses"] = ["CC-BY-4.0"]
    return body


def test_a_finished_download_is_used_again_without_the_server(fetch, proxy):
    first = fetch()
    proxy.upstream = "http://127.0.0.1:9"
    assert fetch().table.frame.equals(first.table.frame)


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        ({"property_name": "_exmpl_bandgap"}, ConfigError, "/info/structures: _exmpl_band_gap"),
        ({"property_name": "_exmpl_label"}, ConfigError, "is of type string"),
        ({"property_name": "_exmpl_hull"}, ConfigError, "name the number in it"),
        ({"property_name": "_exmpl_band_gap.pbe"}, ConfigError, "expected a dictionary"),
        ({"property_name": "_exmpl_gap_bare"}, ConfigError, "states no unit"),
        ({"property_name": "Band gap"}, ConfigError, "letters, digits"),
        ({"unit": "K"}, ConfigError, "got _exmpl_band_gap in 'eV', expected a unit that conv"),
        ({"unit": "evolts"}, ConfigError, "got unit 'evolts'"),
        ({"filter": "nelements=="}, ConfigError, "not an OPTIMADE filter"),
        ({"filter": "nelements=77"}, DataError, "no structure matches"),
        ({"filter": "_exmpl_band_gap IS UNKNOWN"}, DataError, "none of 2 structures has"),
        ({"property_name": "_exmpl_hull.no.such", "assumed_unit": ""}, DataError, "none of 44"),
        ({"provider": "ftp://example.org"}, ConfigError, "got address"),
        ({"provider": "http://me:secret@example.org"}, ConfigError, "without a user name"),
        ({"provider": "nobody"}, ConfigError, "expected a base URL or one of"),
    ],
)
def test_questions_that_cannot_be_answered(fetch, question, error, words):
    with pytest.raises(error, match=words.replace("(", r"\(")):
        fetch(**question)


def test_a_unit_that_cannot_be_true_is_refused(fetch):
    with pytest.raises(DataError, match="the unit stated by the provider, 'J', is hardly theirs"):
        fetch("_exmpl_band_gap_in_joule", unit="eV", filter="_exmpl_band_gap>0.5")
    good = fetch("_exmpl_band_gap_in_joule", unit="meV", assumed_unit="eV", folder="b")
    assert good.table.values.max() == pytest.approx(3300.0)


def test_values_beyond_belief_are_set_aside_by_name(fetch):
    fetched = fetch(valid=(0.0, 4.0))
    rejected = fetched.table.rejected
    assert len(rejected) == 3
    assert rejected["file"].iloc[0].endswith("/v1/structures/s-1041")
    assert "value 4.1 eV outside the valid range 0 to 4" in rejected["reason"].iloc[0]


def test_the_command_writes_a_table_and_its_rejects(fetch, forescale, proxy, tmp_path):
    out = tmp_path / "gaps.parquet"
    code, answer, err = forescale(
        "data", "optimade", proxy.url, "--property", "_exmpl_band_gap", "--out", out,
        "--unit", "eV", "--valid", 0, 4, "--rejects", tmp_path / "rejects.csv", "--json",
    )  # fmt: skip
    assert code == 0
    told = json.loads(answer)
    assert (told["structures"], told["accepted"], told["materials"]) == (44, 39, 18)
    assert len(told["rejected"]) == 3
    assert "licence    none stated" in err
    table = PropertyTable.from_parquet(out)
    assert len(table) == 18
    assert (tmp_path / "rejects.csv").read_text().count("outside the valid range") == 3


STUDY = """
name = "gaps"
[[source]]
file = "gaps.parquet"
[target]
file = "measured.csv"
kind = "composition"
material = "formula"
value = "gap"
unit = "meV"
[descriptor]
file = "features.csv"
material = "formula"
[grid]
n_source = [6, 8]
n_target = [3]
"""


def test_a_study_takes_the_table(fetch, tmp_path):
    fetch().table.to_parquet(tmp_path / "gaps.parquet")
    measured = ("Mg1O1", 7800), ("ClNa", 8500), ("GaAs", 1420), ("CdTe", 1500), ("InP", 1340)
    rows = "".join(f"{formula},{gap}\n" for formula, gap in measured)
    (tmp_path / "measured.csv").write_text(f"formula,gap\n{rows}")
    rows = "".join(f"{formula},{number}\n" for number, formula in enumerate(FORMULAS))
    (tmp_path / "features.csv").write_text(f"formula,number\n{rows}")
    (tmp_path / "study.toml").write_text(STUDY)
    data = load_data(load_study(tmp_path / "study.toml"), show_progress=False)
    assert (len(data.source), len(data.target)) == (18, 5)
    assert set(data.target.keys) <= set(data.source.keys)
    assert data.source.unit == "meV"
    assert data.source.provenance[0].dataset.startswith("Example, OPTIMADE")


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optimade", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "forescale\[optimade\]"'):
        fetch_optimade(OptimadeQuery("oqmd", "_oqmd_band_gap"))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--property", "_exmpl_nothing"), 2, "got property '_exmpl_nothing'"),
        (("--out", "/proc/none/x.parquet"), 2, "cannot be written"),
        (("--valid", 5, 1), 2, "got a valid range of 5 to 1"),
    ],
)
def test_a_wrong_request_ends_in_two(forescale, proxy, tmp_path, options, code, words):
    asked = {"--property": ["_exmpl_band_gap"], "--out": [tmp_path / "x.parquet"]}
    asked[options[0]] = list(options[1:])
    flat = [part for name, values in asked.items() for part in (name, *values)]
    got, out, err = forescale("data", "optimade", proxy.url, *flat, "--json")
    assert (got, out) == (code, "")
    assert words in err
    assert not (tmp_path / "x.parquet").exists()
