"""Measured values that bend against computed ones."""

import numpy as np
import pytest

from forescale.learners import Grid, TransferData, get_learner
from forescale.learners.gp.form import Form
from forescale.splits import Split


def test_basis_is_a_line_that_may_change_its_slope_at_two_places():
    z = np.array([[-2.0, 1.0], [0.0, 0.0], [1.0, 3.0]])
    np.testing.assert_array_equal(Form(()).basis(z), np.ones((3, 1)))
    np.testing.assert_array_equal(Form((1,)).basis(z), np.column_stack([np.ones(3), z[:, 1]]))
    bent = Form((0, 1), bent=True).basis(z)
    np.testing.assert_array_equal(bent[:, :3], np.column_stack([np.ones(3), z]))
    np.testing.assert_array_equal(bent[:, 3:], [[0.0, 0.0], [0.5, 0.0], [2.5, 1.5]])


def test_priors_are_those_of_the_columns_and_of_no_bend():
    scale = np.array([[2.0, 4.0], [3.0, 5.0]])
    prior = Form((0, 1), bent=True).prior(scale, (True, False), 5.0)
    np.testing.assert_array_equal(prior.mean, [[0, 1.0, 0, 0, 0], [0, 1.5, 0, 0, 0]])
    np.testing.assert_array_equal(prior.precision, [0, 5, 1, 1, 1])
    assert Form(()).prior(scale, (True, False), 5.0).mean.shape == (1, 1)


def bending(bend, seed=0):
    """Computed values follow the descriptors; measured ones are half as steep above zero."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((700, 8)).astype(np.float32)
    computed = x @ np.linspace(1.0, 0.3, 8)
    measured = np.where(computed > 0, (1.0 - bend) * computed, computed)
    measured = measured + 0.05 * rng.standard_normal(700)
    data = TransferData.of_rows(
        x[:400], x[400:], np.zeros(8, bool), computed[:400], measured[400:], np.arange(400)
    )
    return data, Split(np.arange(400), np.arange(60), np.arange(60, 300))


@pytest.mark.parametrize(("bend", "gain"), [(0.8, 0.9), (0.0, 1.02)])
def test_a_bend_is_learnt_where_there_is_one_and_does_no_harm_elsewhere(tmp_path, bend, gain):
    data, split = bending(bend)
    errors = {}
    for bends in (True, False):
        learner = get_learner("gp", {"bends": bends, "noises": [0.003, 0.1]})
        folder = tmp_path / str(bends)
        folder.mkdir()
        prepared = learner.prepare(data, folder)
        found = prepared.predict(split, Grid(np.array([400]), np.array([60])), 0).mean[1, 1]
        model = prepared.train(split.source, split.train, 0)
        restored = learner.restore(model.state())
        for one in (model, restored):
            told = one.predict(data.target_blocks(split.test)).mean
            np.testing.assert_allclose(told, found, rtol=1e-4, atol=1e-3)
        errors[bends] = np.sqrt(np.mean((found - data.target_values[split.test]) ** 2))
    assert errors[True] < gain * errors[False]
