"""The Gaussian process handed over: pairs of materials, and races among many measured rows."""

from dataclasses import replace

import numpy as np
import pytest

from forescale.learners import Block, Grid, NewBlock, TransferData, get_learner
from forescale.learners.testing import LearnerSuite, transfer_data
from forescale.splits import Split

OPTIONS = {"lengths": [0.5, 2.0], "noises": [0.003, 0.1]}


def pairs(computed=120, measured=60, seed=3):
    """Values that are a product of a solute's and a solvent's number, each drawn from few."""
    rng = np.random.default_rng(seed)
    sides = [rng.standard_normal((40, 3)), rng.standard_normal((9, 2))]
    rows = computed + measured
    drawn = [rng.integers(0, len(side), rows) for side in sides]
    first, second = (side[rows] for side, rows in zip(sides, drawn, strict=True))
    truth = 3 * np.tanh(first[:, 0] * second[:, 0]) + first[:, 1] + second[:, 1]
    blocks = tuple(
        Block(
            side.astype(np.float32),
            np.zeros(side.shape[1], bool),
            index[:computed],
            index[computed:],
        )
        for side, index in zip(sides, drawn, strict=True)
    )
    measured_values = 0.9 * truth[computed:] + 0.05 * rng.standard_normal(measured)
    return TransferData(blocks, truth[:computed], measured_values, np.arange(computed))


class TestPairs(LearnerSuite):
    """The whole contract again where materials have two sides."""

    @pytest.fixture
    def learner(self):
        return get_learner("gp", OPTIONS)

    @pytest.fixture
    def data(self):
        return pairs()

    test_materials_that_do_not_differ_are_no_trouble = None  # is about one block


def test_sides_may_be_numbered_anew(tmp_path):
    data = pairs()
    rows = np.arange(60)
    model = get_learner("gp", OPTIONS).prepare(data, tmp_path).train(np.arange(120), rows, 0)
    expected = model.predict(data.target_blocks(rows[:7])).mean
    repeated = [
        NewBlock(block.values[block.target[:7]], np.arange(7)) for block in data.blocks
    ]  # each material with a row of its own, as a table of candidates may come
    np.testing.assert_allclose(model.predict(repeated).mean, expected, rtol=1e-9)


@pytest.fixture
def many():
    """Seven hundred measured values: more than the first heat of the race."""
    few, rng = transfer_data(), np.random.default_rng(5)
    features = rng.standard_normal((700, 6)).astype(np.float32)
    values = 300 + 20 * np.tanh(features[:, 0] - 0.5 * features[:, 1]) + rng.standard_normal(700)
    return TransferData.of_rows(
        few.source_features, features, np.zeros(6, bool), few.source_values, values, np.arange(120)
    )


def test_a_race_among_many_measured_rows_keeps_the_contract(many, tmp_path):
    prepared = get_learner("gp", OPTIONS).prepare(many, tmp_path)
    split = Split(np.arange(120), np.arange(650), np.arange(650, 700))
    grid = Grid(np.array([50, 120]), np.array([100, 300, 500, 650]))
    result = prepared.predict(split, grid, 0)
    assert np.isfinite(result.mean[:, 1:]).all()
    error = np.sqrt(np.mean((result.mean - many.target_values[650:]) ** 2, axis=-1))
    assert error[-1, -1] < error[-1, 1]
    model = prepared.train(split.source, split.train, 0)
    got = model.predict(many.target_blocks(split.test))
    np.testing.assert_allclose(got.mean, result.mean[-1, -1], rtol=1e-9)
    np.testing.assert_allclose(got.std, result.std, rtol=1e-8)
    changed = many.target_values.copy()
    changed[300:650] = 0.0
    other = get_learner("gp", OPTIONS).prepare(replace(many, target_values=changed), tmp_path)
    again = other.predict(split, grid, 0)
    np.testing.assert_array_equal(again.mean[:, 1:3], result.mean[:, 1:3])
    assert not np.allclose(again.mean[:, 3], result.mean[:, 3])


def test_a_model_of_the_first_release_is_read(tmp_path):
    """It had one source, a model without and one with it, and a weight of the latter."""
    options = {**OPTIONS, "linear": [0.0], "lengths": [1.0], "noises": [0.1], "bends": False}
    data, learner = transfer_data(), get_learner("gp", options)
    model = learner.prepare(data, tmp_path).train(np.arange(120), np.arange(30), 0)
    state = model.state()
    names = {"sources_0": "source", "targets_0": "scratch", "targets_1": "transfer"}
    arrays = {}
    for key, value in state.arrays.items():
        head, _, rest = key.partition(".")
        if rest != "slopes":
            arrays[f"{names.get(head, head)}.{rest}"] = value
    given = state.settings
    own = {"source": given["sources"][0]}
    own |= {"scratch": given["targets"][0], "transfer": given["targets"][1]}
    old = {
        **{key: given[key] for key in ("kernel", "location", "scale", "blocks")},
        "transfer_weight": given["targets"][1]["weight"],
        **{
            name: {key: part[key] for key in ("lengths", "noise", "scale2") if key in part}
            for name, part in own.items()
        },
    }
    new = data.target_blocks(np.arange(30, 60))
    got = learner.restore(replace(state, arrays=arrays, settings=old)).predict(new)
    expected = model.predict(new)
    np.testing.assert_allclose(got.mean, expected.mean, rtol=1e-12)
    np.testing.assert_allclose(got.std, expected.std, rtol=1e-9)
