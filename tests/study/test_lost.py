"""A learner that fails loses a cell or a replicate, not the study; the report says so."""

import json

import numpy as np
import pytest
from bare_runs import run_without_laws

from forescale.errors import ForescaleError
from forescale.study import RunFolder, load_study
from forescale.workflow import run_study

MODULE = """
import os
import numpy as np
from forescale.learners import GridPrediction

class Learner:
    name = "failing"
    def __init__(self, how): self.how = how
    def prepare(self, data, folder):
        if self.how == "prepare":
            raise OSError("no room")
        return Prepared(self.how, data.target_values, data.source_values)

class Prepared:
    def __init__(self, how, values, source):
        self.how, self.values, self.source = how, values, source

    def predict(self, split, grid, seed):
        here = int(split.test.sum()) % 2
        if self.how == "every" or (self.how == "some" and here and not os.environ.get("MENDED")):
            raise IndexError("list index out of range")
        shape = (1 + len(grid.n_source), 1 + len(grid.n_target), len(split.test))
        n = np.concatenate([[10], grid.n_source])[:, None, None]
        m = np.concatenate([[2], grid.n_target])[None, :, None]
        noise = np.random.default_rng(seed).normal(size=shape)
        mean = self.values[split.test] + noise * (0.2 + n ** -0.5 + m ** -0.5)
        mean[0, 0] = np.nan
        lost = {}
        if self.how == "cells":
            mean[2, 1] = np.nan
            lost[int(grid.n_source[1]), int(grid.n_target[0])] = "MemoryError: <no> room"
            mean[-1, -1] = np.nan
        if self.how == "shape":
            mean = mean[:-1]
        return GridPrediction(mean, lost=lost)

class Together(Learner):
    def prepare(self, data, folder):
        return PreparedTogether(self.how, data.target_values, data.source_values)

class PreparedTogether(Prepared):
    def predict_many(self, splits, grid, seeds):
        order = list(range(len(splits)))[::-1]
        for place in order:
            if self.how == "stops" and place == 1:
                raise RuntimeError("out of memory")
            yield place, self.predict(splits[place], grid, seeds[place])
"""


@pytest.fixture
def study(edited, tmp_path, monkeypatch):
    """The small study with a learner that fails in some way."""
    (tmp_path / "failing_learner.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)

    def study(how, name="Learner"):
        return edited({"learner": {"name": f"failing_learner:{name}", "how": how}})

    return study


def run(study, out, **options):
    return run_study(study, out, show_progress=False, **options)


def test_a_lost_cell_is_told_everywhere(study, tmp_path):
    finished = run(study("cells"), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    lost = folder.lost_cells()
    assert len(lost) == 2 * 4
    n, m = sorted(set(folder.errors()["n_source"]))[2], 5
    reasons = dict(zip(zip(lost["n_source"], lost["n_target"], strict=True), lost["reason"],
                       strict=True))  # fmt: skip
    assert reasons.pop((n, m)) == "MemoryError: <no> room"
    assert set(reasons.values()) == {"some predictions are not finite"}
    summary = finished.summary.set_index(["n_source", "n_target", "metric"])
    assert summary.loc[(n, m, "rmse"), "replicates"] == 0
    assert np.isnan(summary.loc[(n, m, "rmse"), "mean"])
    flags = {law.n_target: law.flags for law in finished.laws.laws if law.metric == "rmse"}
    assert {m for m, words in flags.items() if "cells_lost" in words} == {5, 80}
    assert all(n not in law.curve.n for law in finished.laws.laws if law.n_target == 5)
    json.dumps(finished.to_json(), allow_nan=False)
    page = (tmp_path / "run" / "report.html").read_text()
    assert "What the learner failed in" in page
    assert "MemoryError: &lt;no&gt; room" in page
    assert "8 of 116 cells" in page


def test_a_lost_replicate_is_noted_and_tried_again(study, tmp_path, monkeypatch, capsys):
    finished = run(study("some"), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    lost = folder.lost_replicates()
    assert 1 <= len(lost) <= 3
    assert set(lost) | folder.done()[0] == set(range(4))
    assert all(why.startswith("IndexError: list index out of range (") for why in lost.values())
    assert "Traceback" in json.loads((folder.path / "lost.json").read_text())[
        str(min(lost))]["details"]  # fmt: skip
    assert "is lost: IndexError" in capsys.readouterr().err
    assert finished.laws
    assert f"{len(lost)} of 4 replicates" in (folder.path / "report.html").read_text()
    monkeypatch.setenv("MENDED", "1")
    trusted = {"failing_learner:Learner"}  # a study in a run folder counts as received
    run(load_study(folder.path / "study.toml", trust=trusted), tmp_path / "run")
    assert folder.lost_replicates() == {}
    assert folder.done()[0] == set(range(4))
    assert "What the learner failed in" not in (folder.path / "report.html").read_text()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_study_whose_every_replicate_is_lost_fails(study, tmp_path, workers):
    with pytest.raises(ForescaleError, match=r"failed in every replicate.*IndexError") as caught:
        run_without_laws(study("every"), tmp_path / "run", workers=workers)
    assert caught.value.exit_code == 1
    assert len(RunFolder(tmp_path / "run").lost_replicates()) == 4


def test_a_learner_that_cannot_start_says_so(study, tmp_path):
    with pytest.raises(ForescaleError, match=r"before the first replicate: OSError: no room"):
        run_without_laws(study("prepare"), tmp_path / "run")


def test_predictions_of_another_shape_are_refused(study, tmp_path):
    with pytest.raises(ForescaleError, match=r"shape \(5, 5, 20\), expected \(6, 5, 20\)"):
        run_without_laws(study("shape"), tmp_path / "run")


def test_replicates_taken_together_are_the_same_as_one_by_one(study, tmp_path):
    run_without_laws(study("none"), tmp_path / "one")
    text = (tmp_path / "one" / "study.toml").read_text()
    (tmp_path / "study.toml").write_text(text.replace(":Learner", ":Together"))
    run_without_laws(load_study(tmp_path / "study.toml"), tmp_path / "together")
    one, other = (RunFolder(tmp_path / name).errors() for name in ("one", "together"))
    assert one.equals(other)


def test_what_came_before_a_common_failure_is_kept(study, tmp_path):
    run_without_laws(study("stops", "Together"), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    assert folder.done()[0] == {2, 3}
    assert set(folder.lost_replicates()) == {0, 1}
