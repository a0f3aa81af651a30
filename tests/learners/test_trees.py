"""Trees as arrays give what LightGBM gives, and are refused where they are none."""

import lightgbm
import numpy as np
import pytest

from forescale.learners.boosted.trees import Trees

RNG = np.random.default_rng(0)
X = RNG.standard_normal((400, 6)).astype(np.float32)
X[:, 4] = RNG.poisson(1.0, 400)
X[:, 5] = 0.0
Y = np.sin(3 * X[:, 0]) + X[:, 1] * X[:, 4]


@pytest.fixture(scope="module", name="booster")
def _booster():
    data = lightgbm.Dataset(X, Y, params={"verbosity": -1})
    return lightgbm.train({"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 3}, data, 40)


def test_walking_equals_lightgbm(booster):
    trees = Trees.read(booster.dump_model())
    new = np.concatenate([X, RNG.standard_normal((300, 6)).astype(np.float32) * 3, X * 0])
    np.testing.assert_allclose(trees.predict(new), booster.predict(new), rtol=0, atol=1e-12)


def test_values_on_a_threshold_go_the_same_way(booster):
    trees = Trees.read(booster.dump_model())
    inner = trees.feature >= 0
    edge = np.zeros((inner.sum(), 6))
    edge[np.arange(len(edge)), trees.feature[inner]] = trees.threshold[inner]
    np.testing.assert_allclose(trees.predict(edge), booster.predict(edge), rtol=0, atol=1e-12)


def test_a_sum_of_models_is_weighed():
    one = Trees.read(lightgbm.train({"verbosity": -1}, lightgbm.Dataset(X, Y), 3).dump_model())
    twice = Trees.joined([one, one], 0.5)
    np.testing.assert_allclose(twice.predict(X), one.predict(X), rtol=0, atol=1e-12)
    assert Trees.joined([]).predict(X).tolist() == [0.0] * len(X)


@pytest.mark.parametrize(("name", "at", "value"), [("left", 0, 0), ("right", 0, 10**6)])
def test_arrays_that_are_no_trees_are_refused(booster, name, at, value):
    kept = Trees.read(booster.dump_model()).state()
    kept[name] = kept[name].copy()
    kept[name][at] = value
    with pytest.raises(ValueError, match="no trees"):
        Trees.restore(kept)


def test_threads_of_the_machine_change_nothing():
    """One thread whatever there are, so that workers beside each other give the same."""
    from threadpoolctl import threadpool_limits

    from forescale.learners.boosted.options import TreeOptions
    from forescale.learners.boosted.stage import Fit

    found = []
    for threads in (1, 4):
        with threadpool_limits(threads):
            fit = Fit.of(X, Y, np.arange(400), TreeOptions(trees=10), seed=1)
            found.append(fit.predict(X))
            walked = fit.centre + fit.trees().predict(X)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(walked, found[1], rtol=0, atol=1e-12)
