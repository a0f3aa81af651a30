"""The register of forecasts keeps what was forecast, and fills in what came."""

import importlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from bare_runs import run_without_laws

from forescale.errors import DataError
from forescale.laws import RunLaws
from forescale.study import RunFolder, load_study

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SIZES = [8, 11, 16, 22, 32, 45, 64, 80]


@pytest.fixture(scope="module")
def small(write_study, tmp_path_factory):
    """A study file, and its run with n up to 80."""
    folder = tmp_path_factory.mktemp("register")
    small = {"grid.n_source": SIZES, "grid.n_target": [20], "grid.all_measured": False}
    path = write_study(folder, replicates=3, **small)
    run_without_laws(load_study(path), folder / "run", model=False)
    return path, folder / "run"


@pytest.fixture
def script(monkeypatch, tmp_path, capsys):
    """The script on a register and a page of the test: (exit code, out, err, lines)."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("forecasts_register")
    register, page = tmp_path / "forecasts.jsonl", tmp_path / "forecasts.md"
    page.write_text("# Forecasts\n\n" + module._register_page.EMPTY + "\nThe end.\n")

    def run(*words):
        code, argv = 0, [*map(str, words), "--register", str(register), "--page", str(page)]
        try:
            module.main(argv)
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        lines = register.read_text().splitlines() if register.is_file() else []
        return code, out, err, lines

    return run


def test_past_data_come_with_their_outcomes_and_stay_as_they_are(script, small, tmp_path):
    _, folder = small
    code, _, err, lines = script("add", folder, "--from", 32, "--date", "2026-01-01")
    assert (code, err) == (0, "")
    first = json.loads(lines[0])
    errors = RunFolder(folder).errors()
    cell = errors.query("n_source == 80 and metric == @first['metric'] and n_target == @first['m']")
    assert first["outcome"]["value"] == pytest.approx(cell["value"].mean(), rel=1e-5)
    assert first["after_the_fact"]
    assert (first["fitted_to"], first["n"], first["points"]) == (32, 80, 5)
    assert first["low"] < first["median"] < first["high"]
    assert {(one["metric"], one["m"]) for one in map(json.loads, lines)} == {
        ("rmse", 0),
        ("rmse", 20),
    }

    code, _, err, after = script("add", folder, "--from", 32, "--date", "2026-02-02")
    assert code == 2
    assert err.count("\n") == 1
    assert "2 of 2 forecasts are registered already" in err
    assert after == lines

    code, _, _, after = script("add", folder, "--from", 32, "--again")
    assert code == 0
    assert after[: len(lines)] == lines
    assert [json.loads(one)["version"] for one in after] == [1, 1, 2, 2]

    code, out, _, _ = script("print")
    page = (tmp_path / "forecasts.md").read_text()
    assert code == 0
    assert out.strip() in page
    assert page.startswith("# Forecasts\n")
    assert page.endswith("\nThe end.\n")
    assert "4 have an outcome, 4 of them made after the data existed" in page
    script("print")
    assert (tmp_path / "forecasts.md").read_text() == page


def test_an_open_forecast_is_the_page_s_and_its_outcome_comes_with_a_larger_run(script, small):
    path, folder = small
    law = RunLaws.of(RunFolder(folder)).law("rmse", 20)
    code, _, _, lines = script("open", folder, "--to", 160, "--date", "2026-01-01")
    assert code == 0
    (entry,) = map(json.loads, lines)
    assert entry["median"] == pytest.approx(float(law.predict([160]).median[0]), rel=1e-5)
    assert entry["outcome"] is None
    assert not entry["after_the_fact"]
    assert script("check", folder)[1].strip().endswith("1 open, 0 of them have come")

    study = load_study(path)
    grid = study.grid.model_copy(update={"n_source": (*SIZES, 160)})
    run_without_laws(study.model_copy(update={"grid": grid}), folder, model=False)
    code, out, _, lines = script("check", folder, "--date", "2026-03-03")
    assert out.strip().endswith("1 open, 1 of them have come")
    (came,) = map(json.loads, lines)
    assert came.pop("outcome")["date"] == "2026-03-03"
    assert entry | came == entry
    assert script("check", folder)[1].strip().endswith("0 open, 0 of them have come")


def test_what_cannot_be_is_one_line(script, small, tmp_path):
    path, folder = small
    for words, said in [
        (("add",), "which run?"),
        (("add", tmp_path / "none"), "not a readable run folder"),
        (("add", folder, "--to", 77), "open registers forecasts of it"),
        (("add", folder, "--from", 200), "expected less than the n to forecast"),
        (("open", folder, "--to", 20), "add registers those"),
        (("open", folder, "--m", 33), "no law at m = 33"),
    ]:
        code, _, err, lines = script(*words)
        assert (code, lines) == (2, []), words
        assert said in err
        assert err.count("\n") == 1
    unfinished = tmp_path / "unfinished"
    study = load_study(path).model_copy(update={"replicates": 4})
    run_without_laws(study, unfinished, model=False)
    next((unfinished / "errors").glob("part-00003*")).unlink()
    assert "3 of 4 replicates are finished" in script("open", unfinished)[2]


def test_a_registered_forecast_cannot_be_changed(script, small, tmp_path):
    _, folder = small
    script("open", folder, "--to", 320)
    module = importlib.import_module("_register")
    register = module.Register.read(tmp_path / "forecasts.jsonl")
    before = register.path.read_text()
    for entries in [(), (replace(register.entries[0], high=9.0),)]:
        with pytest.raises(DataError, match="a registered forecast would change"):
            replace(register, entries=entries).save()
    assert register.path.read_text() == before


def test_the_page_is_what_the_register_says():
    docs = BENCHMARKS.parent / "docs"
    register, page = importlib.import_module("_register"), importlib.import_module("_register_page")
    entries = register.Register.read(docs / "forecasts.jsonl").entries
    assert page.tables(entries) in (docs / "forecasts.md").read_text("utf-8")
