"""Several sources in one study: own curves, a resumed and grown folder, laws, plan, page."""

import json

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ConfigError
from forescale.face.one_run import SourcesOfRun
from forescale.laws import RunLaws
from forescale.learners import CellLearner
from forescale.planning import Questions, make_plan
from forescale.prediction import Predictor, make_model
from forescale.study import Design, RunFolder, Study, load_data, run_replicates
from forescale.workflow import _check_learner, run_study

ALKANES = ["C" * k for k in range(1, 41)]
BRANCHED = ["C" * k + "(C)C" for k in range(1, 31)]
SMALL = {
    "name": "gp", "lengths": [1.0, 4.0], "noises": [0.003, 0.1], "linear": [0.0],
    "scales": "shared",
}  # fmt: skip


def _table(smiles, slope, noise, seed):
    rng = np.random.default_rng(seed)
    size = np.array([text.count("C") for text in smiles], dtype=float)
    value = slope * 100 * np.log1p(size) + noise * rng.standard_normal(len(size))
    return pd.DataFrame({"smiles": smiles, "t": value})


@pytest.fixture(scope="module", name="study")
def _study():
    materials = ALKANES + BRANCHED
    study = Study.of(
        computed={
            "careful": _table(materials[:60], 1.0, 2.0, 1),
            "cheap": _table(materials[20:], 0.8, 30.0, 2),
        },
        measured=_table(materials[::2], 1.1, 3.0, 3), kind="molecule", material="smiles",
        value="t", unit="K", replicates=4, learner=SMALL, descriptor="rdkit2d",
        grid={"n_source": [10, 20, 40, 60], "n_target": [5, 10], "all_measured": False},
        evaluation={"metrics": ["rmse"]},
    )  # fmt: skip
    careful, cheap = study.source
    sizes = (8, 14, 24, 35)
    sources = (
        careful.model_copy(update={"cost": 10.0, "n_source": sizes}),
        cheap.model_copy(update={"cost": 1.0, "n_source": sizes}),
    )
    return study.model_copy(update={"source": sources})


@pytest.fixture(scope="module", name="finished")
def _finished(study, tmp_path_factory):
    path = tmp_path_factory.mktemp("several") / "run"
    return run_study(study, path, show_progress=False, model=False)


def test_each_source_has_its_own_cells_apart_from_all(finished):
    own, whole = finished.folder.source_errors(), finished.folder.errors()
    assert set(own["source"]) == {"careful", "cheap"}
    assert sorted(own["n_source"].unique()) == [8, 14, 24, 35]
    assert "source" not in whole
    assert sorted(whole["n_source"].unique()) == [0, 10, 20, 40, 60]


def test_laws_and_plan_tell_which_to_grow(finished):
    laws = RunLaws.of(finished.folder)
    assert [one.name for one in laws.sources] == ["careful", "cheap"]
    (rmse,) = make_plan(laws, Questions()).sources
    assert rmse.spend == 35.0  # doubling the cheap one costs less
    assert [one.values for one in rmse.growths] == [3.5, 35.0]
    assert sum(one.probability_best for one in rmse.ways) == pytest.approx(1.0)
    told = json.loads((finished.folder.path / "plan.json").read_text())
    assert [one["source"] for one in told["sources"][0]["sources"]] == ["careful", "cheap"]
    assert "Which source to grow" in (finished.folder.path / "report.html").read_text()
    kept = json.loads((finished.folder.path / "source-laws.json").read_text())
    assert {law["source"] for law in kept["source_laws"]} == {"careful", "cheap"}
    assert set(kept["source_worth"][0]["worth"]) == {"careful", "cheap"}
    assert {law["source"] for law in finished.to_json()["source_laws"]} == {"careful", "cheap"}


def _replicates(study, path):
    """The replicates of a study alone, without laws and page."""
    data = load_data(study, show_progress=False)
    design = Design.of(study, data, RunFolder(path).grid_of(study))
    folder = RunFolder.open(path, study, data, design)
    run_replicates(study, data, folder, design=design, show_progress=False)
    return folder


def test_a_source_gets_further_sizes_and_keeps_what_is_there(study, tmp_path):
    careful, cheap = study.source
    few = study.model_copy(update={"replicates": 1})
    before = _replicates(few, tmp_path / "run").source_errors()
    more = careful.model_copy(update={"n_source": (8, 14, 24, 30, 35)})
    grown = few.model_copy(update={"source": (more, cheap)})
    after = _replicates(grown, tmp_path / "run").source_errors()
    assert len(after) > len(before)
    same = after.merge(before, on=list(before.columns))
    assert len(same) == len(before)
    assert set(after[after["source"] == "careful"]["n_source"]) == {8, 14, 24, 30, 35}


def test_merged_is_one_table_without_curves_of_its_own(study, tmp_path):
    bare = tuple(one.model_copy(update={"n_source": None}) for one in study.source)
    merged = study.model_copy(update={"merge": True, "source": bare, "replicates": 1})
    folder = _replicates(merged, tmp_path / "run")
    assert folder.source_errors().empty
    assert not folder.manifest.tables.sources
    assert folder.manifest.tables.source.materials == 69  # of 60 and 49, 40 in both


def test_a_learner_of_one_source_says_what_to_do(study):
    class One(CellLearner):
        name = "one"

        def pretrain(self, features, values, seed):
            raise NotImplementedError

        fine_tune = pretrain

    with pytest.raises(ConfigError, match="merge = true"):
        _check_learner(study, One())


def test_sources_need_names_of_their_own():
    raw = {"dataset": "polymer-density-md"}
    with pytest.raises(ValueError, match="names of their own"):
        Study.model_validate({"name": "s", "source": [raw, raw], "target": raw})


def test_the_predictor_of_several_sources_is_kept(study, tmp_path):
    few = study.model_copy(update={"replicates": 1})
    folder = _replicates(few, tmp_path / "run")
    data = load_data(few, show_progress=False)
    make_model(few, data, folder, show_progress=False)
    found = Predictor.load(folder.path).predict(["CCCCC(C)C", "CCO"])
    assert len(found) == 2


def test_one_run_is_compared_source_by_source(finished):
    from typer.testing import CliRunner

    from forescale.cli.main import app

    done = CliRunner().invoke(app, ["compare", str(finished.folder.path), "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["costs"] == {"careful": 10.0, "cheap": 1.0}
    spends = [plan["spend"] for plan in answer["sources"]]
    assert spends == [35.0, 105.0, 350.0]
    careful, cheap = answer["sources"][1]["sources"]
    assert (careful["values"], cheap["values"]) == (10.5, 105.0)
    assert answer["sources"][0]["worth"]["worth"].keys() == {"careful", "cheap"}
    refused = CliRunner().invoke(app, ["compare", str(finished.folder.path), "--page", "p.html"])
    assert isinstance(refused.exception, ConfigError)
    other = SourcesOfRun.of(finished.folder.path, metric="rmse", costs=[1.0, 1.0], budgets=[50.0])
    assert [one.values for one in other.plans[0].growths] == [50.0, 50.0]
