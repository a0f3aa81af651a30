"""The nearest materials learnt from, with the values that they were learnt from."""

import shutil

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ModelError
from forescale.prediction import Nearest
from forescale.prediction.domain import Domain
from forescale.study import load_data, load_study


@pytest.fixture(scope="module")
def nearest(run_with_model):
    return Nearest.load(run_with_model)


@pytest.fixture(scope="module")
def data(run_with_model):
    return load_data(load_study(run_with_model.parent / "study.toml"), show_progress=False)


def test_the_nearest_of_a_material_learnt_from_is_another(nearest, predictor, data):
    key = data.target.keys[0]
    found = nearest.find(predictor, [key], 3)
    assert len(found) == 3
    assert key not in set(found["nearest"])
    assert found["distance"].is_monotonic_increasing
    new, _ = predictor.predict_keys([key])
    assert new["distance"].iloc[0] == pytest.approx(0, abs=1e-6)


def test_the_nearest_is_as_far_as_the_distance_told(nearest, predictor):
    key = "CCCCCCCCCCCCCCCCCCCCCO"
    assert key not in predictor.known
    told, _ = predictor.predict_keys([key])
    found = nearest.find(predictor, [key], 1)
    assert found["distance"].iloc[0] == pytest.approx(told["distance"].iloc[0], rel=1e-5)


def test_values_are_those_of_the_tables(nearest, data):
    table = nearest.table.set_index("key")
    for side, column in ((data.source, "computed_value"), (data.target, "measured_value")):
        values = pd.Series(side.values, index=side.keys)
        shared = table.index.intersection(values.index)
        assert len(shared) > 10
        np.testing.assert_allclose(table.loc[shared, column], values[shared])
    only = table.index.difference(data.source.keys)
    assert table.loc[only, "computed_value"].isna().all()


def test_a_model_without_values_has_no_neighbours(run_with_model, tmp_path):
    shutil.copytree(run_with_model / "model", tmp_path / "model")
    path = tmp_path / "model" / "known.parquet"
    pd.read_parquet(path)[["key", "computed", "measured"]].to_parquet(path)
    assert Nearest.load(tmp_path) is None


def test_sides_that_are_not_there_are_refused(run_with_model, predictor, tmp_path):
    shutil.copytree(run_with_model / "model", tmp_path / "model")
    path = tmp_path / "model" / "known.parquet"
    table = pd.read_parquet(path)
    table.assign(side_0=np.int32(10**6)).to_parquet(path)
    with pytest.raises(ModelError, match="anchors that are not there"):
        Nearest.load(tmp_path).find(predictor, ["CCO"])
    table.assign(side_0=0.5).to_parquet(path)
    with pytest.raises(ModelError, match="places of sides"):
        Nearest.load(tmp_path)


def test_a_spacing_below_zero_by_rounding_is_zero(predictor):
    state = predictor.domain.state()
    state["spacing"] = np.concatenate([[-1.6e-17], state["spacing"][1:]])
    assert Domain.restore(state, 1).spacing[0] == 0
    state["spacing"] = np.concatenate([[-0.1], state["spacing"][1:]])
    with pytest.raises(ValueError, match="none below zero"):
        Domain.restore(state, 1)
