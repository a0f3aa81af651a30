"""A kept model is whole, refuses what it does not know, and gives the same numbers later."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forescale.descriptors.morgan import MorganCounts
from forescale.errors import ModelError
from forescale.prediction import ModelFolder, Predictor, make_model
from forescale.study import RunFolder, load_data, load_study, run_replicates
from forescale.workflow import load_predictor

FROZEN = Path(__file__).parent / "frozen"
NEW = ["CCCCCCCO", "CCCCCCCCCCCCN", "C1CCCCC1", "CC(C)(C)C#N"]


@pytest.fixture
def copied(run_with_model, tmp_path):
    """A copy of the model that a test may harm."""
    return Path(shutil.copytree(run_with_model / "model", tmp_path / "model"))


def rewrite(path, change):
    """Change model.json as a program would: with the right hash of itself."""
    from forescale.prediction.manifest import settings_hash

    settings = json.loads((path / "model.json").read_text())
    del settings["sha256"]
    change(settings)
    settings["sha256"] = settings_hash(settings)
    (path / "model.json").write_text(json.dumps(settings))


def test_a_model_says_all_about_itself(run_with_model):
    folder = ModelFolder(run_with_model / "model")
    manifest = folder.manifest()
    folder.check(manifest)
    assert manifest.target.unit == "degC"
    assert manifest.material_kind == "molecule"
    assert (manifest.n_source, manifest.n_target) == (len(folder.known()), 100)
    assert manifest.learner.name == "gp"
    assert manifest.learner.options == {"lengths": [0.5, 1.0], "noises": [0.003, 0.1]}
    assert manifest.blocks[0].version == f"morgan {MorganCounts.version}"
    assert len(manifest.blocks[0].columns) == 1024
    assert manifest.study_errors.errors["rmse"].mean > 0
    card = (folder.path / "card.md").read_text()
    for words in ("tb c, as measured, in degC", "90 % intervals", "licence not stated"):
        assert words in card
    assert not list(run_with_model.rglob(".*"))


def test_what_is_written_is_what_is_read(run_with_model):
    folder = ModelFolder(run_with_model / "model")
    text = (folder.path / "model.json").read_text()
    assert folder.manifest().to_text() == text


def test_another_run_keeps_the_model_and_a_damaged_one_is_made_again(
    run_with_model, tmp_path, monkeypatch
):
    run = RunFolder(Path(shutil.copytree(run_with_model, tmp_path / "run")))
    study = load_study(run_with_model.parent / "study.toml")
    data = load_data(study, show_progress=False)
    before = {path: path.stat().st_mtime_ns for path in (run.path / "model").iterdir()}
    make_model(study, data, run, show_progress=False)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    (run.path / "model" / "learner.npz").write_bytes(b"PK")
    make_model(study, data, run, show_progress=False)
    got, _ = Predictor.load(run.path).predict_keys(NEW)
    expected, _ = Predictor.load(run_with_model).predict_keys(NEW)
    pd.testing.assert_frame_equal(got, expected, check_exact=True)


def test_a_run_without_a_model_trains_it_when_asked(run_with_model, tmp_path, capsys):
    run = Path(shutil.copytree(run_with_model, tmp_path / "run"))
    shutil.rmtree(run / "model")
    got, _ = load_predictor(run, show_progress=False).predict_keys(NEW)
    assert "keeps no model yet" in capsys.readouterr().err
    expected, _ = Predictor.load(run_with_model).predict_keys(NEW)
    pd.testing.assert_frame_equal(got, expected, check_exact=True)


def test_a_model_needs_neither_its_run_nor_the_data(copied, predictor):
    got, _ = Predictor.load(copied).predict_keys(NEW)
    expected, _ = predictor.predict_keys(NEW)
    pd.testing.assert_frame_equal(got, expected, check_exact=True)


def test_predictions_are_those_of_the_function_behind_the_data(predictor):
    # 100 K + 28 K a carbon + end group, stretched by 1.1; see tests/conftest.py.
    got, reasons = predictor.predict_keys(["CCCCCCCO", "CCCCCCCCN", "CCO"])
    truth = 1.1 * np.array([100 + 28 * 6 + 120, 100 + 28 * 7 + 70, 100 + 28 + 120]) - 253.15
    assert reasons == [None] * 3
    assert np.abs(got["prediction"] - truth).max() < 25
    assert (got["low"] < got["prediction"]).all()
    assert (got["prediction"] < got["high"]).all()


@pytest.mark.parametrize("name", ["learner.npz", "domain.npz", "known.parquet"])
@pytest.mark.parametrize("harm", ["truncated", "changed", "gone"])
def test_a_damaged_file_is_named(copied, name, harm):
    raw = (copied / name).read_bytes()
    if harm == "gone":
        (copied / name).unlink()
    else:
        changed = raw[:-9] if harm == "truncated" else raw[:50] + b"?" + raw[51:]
        (copied / name).write_bytes(changed)
    with pytest.raises(ModelError, match=rf"{name}: (damaged|is missing)"):
        Predictor.load(copied)


def test_arrays_are_never_unpickled(copied):
    with (copied / "learner.npz").open("wb") as file:
        np.savez(file, x=np.array([{"a": 1}], dtype=object))
    from forescale.catalog.locating import sha256_of

    digest = sha256_of(copied / "learner.npz")
    rewrite(copied, lambda settings: settings["files"].update({"learner.npz": digest}))
    with pytest.raises(ModelError, match=r"learner\.npz: damaged .*allow_pickle"):
        Predictor.load(copied)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.update(format=3), r"got a model of format 3, expected at most 2"),
        (lambda s: s["blocks"][0].update(version="morgan 0+rdkit1.2"),
         r"trained with descriptor morgan 0\+rdkit1\.2, installed is morgan 1\+rdkit"),
        (lambda s: s["blocks"][0]["columns"].append("morgan9999"), r"column 'morgan9999'.*lacks"),
        (lambda s: s["descriptor"].update(name="nope"), r"descriptor is not installed .*'nope'"),
        (lambda s: s["settings"].pop("kernel"), r"cannot be restored \(KeyError: 'kernel'"),
        (lambda s: s.pop("calibrations"), r"lacks calibrations"),
    ],
)  # fmt: skip
def test_a_model_of_other_versions_is_refused(copied, change, words):
    rewrite(copied, change)
    with pytest.raises(ModelError, match=words):
        Predictor.load(copied)


def test_settings_that_were_edited_or_cut_are_refused(copied):
    path = copied / "model.json"
    text = path.read_text()
    path.write_text(text.replace('"reach": ', '"reach": 1'))
    with pytest.raises(ModelError, match="was changed after it was written"):
        Predictor.load(copied)
    path.write_text(text[:500])
    with pytest.raises(ModelError, match="damaged"):
        Predictor.load(copied)
    path.unlink()
    with pytest.raises(ModelError, match="holds no model"):
        ModelFolder(copied).manifest()


def test_a_model_of_an_earlier_run_gives_the_same_numbers(monkeypatch):
    """The frozen folder was made by ``freeze.py`` beside it; new code must still read it."""
    settings = json.loads((FROZEN / "model" / "model.json").read_text())
    version = settings["blocks"][0]["version"].removeprefix("morgan ")
    # The environments of such molecules are the same in every RDKit; its version is not.
    monkeypatch.setattr(MorganCounts, "version", version)
    expected = pd.read_csv(FROZEN / "expected.csv", keep_default_na=False)
    got, reasons = Predictor.load(FROZEN / "model").predict_keys(expected["key"].tolist())
    assert reasons == [None] * len(expected)
    for column in ("prediction", "low", "high", "std", "distance"):
        np.testing.assert_allclose(got[column], expected[column], rtol=1e-7, atol=1e-9)
    assert got["known"].tolist() == expected["known"].tolist()
    assert got["outside"].tolist() == expected["outside"].tolist()


def test_predictions_stop_at_the_floor_of_the_property(write_study, tmp_path):
    """A study whose values are censored hands over a model that is raised, too."""
    study_file = write_study(tmp_path, replicates=2)
    text = study_file.read_text() + "[censoring]\nfloor = 60.0\nlearn_as = 0.0\n"
    study_file.write_text(text)
    study = load_study(study_file)
    data = load_data(study, show_progress=False)
    run = RunFolder.open(tmp_path / "run", study, data)
    run_replicates(study, data, run, show_progress=False)
    make_model(study, data, run, show_progress=False)
    got, _ = Predictor.load(run.path).predict_keys(["CC", "CCO", *NEW])
    assert got["prediction"][0] == got["low"][0] == 60.0
    assert got["low"].min() == 60.0
    assert got["prediction"].max() > 100
