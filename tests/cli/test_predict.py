"""``forescale predict``: from a run folder and a table to predictions."""

import io
import json
import shutil

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def finished(write_study, tmp_path_factory):
    """Run folder of a small study, run by the command."""
    from forescale.study import load_study
    from forescale.workflow import run_study

    study = write_study(tmp_path_factory.mktemp("predict"), replicates=2)
    run_study(load_study(study), study.parent / "run", show_progress=False)
    return study.parent / "run"


@pytest.fixture
def new(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("id,smiles\na,CCCCO\nb,C1CC\nc,CCCCCCCCC\n")
    return path


def test_predictions_are_written_beside_the_candidates(forescale, finished, new, tmp_path):
    code, out, _ = forescale("predict", finished, new, "--on-error", "skip", "--keep", "id")
    assert code == 0
    table = pd.read_csv(tmp_path / "new.predictions.csv")
    assert table["id"].tolist() == ["a", "c"]
    assert {"prediction", "low", "high", "unit", "distance", "outside", "known"} <= set(table)
    assert "predicted  2 of 3 rows" in out
    assert pd.read_csv(tmp_path / "new.predictions.rejects.csv")["row"].tolist() == [2]


def test_json_is_one_object(forescale, finished, new, tmp_path):
    target = tmp_path / "sub.parquet"
    code, out, err = forescale(
        "predict", finished, new, "--out", target, "--on-error", "skip", "--json"
    )
    answer = json.loads(out)
    assert code == 0
    assert (answer["rows"], answer["predicted"], answer["rejected"]) == (3, 2, 1)
    assert (answer["out"], answer["unit"], answer["level"]) == (str(target), "degC", 0.9)
    assert len(pd.read_parquet(target)) == 2
    assert "predicted  2 of 3 rows" in err


def test_standard_output_takes_the_predictions(forescale, finished, new):
    code, out, err = forescale("predict", finished, new, "--on-error", "skip", "--out", "-")
    assert code == 0
    assert out.splitlines()[0].startswith("row,material,key,prediction,low,high,unit")
    assert len(out.splitlines()) == 3
    assert "predicted" in err
    code, out, err = forescale("predict", finished, new, "--out", "-", "--json")
    assert (code, out) == (2, "")


def test_structures_are_predicted_as_python_does(forescale, finished):
    from forescale.prediction import Predictor

    code, out, _ = forescale("predict", finished, "OCCCC", "CC(C)CC#N", "--json")
    assert code == 0
    rows = json.loads(out)["predictions"]
    assert [row["key"] for row in rows] == ["CCCCO", "CC(C)CC#N"]
    found = Predictor.load(str(finished)).predict(["OCCCC", "CC(C)CC#N"])
    for name in ("prediction", "low", "high", "distance", "warning", "known"):
        assert [row[name] for row in rows] == found[name].tolist()
    code, out, _ = forescale("predict", finished, "OCCCC", "C[Se]C")
    assert code == 0
    assert "known: its" in out
    assert "outside: has Se, which none of the 100 measured materials has" in " ".join(out.split())
    code, _, err = forescale("predict", finished, "CCO", "C1CC")
    assert code == 2
    assert "1 of 2 structures cannot be predicted" in err
    code, out, _ = forescale("predict", finished, "CCO", "C1CC", "--on-error", "skip")
    assert code == 0
    assert "C1CC  no prediction: got 'C1CC'" in out


@pytest.mark.parametrize("text", ["CCCCO\n\nCCCCCCCCC\n", "id,smiles\n1,CCCCO\n2,CCCCCCCCC\n"])
def test_standard_input_is_structures_or_a_table(forescale, finished, monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    code, out, err = forescale("predict", finished, "-")
    assert code == 0
    table = pd.read_csv(io.StringIO(out))
    assert table["key"].tolist() == ["CCCCO", "CCCCCCCCC"]
    assert "predicted  2 of 2 rows" in err


def test_wrong_requests_end_in_two(forescale, finished, new, tmp_path):
    for arguments, words in [
        ((finished, new), "row 2: got 'C1CC'"),
        ((finished, tmp_path / "none.csv"), "none.csv: no such file"),
        ((finished, new, "CCO"), "expected one table or - alone, or structures"),
        ((tmp_path, new), "holds no model"),
        ((finished, new, "--material", "mol"), "expected also mol"),
        ((finished, new, "--on-error", "skip", "--out", "/proc/none/p.csv"), "cannot be written"),
    ]:
        code, out, err = forescale("predict", *arguments)
        assert (code, out) == (2, "")
        assert words in err


def test_a_run_without_a_model_says_so(forescale, finished, new, tmp_path, study_file):
    run = tmp_path / "bare"
    code, out, _ = forescale(
        "run", study_file, "--out", run, "--workers", 1, "--no-model", "--json"
    )
    assert code == 0
    assert json.loads(out)["model"] is None
    assert not (run / "model").exists()
    assert "The model for new materials" not in (run / "report.html").read_text()
    for name in ("computed.csv", "measured.csv"):
        shutil.move(study_file.parent / name, tmp_path / name)
    code, _, err = forescale("predict", run, new)
    assert code == 2
    assert "keeps no model yet" in err
    assert "no such file" in err


def test_the_page_shows_the_model_and_how_to_use_it(finished):
    page = (finished / "report.html").read_text()
    assert "The model for new materials" in page
    assert "forescale predict run CANDIDATES.csv" in page
    assert "conformal" in page


def test_a_learner_that_keeps_no_model_is_no_harm(forescale, study_file, tmp_path, monkeypatch):
    from forescale.learners.gp.learner import GPLearner

    whole = GPLearner.prepare

    class OnlyErrors:
        """A prepared learner of the older contract."""

        def __init__(self, prepared):
            self.predict = prepared.predict

    monkeypatch.setattr(GPLearner, "prepare", lambda *given: OnlyErrors(whole(*given)))
    run = tmp_path / "run"
    code, out, err = forescale("run", study_file, "--out", run, "--workers", 1, "--json")
    assert code == 0
    assert "No model is kept: learner.name = 'gp': its models cannot be handed over" in err
    assert json.loads(out)["model"] is None


@pytest.mark.cluster
def test_a_cluster_describes_the_materials(forescale, finished, dask_processes, tmp_path):
    """Enough of them to be worth another machine; the numbers are those of one process here."""
    table = tmp_path / "many.csv"
    names = [f"{'C' * n}{end}" for n in range(1, 81) for end in "CONS"]
    table.write_text("smiles\n" + "\n".join([*names, *(f"{n}C(C)C" for n in names)]) + "\n")
    asked = ("predict", finished, table, "--out")
    assert forescale(*asked, tmp_path / "here.csv", "--workers", 1)[0] == 0
    there = tmp_path / "there"
    there.mkdir()
    code, _, err = forescale(*asked, there / "there.csv", "--cluster", dask_processes.address)
    assert code == 0, err
    assert f"working on {dask_processes.address}" in err
    assert (there / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    assert [path.name for path in there.iterdir()] == ["there.csv"]
