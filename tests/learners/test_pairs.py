"""Pairs: products and solves through the sides equal those with the whole matrix."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from forescale.errors import ConfigError
from forescale.learners import Block, Grid, TransferData, get_learner
from forescale.learners.gp.learner import GPLearner
from forescale.learners.gp.lowrank import Landmarks
from forescale.learners.gp.options import GPOptions
from forescale.learners.gp.pair_kernel import PairKernel, Preconditioner, SideKernel, solve
from forescale.learners.testing import LearnerSuite, transfer_data
from forescale.splits import Split

NOISE, RANK = 0.05, 15


@pytest.fixture(name="pairs")
def _pairs():
    rng = np.random.default_rng(0)
    left, right = (
        np.exp(-cdist(x, x)) for x in (rng.normal(size=(30, 2)), rng.normal(size=(8, 2)))
    )
    rows = rng.integers(0, 30, 150), rng.integers(0, 8, 150)  # some pairs twice
    matrix = left[np.ix_(rows[0], rows[0])] * right[np.ix_(rows[1], rows[1])]
    sides = [SideKernel.among(lambda some, k=k: k[some], len(k), rank=0) for k in (left, right)]
    return PairKernel.of_rows(*sides, rows), matrix, rng.normal(size=150)


def single(pairs):
    """The same kernel in single precision but for its smooth part."""
    split = [
        SideKernel.among(lambda some, k=side.rest: k[some], len(side), rank=5)
        for side in (pairs.left, pairs.right)
    ]
    return replace(pairs, left=split[0], right=split[1])


def preconditioner(pairs):
    """And the matrix that it should be the inverse of."""
    first = pairs.to_landmarks(np.arange(RANK), RANK)
    landmarks = Landmarks(first)
    z = np.linalg.solve(landmarks.factor, pairs.to_landmarks(np.arange(150), RANK).T).T
    left, right = pairs.rows
    same = left[:, None] == left[None, :]
    within = np.where(same, pairs.right.between(right, right) - z @ z.T, 0.0)
    matrix = (1 - NOISE) * (z @ z.T + within) + NOISE * np.eye(150)
    return Preconditioner(pairs, landmarks, NOISE), matrix


def test_products_are_those_with_the_whole_matrix(pairs):
    kernel, matrix, v = pairs
    np.testing.assert_allclose(kernel.times(v), matrix @ v, atol=1e-12)
    np.testing.assert_allclose(
        kernel.to_landmarks(np.arange(20, 50), 10), matrix[20:50, :10], atol=1e-15
    )


def test_the_preconditioner_inverts_what_it_says(pairs):
    kernel, _, v = pairs
    helper, matrix = preconditioner(kernel)
    np.testing.assert_allclose(helper.solve(v), np.linalg.solve(matrix, v), atol=1e-7)


@pytest.mark.parametrize("precise", [True, False])
def test_solves_are_those_with_the_whole_matrix(pairs, precise):
    kernel, matrix, v = pairs
    if not precise:
        kernel = single(kernel)
        assert kernel.left.rest.dtype == np.float32
        np.testing.assert_allclose(kernel.times(v), matrix @ v, atol=1e-5)
    helper, _ = preconditioner(kernel)
    expected = np.linalg.solve((1 - NOISE) * matrix + NOISE * np.eye(150), v)
    found = solve(kernel, NOISE, v, helper, np.zeros(150), 1e-5)
    assert found.residual <= 1e-5
    np.testing.assert_allclose(found.weights, expected, atol=1e-3)
    again = solve(kernel, NOISE, v, helper, expected, 1e-3)
    assert again.steps == 0, "a first guess that is right is left alone"
    assert solve(kernel, NOISE, 0 * v, helper, v, 1e-5).weights.max() == 0


def pair_data(rows=1_500, measured=200, sides=(150, 20), seed=0):
    """Values of pairs of sides: smooth in both, with an interaction."""
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=(count, 4)).astype(np.float32) for count in sides]
    picked = rng.permutation(sides[0] * sides[1])[: rows + measured]
    left, right = np.divmod(picked, sides[1])
    a, b = values[0][left].astype(float), values[1][right].astype(float)
    truth = np.sin(a[:, 0]) + b[:, 0] + a[:, 1] * b[:, 1] + 0.02 * rng.normal(size=len(a))
    blocks = tuple(
        Block(v, np.zeros(4, bool), index[:rows], index[rows:], name)
        for v, index, name in zip(values, (left, right), ("solute", "solvent"), strict=True)
    )
    return TransferData(blocks, truth[:rows], 1.1 * truth[rows:] + 0.5, np.arange(rows))


SPLIT = Split(np.random.default_rng(2).permutation(1_500), np.arange(50), np.arange(50, 200))
GRID = Grid(np.array([100, 300, 700, 1_500]), np.array([10, 50]))


def predict(data, folder, **options):
    folder.mkdir(exist_ok=True)
    return (
        GPLearner(GPOptions(scales="shared", linear=(0.0,), **options))
        .prepare(data, folder)
        .predict(SPLIT, GRID, seed=0)
    )


@pytest.mark.parametrize("kernel", ["laplacian", "rbf", "matern32"])
@pytest.mark.parametrize("precise", [True, False])
def test_errors_are_those_of_the_exact_method(tmp_path, kernel, precise, monkeypatch):
    if not precise:
        monkeypatch.setattr("forescale.learners.gp.pair_stage._PRECISE_BELOW", 0)
    data = pair_data()
    options = {"kernel": kernel, "lengths": (2.0,), "noises": (0.01,)}
    exact = predict(data, tmp_path / "a", method="exact", **options)
    pairs = predict(data, tmp_path / "b", method="pairs", exact_rows=300, **options)
    measured = data.target_values[SPLIT.test]
    errors = [np.sqrt(np.mean((r.mean - measured) ** 2, axis=-1)) for r in (exact, pairs)]
    np.testing.assert_allclose(errors[1][:3], errors[0][:3], rtol=1e-9)
    np.testing.assert_allclose(errors[1][3:], errors[0][3:], rtol=0.02)
    assert pairs.half_capacity is None, "nothing limits its capacity"
    assert pairs.notes["source_residual"] <= 0.3


def test_a_side_that_all_computed_values_share(tmp_path):
    """One temperature in the source, several in the target."""
    data = pair_data()
    temperature = Block(
        np.array([[298.0], [320.0], [350.0]], dtype=np.float32),
        np.zeros(1, bool),
        np.zeros(1_500, dtype=np.int64),
        np.arange(200) % 3,
    )
    data = replace(data, blocks=(data.blocks[0], temperature, data.blocks[1]))
    exact = predict(data, tmp_path / "a", method="exact", lengths=(2.0,))
    pairs = predict(data, tmp_path / "b", max_rows=1_000, exact_rows=300, lengths=(2.0,))
    assert "source_steps" in pairs.notes, "pairs are seen for what they are"
    spread = np.std(data.target_values)
    assert np.sqrt(np.nanmean((exact.mean - pairs.mean) ** 2)) < 0.02 * spread


def test_what_is_no_pair_is_said(tmp_path):
    message = "learner.method: got 'pairs', but 1 of the materials' sides vary, expected two"
    with pytest.raises(ConfigError, match=message):
        GPLearner(GPOptions(method="pairs")).prepare(transfer_data(), tmp_path)


def test_a_table_too_large_goes_on_landmarks(tmp_path, monkeypatch):
    monkeypatch.setattr("forescale.learners.gp.learner.MOST_OPERATIONS", 1_000)
    options = {"max_rows": 1_000, "rank": 100, "exact_rows": 300, "lengths": (2.0,)}
    result = predict(pair_data(), tmp_path, **options)
    assert result.notes["source_rank"] == 100


class TestPairsKeepTheContract(LearnerSuite):
    sees_inputs_early = True  # the table of sides is shared

    @pytest.fixture
    def learner(self):
        options = {"lengths": [1.0, 4.0], "noises": [0.003, 0.1], "exact_rows": 20}
        return get_learner("gp", {"method": "pairs", **options})

    @pytest.fixture
    def data(self):
        """The usual study with its counts as the other side."""
        data = transfer_data()
        (block,) = data.blocks
        counts, place = np.unique(block.values[:, 4:], axis=0, return_inverse=True)
        rows = len(block.source)
        real = replace(block, values=block.values[:, :4], is_count=block.is_count[:4])
        other = Block(counts, np.ones(2, bool), place[:rows], place[rows:], "counts")
        return replace(data, blocks=(real, other))

    def test_materials_that_do_not_differ_are_no_trouble(self, predict, data):
        block, other = data.blocks
        values = block.values.copy()
        values[:120] = np.repeat(values[:120:10], 10, axis=0)
        mean = predict(replace(data, blocks=(replace(block, values=values), other))).mean
        assert np.isfinite(mean[1:]).all()


def test_measured_values_may_have_other_shares_of_noise(tmp_path):
    notes = predict(
        pair_data(), tmp_path / "a", noises=(0.1,), target_noises=(0.003,), lengths=(2.0,)
    ).notes
    assert (notes["source_noise"], notes["target_noise"]) == (0.1, 0.003)
