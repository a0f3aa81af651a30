"""Folders of release 0.1.0 load and resume, and their studies still give their numbers."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forescale.errors import RunFolderError
from forescale.study import (
    Design,
    RunFolder,
    as_begun,
    load_data,
    load_study,
    run_replicates,
)
from forescale.study.sections import LearnerSpec
from forescale.workflow import run_study

FROZEN = Path(__file__).parent / "frozen"
KINDS = ["composition", "molecule", "pair", "polymer"]
CELL = ["replicate", "n_source", "n_target", "metric", "half_capacity"]


@pytest.fixture(scope="session", params=KINDS)
def old(request, tmp_path_factory):
    """A frozen study, in a folder that may be written, with its data and design."""
    folder = tmp_path_factory.mktemp("golden") / request.param
    shutil.copytree(FROZEN / request.param, folder)
    study = as_begun(load_study(folder / "study.toml"), folder / "run")
    data = load_data(study, show_progress=False)
    return folder, study, data, Design.of(study, data)


def parts(folder):
    frame = pd.concat(map(pd.read_parquet, sorted((folder / "errors").glob("*.parquet"))))
    return frame.sort_values(CELL, ignore_index=True)


def test_an_old_folder_is_read(old):
    folder, study, *_ = old
    run = RunFolder(folder / "run")
    manifest = run.manifest
    assert (manifest.name, manifest.seed, manifest.design) == (study.name, study.seed, None)
    assert manifest.study.evaluation == study.evaluation
    assert run.done() == ({0, 1, 2}, [])
    whole = parts(folder / "run")
    value = run.errors().set_index(CELL[:-1])["value"]
    kept = whole[~whole["half_capacity"]].set_index(CELL[:-1])["value"]
    pd.testing.assert_series_equal(value.sort_index(), kept.sort_index())


def test_an_old_folder_is_resumed(old):
    folder, study, data, design = old
    path = folder / "run" / "manifest.json"
    before = json.loads(path.read_text())
    described = "; ".join(dict.fromkeys(block.version for block in data.blocks))
    if before["descriptor"] != described:  # another RDKit: other features, rightly refused
        with pytest.raises(RunFolderError, match="descriptor: the folder has"):
            RunFolder.open(folder / "run", study, data, design)
        path.write_text(json.dumps({**before, "descriptor": described}))
        before = json.loads(path.read_text())
    run = RunFolder.open(folder / "run", study, data, design)
    assert run.done() == ({0, 1, 2}, [])
    assert run.manifest.design is not None
    after = json.loads((folder / "run" / "manifest.json").read_text())
    assert before["data"].items() <= after["data"].items()
    for key in ("descriptor", "metric_unit", "noise_floor", "overlap_materials"):
        assert after[key] == before[key]


def test_whoever_resumes_is_told_that_numbers_changed(tmp_path, capfd):
    shutil.copytree(FROZEN / "polymer", tmp_path / "polymer")
    study = load_study(tmp_path / "polymer" / "study.toml")
    with suppress(RunFolderError):  # another RDKit: refused, after it was told
        run_study(study, tmp_path / "polymer" / "run", model=False, show_progress=False)
    assert "begun by forescale 0.1.0: learners give other numbers since" in capfd.readouterr().err


def test_the_same_numbers_come_out(old):
    """By the method of that release, which options of the learner ask for."""
    folder, study, data, design = old
    before = {"scales": "shared", "leave_out": False, "cumulative": [0.0], "linear": [0.0]}
    before |= {"averaged": False, "bends": False, "held_out": False}
    learner = LearnerSpec(name="gp", **study.learner.options, **before)
    study = study.model_copy(update={"learner": learner})
    run = RunFolder.open(folder / "again", study, data, design)
    run_replicates(study, data, run, design=design, show_progress=False)
    again, before = parts(folder / "again"), parts(folder / "run")
    both = before.merge(again, on=CELL, suffixes=("", "_again"), how="left", validate="1:1")
    np.testing.assert_allclose(both["value_again"], both["value"], rtol=1e-6)
