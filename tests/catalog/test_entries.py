"""Every entry of the catalog is whole, and its file holds what the entry says."""

from types import SimpleNamespace

import pytest

from forescale.catalog import entry_names, get_entry, load_dataset, locate
from forescale.errors import ConfigError
from forescale.tables import same_dimension

ROWS = {  # of each public file, and how many of them lie outside the valid range
    ("radonpy-pi1070", "density"): (1077, 0),
    ("radonpy-pi1070", "specific_heat"): (1076, 0),
    ("radonpy-pi1070", "thermal_conductivity"): (1070, 0),
    ("radonpy-pi1070", "refractive_index"): (1075, 0),
    ("polymer-density-md", "density"): (1935, 9),
    ("polymer-density-measured", "density"): (1708, 1),
    ("simpoly-measured", "density"): (130, 0),
    ("simpoly-measured", "glass_transition_temperature"): (86, 0),
    ("openpoly-measured", "glass_transition_temperature"): (443, 0),
    ("openpoly-measured", "refractive_index"): (148, 2),
    ("polymer-heat-capacity-gc", "specific_heat"): (12133, 0),
    ("polymer-heat-capacity-measured", "specific_heat"): (120, 0),
    ("polymer-thermal-conductivity-md", "thermal_conductivity"): (2259, 1),
    ("polymer-thermal-conductivity-measured", "thermal_conductivity"): (68, 0),
    ("band-gap-materials-project", "band_gap"): (106113, 0),
    ("band-gap-oqmd", "band_gap"): (341608, 0),
    ("band-gap-measured", "band_gap"): (4604, 0),
    ("solvation-cosmo-rs", "solvation_free_energy"): (290000, 0),
    ("solvation-measured", "solvation_free_energy"): (8780, 0),
    ("chi-cosmo-rs", "chi"): (1206, 0),
    ("chi-measured", "chi"): (1190, 0),
}


@pytest.mark.parametrize("name", entry_names())
def test_an_entry_says_what_a_reader_needs(name):
    entry = get_entry(name)
    assert bool(entry.remote_files) != (entry.package is not None)
    assert entry.title
    assert entry.licence
    assert entry.citation
    for prop in entry.properties.values():
        assert same_dimension(prop.unit, prop.unit)
        assert prop.valid is None or prop.valid[0] < prop.valid[1]
    for file in entry.remote_files:
        assert file.url.startswith(f"https://raw.githubusercontent.com/{file.repository}/")


def test_an_unknown_name_or_property_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"'nope', expected one of .*radonpy-pi1070"):
        get_entry("nope")
    with pytest.raises(ConfigError, match="got property 'mass', expected one of density"):
        get_entry("radonpy-pi1070").get_property("mass")
    with pytest.raises(ConfigError, match="got property None, expected one of density"):
        get_entry("radonpy-pi1070").get_property(None)
    assert get_entry("polymer-density-md").get_property(None)[0] == "density"


def test_every_entry_with_a_file_has_its_rows_checked():
    assert {name for name, _ in ROWS} == {n for n in entry_names() if get_entry(n).remote_files}


@pytest.mark.mirror
@pytest.mark.parametrize(("name", "property_name"), ROWS)
def test_a_file_has_its_hash_and_its_rows(name, property_name, monkeypatch):
    # Chemistry aside (the next test looks at it), which takes minutes for the largest.
    monkeypatch.setattr(
        "forescale.tables.materials.parse_material", lambda kind, text: SimpleNamespace(key=text)
    )
    locate(get_entry(name))
    table = load_dataset(name, property_name)
    rows, outside = ROWS[name, property_name]
    assert table.frame["repeats"].sum() == rows - outside
    assert len(table.rejected) == outside
    assert table.rejected["reason"].str.contains("outside the valid range").all()
    assert table.unit == get_entry(name).properties[property_name].unit


@pytest.mark.mirror
@pytest.mark.parametrize(("name", "property_name"), ROWS)
def test_its_materials_are_materials(name, property_name):
    table = load_dataset(name, property_name, sample=60)
    unexplained = table.rejected[
        ~table.rejected["reason"].str.contains("outside|open ends|valence|several pieces")
    ]
    assert unexplained.empty
    assert table.frame["repeats"].sum() >= 58


@pytest.mark.mirror
def test_lines_above_the_header_and_cells_without_a_value_are_read_over():
    table = load_dataset("simpoly-measured", "glass_transition_temperature")
    assert len(table) == 86
    assert table.values.min() == 152.0
    assert len(table.rejected) == 0
    assert len(load_dataset("simpoly-measured", "density")) == 130


def test_a_card_says_where_values_come_from(forescale):
    code, out, _ = forescale("data", "show", "polymer-density-measured")
    assert code == 0
    assert "PoLyInfo" in out
    assert "simpoly-measured" in out


def test_boiling_points_come_from_the_installed_package():
    table = load_dataset("boiling-point-measured", sample=300)
    by_key = dict(zip(table.keys, table.values, strict=True))
    assert all(50.0 <= value <= 1500.0 for value in by_key.values())
    assert table.frame["repeats"].sum() <= 300
    reasons = table.rejected["reason"]
    assert reasons.str.contains("no structure for this CAS number").any()
    again = load_dataset("boiling-point-measured", sample=300)
    assert table.keys.tolist() == again.keys.tolist()
    assert (
        table.keys.tolist()
        != load_dataset("boiling-point-measured", sample=300, seed=1).keys.tolist()
    )


def test_water_and_ethanol_boil_where_they_should():
    table = load_dataset("boiling-point-measured")
    by_key = dict(zip(table.keys, table.values, strict=True))
    assert by_key["CCO"] == pytest.approx(351.4, abs=0.5)
    assert by_key["c1ccccc1"] == pytest.approx(353.2, abs=0.5)
