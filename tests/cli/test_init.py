"""``forescale init`` and ``quick``, ``--version``, and what is meant by a misspelling."""

import json
import subprocess
import sys
import tomllib

import pytest

from forescale import __version__, draft_study


@pytest.fixture
def tables(tmp_path):
    computed, measured = tmp_path / "md.csv", tmp_path / "exp.csv"
    rows = [(f"{'C' * n}{end}", 25 * n + add) for n in range(1, 16)
            for end, add in (("", 0), ("O", 70), ("N", 30), ("F", 10), ("Cl", 50))]  # fmt: skip
    computed.write_text("id,smiles,tb_K\n" + "".join(
        f"{i},{smiles},{100 + tb}\n" for i, (smiles, tb) in enumerate(rows)))  # fmt: skip
    measured.write_text("smiles,tb (degC)\nC1CC,5\n" + "".join(
        f"{smiles},{tb - 170}\n" for smiles, tb in rows[::2]))  # fmt: skip
    return computed, measured


def test_a_study_file_is_written_and_what_it_rejects_shown(forescale, tables, tmp_path):
    out = tmp_path / "mine.toml"
    code, text, err = forescale("init", *tables, "--out", out)
    assert (code, err) == (0, "")
    assert "row 1: got 'C1CC', which is not valid SMILES" in text
    assert f"forescale run {out} --on-error skip" in text
    study = tomllib.loads(out.read_text())
    assert study["target"] == {
        "file": "exp.csv", "kind": "molecule", "material": "smiles", "value": "tb (degC)",
        "unit": "degC",
    }  # fmt: skip
    code, _, err = forescale("init", *tables, "--out", out)
    assert (code, "--force" in err) == (2, True)


def test_a_side_may_be_a_dataset_of_the_catalog(forescale, tables, tmp_path):
    _, measured = tables
    out = tmp_path / "mine.toml"
    code, text, err = forescale("init", "xtb-refractive-index", measured, "--out", out)
    assert (code, err) == (0, "")
    assert "dataset of the catalog: refractive_index" in text
    study = tomllib.loads(out.read_text())
    assert study["source"] == [
        {"dataset": "xtb-refractive-index", "property": "refractive_index", "cross_property": True}
    ]
    code, _, err = forescale("init", "xtb-molecular-properties", measured, "--out", out)
    assert code == 2
    assert "--value: the dataset has several properties; which one? (homo_energy, " in err
    code, _, err = forescale("init", "xtb-refractive-indx", measured)
    assert (code, "did you mean 'xtb-refractive-index'" in err) == (2, True)


def test_of_a_dataset_s_properties_the_other_table_s_is_taken(tmp_path):
    exp = tmp_path / "exp.csv"
    exp.write_text("psmiles,density (kg/m3)\n*CC*,850\n*CC(*)C,860\n*CC(*)O,1200\n")
    draft = draft_study("polymer-density-quick", exp)
    assert (draft.computed.guess.value, draft.computed.guess.unit) == ("density", "g/cm^3")
    assert draft.study().source[0].dataset == "polymer-density-quick"


def test_the_answer_in_json_has_guesses_and_rejected_rows(forescale, tables, tmp_path):
    code, out, _ = forescale("init", *tables, "--out", tmp_path / "a.toml", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["measured"]["rejected"][0]["row"] == 1
    assert (answer["computed"]["value"], answer["computed"]["unit"]) == ("tb_K", "K")
    assert answer["shared"] == 38


def test_what_cannot_be_told_names_the_option(forescale, tables, tmp_path):
    computed, measured = tables
    measured.write_text("smiles,a,b\nCCO,1,2\nCCC,3,3\n")
    code, _, err = forescale("init", computed, measured, "--out", tmp_path / "a.toml")
    assert code == 2
    assert "--value: several columns hold numbers" in err
    said = ("--value", "tb_K", "--value", "b", "--unit", "K", "--out", tmp_path / "a.toml")
    code, out, _ = forescale("init", computed, measured, *said)
    assert code == 0
    assert "values in b, K" in out
    code, _, err = forescale("init", computed, measured, *said, "--value", "c")
    assert (code, "3 times" in err) == (2, True)


@pytest.mark.slow
def test_two_tables_become_a_law_in_one_line(forescale, tables, tmp_path):
    run = tmp_path / "run"
    code, out, err = forescale(
        "quick", *tables, "--out", run, "--replicates", 2, "--workers", 1, "--json"
    )
    assert code == 0
    assert {law["metric"] for law in json.loads(out)["laws"]} == {"rmse", "mae"}
    assert "set aside: 1" in err
    assert (run / "report.html").stat().st_size < 4_000_000
    assert (run / "figures" / "law_rmse.svg").is_file()
    # 38 measured molecules, a fifth of them for testing: the grid fits what is left
    assert tomllib.loads((run / "study.toml").read_text())["grid"]["n_target"] == [3, 7, 15]


def test_the_version_and_short_help_are_quick(forescale):
    code, out, _ = forescale("--version")
    assert (code, out) == (0, f"forescale {__version__}\n")
    for args in (("-h",), ("data", "-h"), ("run", "-h")):
        code, out, _ = forescale(*args)
        assert (code, "Usage" in out) == (0, True)
    script = "import sys, forescale.cli.main as m; print('pandas' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout == "False\n"


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        (("data", "show", "radonpy-pi107"), "did you mean 'radonpy-pi1070'?"),
        (("pln",), "Did you mean 'plan'?"),
        (("data", "check", "T", "--value", "tb", "--material", "smile"), "did you mean 'smiles'?"),
        (("data", "check", "T", "--value", "tb_K", "--unit", "kelvinn"), "did you mean 'kelvin'?"),
    ],
)
def test_a_misspelling_is_answered_with_what_is_meant(forescale, tables, args, meant):
    code, _, err = forescale(*(tables[0] if word == "T" else word for word in args))
    assert code == 2
    assert meant in " ".join(err.split())


def test_a_misspelt_descriptor_learner_or_key_in_a_study_file(forescale, tables, tmp_path):
    out = tmp_path / "mine.toml"
    forescale("init", *tables, "--out", out)
    text = out.read_text()
    for more, meant in (
        ('[descriptor]\nname = "morgn"', "did you mean 'morgan'?"),
        ('[learner]\nname = "bosted"', "did you mean 'boosted'?"),
        ("[grd]\nn_target = [5]", "did you mean 'grid'?"),
    ):
        out.write_text(f"{text}\n{more}\n")
        code, _, err = forescale("run", out, "--out", tmp_path / "run")
        assert (code, meant in err) == (2, True), err
