"""``forescale data``: the catalog, and the check of a user's table."""

import json

import pandas as pd
import pytest


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("smiles,tb\nCCO,351\nC1CC,2\nOCC,353\nCC,warm\nCC,184\n")
    return path


COLUMNS = ("--kind", "molecule", "--material", "smiles", "--value", "tb")


def test_every_dataset_is_listed(forescale):
    code, out, _ = forescale("data", "list")
    assert code == 0
    assert "radonpy-pi1070" in out
    code, out, err = forescale("data", "list", "--json")
    listed = {row["name"]: row for row in json.loads(out)["datasets"]}
    assert listed["radonpy-pi1070"]["kind"] == "computed"
    assert {"name": "density", "unit": "g/cm^3", "valid": [0.5, 4.0]} in (
        listed["radonpy-pi1070"]["properties"]
    )
    assert "radonpy-pi1070" in err


def test_a_dataset_is_shown_with_origin_hash_and_licence(forescale):
    code, out, _ = forescale("data", "show", "radonpy-pi1070", "--json")
    card = json.loads(out)
    assert code == 0
    assert card["licence"] == "BSD-3-Clause"
    (file,) = card["files"]
    assert file["url"].startswith("https://raw.githubusercontent.com/RadonPy/RadonPy/")
    assert len(file["sha256"]) == 64
    code, out, _ = forescale("data", "show", "radonpy-pi1070")
    for word in ("density (g/cm^3)", file["sha256"], card["citation"]):
        assert word in out


def test_a_packaged_dataset_is_fetched_without_a_network(forescale):
    code, out, _ = forescale("data", "fetch", "boiling-point-measured", "--json")
    answer = json.loads(out)
    assert code == 0
    (file,) = answer["files"]
    assert file["bytes"] > 10_000
    assert file["path"].endswith("Physical Constants of Organic Compounds.csv")


@pytest.mark.parametrize("command", ["show", "fetch"])
def test_an_unknown_dataset_names_the_known_ones(forescale, command):
    code, out, err = forescale("data", command, "nope", "--json")
    assert (code, out) == (2, "")
    assert "got dataset 'nope', expected one of band-gap-materials-project" in err


def test_a_good_table_is_accepted(forescale, table):
    table.write_text("smiles,tb\nCCO,351\nOCC,353\nCC,184\n")
    code, out, err = forescale("data", "check", table, *COLUMNS, "--unit", "K")
    assert (code, err) == (0, "")
    assert "3 of 3 rows accepted" in out
    assert "184 to 352 K" in out
    assert "scatter by 1.41 K" in out


def test_bad_rows_are_named_and_end_in_one(forescale, table):
    code, out, _ = forescale("data", "check", table, *COLUMNS, "--unit", "K")
    assert code == 1
    assert "3 of 5 rows accepted" in out
    assert "row 2: got 'C1CC', which is not valid SMILES" in out
    assert "row 4: got value 'warm'" in out


def test_json_and_rejects_file_hold_every_rejected_row(forescale, table, tmp_path):
    rejects = tmp_path / "rejects.csv"
    code, out, err = forescale(
        "data", "check", table, *COLUMNS, "--unit", "K", "--valid", 200, 400,
        "--rejects", rejects, "--json",
    )  # fmt: skip
    answer = json.loads(out)
    assert code == 1
    assert (answer["rows"], answer["accepted"], answer["materials"]) == (5, 2, 1)
    assert [row["row"] for row in answer["rejected"]] == [2, 4, 5]
    assert "outside the valid range 200 to 400" in answer["rejected"][2]["reason"]
    assert pd.read_csv(rejects)["row"].tolist() == [2, 4, 5]
    assert "rows accepted" in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--unit", "kelvinn"), "got unit 'kelvinn'"),
        (("--value", "Tb"), "got columns smiles, tb; expected also Tb"),
        (("--kind", "polymer"), "none of its 5 rows can be used; row 1: got 'CCO'"),
        (("--kind", "alloy"), "alloy"),
        (("--rejects", "/proc/none/rejects.csv"), "cannot be written"),
    ],
)
def test_a_wrong_request_ends_in_two(forescale, table, change, words):
    code, out, err = forescale("data", "check", table, *COLUMNS, "--unit", "K", *change, "--json")
    assert (code, out) == (2, "")
    assert words in err


def test_what_is_not_said_is_guessed_or_asked_for(forescale, table, tmp_path):
    code, out, _ = forescale("data", "check", table)
    assert code == 1
    assert "unit: K (guessed from the size of values called boiling point)" in out
    assert "[[source]]\nfile = " in out
    table.write_text("smiles,score\nCCO,351\nCC,184\n")
    code, _, err = forescale("data", "check", table)
    assert code == 2
    assert "--unit" in err
    code, _, err = forescale("data", "check", tmp_path / "none.csv", *COLUMNS, "--unit", "K")
    assert code == 2
    assert "none.csv: no such file" in err


PAIRS = ("--kind", "pair", "--value", "chi", "--unit", "", "--solute", "p", "--solvent", "s")
KELVIN = ("--temperature", "T", "--temperature-unit", "K")


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(
        "p,s,T,chi\n*CC*,CCO,300,0.5\n*CCCC*,OCC,300,0.7\n*CC*,C1C,300,1\n*CC*,O,25,1\n"
    )
    return path


def test_pairs_are_checked_on_both_sides_and_their_temperature(forescale, pairs):
    code, out, _ = forescale("data", "check", pairs, *PAIRS, *KELVIN, "--json")
    found = json.loads(out)
    assert code == 1
    assert (found["rows"], found["accepted"], found["materials"]) == (4, 2, 1)
    reasons = {row["row"]: row["reason"] for row in found["rejected"]}
    assert "solvent: got 'C1C', which is not valid SMILES" in reasons[3]
    assert "25 K outside the valid range 100 to 1000 K" in reasons[4]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((*PAIRS, "--material", "p"), "do not go together"),
        ((*PAIRS, "--temperature-unit", "K"), "expected both or neither"),
        ((*PAIRS, *KELVIN[:-1], "kcal"), "expected a unit of temperature"),
        ((*PAIRS, *KELVIN[:-1], "kelvins?"), "not known"),
        (("--kind", "polymer", *PAIRS[2:]), "do not go together"),
    ],
)
def test_options_that_do_not_fit_pairs_are_refused(forescale, pairs, options, words):
    code, _, err = forescale("data", "check", pairs, *options)
    assert code == 2
    assert words in err


@pytest.mark.parametrize("options", [(), PAIRS[:6], PAIRS[:-2]])
def test_the_sides_of_pairs_are_guessed_where_pairs_are_meant(forescale, pairs, options):
    text = pairs.read_text()
    pairs.write_text(text if options else text.replace("p,s", "polymer,solvent"))
    code, out, _ = forescale("data", "check", pairs, *options, "--unit", "", "--json")
    study = json.loads(out)["study"]
    assert code == 1
    assert (study["kind"], study["temperature"], study["temperature_unit"]) == ("pair", "T", "K")
    assert [study["solute"][0], study["solvent"][0]] == ["p", "s"]


def test_a_table_of_compositions_is_checked(forescale, tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("formula,gap\nNaCl,8.5\nClNa,8.7\nXx2,1\n")
    columns = ("--kind", "composition", "--material", "formula", "--value", "gap", "--unit", "eV")
    code, out, _ = forescale("data", "check", path, *columns, "--json")
    found = json.loads(out)
    assert (code, found["accepted"], found["materials"]) == (1, 2, 1)
