"""Further computed properties, learnt beside the study's."""

import numpy as np
import pytest

from forescale.errors import ConfigError
from forescale.study import load_data
from forescale.workflow import run_study

COMPUTED = {
    "file": "computed.csv",
    "kind": "molecule",
    "material": "smiles",
    "value": "tb",
    "unit": "K",
}
TASK = COMPUTED | {"file": "task.csv", "value": "cp", "unit": "J/mol/K", "task": "heat capacity"}


@pytest.fixture
def study(edited, tmp_path):
    """The small study with heat capacities of some of its molecules, and of another."""
    (tmp_path / "study" / "task.csv").write_text("smiles,cp\nCCO,110\nCCCO,144\nc1ccccc1,136\n")
    return edited({"source": [COMPUTED, TASK]})


def test_a_task_is_aligned_with_the_source_in_a_unit_of_its_own(study):
    data = load_data(study, show_progress=False)
    tasks = dict(zip(data.source.keys, data.arrays().source_tasks[:, 0], strict=True))
    known = {key: value for key, value in tasks.items() if np.isfinite(value)}
    assert known == {"CCO": 110.0, "CCCO": 144.0}
    assert "c1ccccc1" not in tasks, "it has no value of the study's property"
    assert set(data.digest()) == {"keys", "source", "target", "tasks"}


def test_a_learner_of_one_property_refuses_it(study, tmp_path):
    with pytest.raises(ConfigError, match=r"source\.task: got heat capacity, but the learner gp"):
        run_study(study, tmp_path / "run", show_progress=False)
    assert not (tmp_path / "run").exists()


def test_a_task_without_common_material_is_refused(study, tmp_path):
    (tmp_path / "study" / "task.csv").write_text("smiles,cp\nc1ccccc1,136\n")
    with pytest.raises(ConfigError, match="'heat capacity' has no value for any of the"):
        load_data(study, show_progress=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source.0.task": "tb"}, "at least one source without task"),
        ({"target.task": "tb"}, r"target\.task"),
    ],
)
def test_what_is_predicted_is_no_task(edited, change, message):
    with pytest.raises(ConfigError, match=message):
        edited(change)
