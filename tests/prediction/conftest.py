"""A small study's model, made once."""

import numpy as np
import pandas as pd
import pytest

from forescale.descriptors import Column, DescribedBlock, Features
from forescale.prediction import Predictor, make_model
from forescale.study import RunFolder, Study, StudyData, load_data, load_study, run_replicates
from forescale.tables import PropertyTable


@pytest.fixture(scope="session")
def run_with_model(write_study, tmp_path_factory):
    """Folder of a finished small study that keeps its model."""
    study_file = write_study(tmp_path_factory.mktemp("model"), replicates=2)
    study = load_study(study_file)
    data = load_data(study, show_progress=False)
    run = RunFolder.open(study_file.parent / "run", study, data)
    run_replicates(study, data, run, show_progress=False)
    make_model(study, data, run, show_progress=False)
    return run.path


@pytest.fixture(scope="session")
def predictor(run_with_model):
    return Predictor.load(run_with_model)


def _table(keys, values, kind):
    frame = pd.DataFrame(
        {"key": keys, "material": keys, "value": values, "repeats": 1, "scatter": np.nan}
    )
    return PropertyTable(frame, "made up", "", kind, "molecule")


@pytest.fixture
def numeric():
    """A study of made-up features: ``numeric(noise)`` with noise a function of the features.

    Gives the study, its data (150 computed, 200 measured), and features and values of 1,500
    new materials.
    """

    def numeric(noise, seed=0, split="random", overlap="exclude"):
        rng = np.random.default_rng(seed)
        sizes = np.cumsum([150, 200, 1500])
        x = rng.standard_normal((sizes[-1], 3)).astype(np.float32)
        truth = 10 + 3 * np.tanh(x[:, 0] + 0.5 * x[:, 1])
        value = np.where(
            np.arange(len(x)) < sizes[0],
            truth,
            1.2 * truth - 1 + noise(x) * rng.standard_normal(len(x)),
        )
        keys = np.array([f"m{row}" for row in range(sizes[1])], dtype=object)
        features = Features(x[: sizes[1]], tuple(Column(f"x{i}", source="made up") for i in "012"))
        data = StudyData(
            source=_table(keys[: sizes[0]], value[: sizes[0]], "computed"),
            target=_table(keys[sizes[0] :], value[sizes[0] : sizes[1]], "measured"),
            blocks=(DescribedBlock("material", "made-up 1", features, np.arange(sizes[1])),),
            groups=np.arange(200) // 8 if split != "random" else np.arange(200),
        )
        study = Study.model_validate(
            {
                "name": "numeric",
                "source": [{"dataset": "none"}],
                "target": {"dataset": "none"},
                "learner": {"name": "gp", "lengths": [1.0, 4.0], "noises": [0.02, 0.3]},
                "evaluation": {"split": split, "overlap": overlap},
            }
        )
        return study, data, x[sizes[1] :], value[sizes[1] :]

    return numeric
