"""Values at a floor are learnt as lower ones, and no prediction lies below the floor."""

import numpy as np
import pytest

from forescale.errors import ConfigError
from forescale.learners import GridPrediction
from forescale.study import RunFolder, load_data, load_study, run_replicates
from forescale.study.censoring import Censoring

FLOOR = "\n[censoring]\nfloor = 60.0\nlearn_as = -20.0\n"


def test_values_above_the_floor_stay_and_predictions_are_raised_to_it():
    gap = Censoring(floor=0.0, learn_as=-1.0)
    assert gap.learnt(np.array([0.0, -0.1, 0.2, 5.0])).tolist() == [-1.0, -1.0, 0.2, 5.0]
    assert gap.raised(np.array([-3.0, 0.2])).tolist() == [0.0, 0.2]
    found = GridPrediction(np.array([[[np.nan], [-2.0]]]), half_capacity=np.array([[-0.5]]))
    judged = gap.judged(found)
    assert np.isnan(judged.mean[0, 0, 0])
    assert judged.mean[0, 1, 0] == 0.0
    assert judged.half_capacity.tolist() == [[0.0]]


def test_a_study_learns_both_sides_so_and_is_judged_on_what_was_measured(study_file, tmp_path):
    study_file.write_text(study_file.read_text() + FLOOR)
    study = load_study(study_file)
    data = load_data(study, show_progress=False)
    low = data.target.values <= 60.0
    assert 10 < low.sum() < 90
    np.testing.assert_array_equal(data.arrays().target_values[low], -20.0)
    np.testing.assert_array_equal(data.arrays().target_values[~low], data.target.values[~low])
    assert (data.arrays().source_values[data.source.values <= 60.0] == -20.0).all()
    folder = RunFolder.open(tmp_path / "run", study, data)
    run_replicates(study, data, folder, show_progress=False)
    predictions = folder.predictions()
    assert predictions[["predicted", "scratch", "zero_shot"]].min().min() >= 60.0
    assert predictions["measured"].min() < 60.0, "the truth stays as measured"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("floor = 0.0\nlearn_as = 0.0", "below the floor, 0"),
        ("floor = 0.0", r"censoring.learn_as: is required"),
        ("floor = 0.0\nlearn_as = -1.0\nceiling = 2", r"expected one of floor, learn_as"),
    ],
)
def test_a_wrong_floor_is_refused(study_file, lines, message):
    study_file.write_text(study_file.read_text() + f"\n[censoring]\n{lines}\n")
    with pytest.raises(ConfigError, match=message):
        load_study(study_file)
