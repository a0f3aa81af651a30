"""A model is calibrated by the study's own test predictions where they are folds."""

import numpy as np
import pytest

from forescale.prediction import make_model
from forescale.prediction.own_folds import own_folds
from forescale.study import Design, RunFolder, load_data, load_study, run_replicates


@pytest.fixture(scope="module", name="whole")
def _whole(write_study, tmp_path_factory):
    """A study of one whole block of balanced replicates, with all measured values in the grid."""
    study_file = write_study(tmp_path_factory.mktemp("own"), replicates=5)
    study = load_study(study_file)
    grid = study.grid.model_copy(update={"all_measured": True})
    study = study.model_copy(update={"grid": grid})
    data = load_data(study, show_progress=False)
    run = RunFolder.open(study_file.parent / "run", study, data)
    run_replicates(study, data, run, show_progress=False)
    return study, data, run


def test_each_measured_material_is_held_out_once(whole):
    study, data, run = whole
    found = own_folds(study, data, run, Design.of(study, data))
    assert found is not None
    assert sorted(found["row"]) == list(range(len(data.target)))
    np.testing.assert_allclose(found["measured"], data.target.values[found["row"]])


def test_a_model_is_calibrated_by_them(whole):
    study, data, run = whole
    own = own_folds(study, data, run, Design.of(study, data))
    calibration = make_model(study, data, run, show_progress=False).manifest().calibrations
    found = calibration[study.evaluation.overlap.value]
    miss = (own["predicted"] - own["measured"]).to_numpy()
    assert found.rmse == pytest.approx(np.sqrt(np.mean(miss**2)))
    assert (found.rows, found.folds) == (len(data.target), 5)


def test_no_whole_block_no_own_folds(whole):
    study, data, run = whole
    few = study.model_copy(update={"replicates": 4})
    assert own_folds(few, data, run, Design.of(few, data)) is None
    little = study.grid.model_copy(update={"all_measured": False})
    small = study.model_copy(update={"grid": little})
    assert own_folds(small, data, run, Design.of(small, data)) is None
