"""Kernels and distances against scikit-learn and plain loops."""

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import RBF, Matern

from forescale.learners import Grid, TransferData, get_learner
from forescale.learners.gp.kernels import kernel
from forescale.learners.gp.metric import COUNT_SHARE, Metric
from forescale.splits import Split


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("laplacian", Matern(nu=0.5, length_scale=1.7)),
        ("matern32", Matern(nu=1.5, length_scale=1.7)),
        ("matern52", Matern(nu=2.5, length_scale=1.7)),
        ("rbf", RBF(length_scale=1.7)),
    ],
)
def test_kernels_of_a_distance(name, other):
    x = np.linspace(0, 6, 25)[:, None]
    distance = np.abs(x - x.T).astype(np.float32)
    np.testing.assert_allclose(kernel(name, distance[None], (1.7,)), other(x), atol=2e-7)


@pytest.mark.parametrize("name", ["laplacian", "rbf", "matern32", "matern52"])
def test_blocks_multiply(name):
    distances = np.random.default_rng(0).uniform(0, 3, (3, 6, 4)).astype(np.float32)
    lengths = (0.7, 1.0, 2.5)
    alone = [kernel(name, d[None], (length,)) for d, length in zip(distances, lengths, strict=True)]
    np.testing.assert_allclose(kernel(name, distances, lengths), np.prod(alone, axis=0), rtol=1e-12)


def features(rows, seed):
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(rows, 5)) * [1, 10, 0.1, 1, 0]
    counts = rng.poisson(0.7, size=(rows, 9))
    return np.concatenate([real, counts], axis=1).astype(np.float32)


IS_COUNT = np.array([False] * 5 + [True] * 9)


def test_taxicab_distance_by_plain_loops():
    reference, left, right = features(200, 0), features(7, 1), features(4, 2)
    metric = Metric(reference, IS_COUNT, "laplacian")
    got = metric.between(left, right)
    real = reference[:, :4].astype(float)
    center, spread = real.mean(0), real.std(0)

    def blocks(a, b):
        za, zb = (np.clip((r[:4] - center) / spread, -4, 4) for r in (a, b))
        return np.abs(za - zb).sum(), np.abs(np.sqrt(a[5:]) - np.sqrt(b[5:])).sum()

    pairs = [blocks(a, b) for i, a in enumerate(reference) for b in reference[:i]]
    medians = np.median(pairs, axis=0)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            real_part, count_part = blocks(a, b)
            expected = (1 - COUNT_SHARE) * real_part / medians[0]
            expected += COUNT_SHARE * count_part / medians[1]
            assert got[i, j] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["laplacian", "rbf"])
def test_pairwise_distances_are_those_between_rows_whatever_the_threads(name):
    rows = features(600, 3)
    metric = Metric(rows, IS_COUNT, name)
    filled = [np.empty((600, 600), dtype=np.float32) for _ in range(2)]
    for out, threads in zip(filled, (1, 4), strict=True):
        metric.fill_pairwise(rows, out, threads)
    np.testing.assert_array_equal(filled[0], filled[1])
    np.testing.assert_allclose(filled[0], metric.between(rows, rows), atol=2e-3)
    np.testing.assert_array_equal(filled[0], filled[0].T)
    np.testing.assert_allclose(np.diag(filled[0]), 0, atol=2e-3)


def test_only_real_or_only_count_columns():
    rows = features(50, 5)
    for columns in (slice(0, 5), slice(5, 14)):
        metric = Metric(rows[:, columns], IS_COUNT[columns], "laplacian")
        distance = metric.between(rows[:, columns], rows[:, columns])
        assert np.isfinite(distance).all()
        assert np.median(distance) > 0.5


def test_what_grows_with_the_molecule_needs_the_linear_part(tmp_path):
    """Far outside the training range a stationary kernel falls back to the mean."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (120, 5)).astype(np.float32)
    x[:, 0] *= np.where(np.arange(120) < 100, 4, 12)
    values = (10 * x[:, 0] + x[:, 1]).astype(float)
    data = TransferData.of_rows(
        x[:60], x[60:], np.zeros(5, bool), values[:60], values[60:], np.arange(60)
    )
    split = Split(np.arange(60), np.arange(40), np.arange(40, 60))
    grid = Grid(np.array([20, 60]), np.array([10, 40]))
    misses = []
    for linear in ([0.0], [0.0, 1.0, 10.0]):
        folder = tmp_path / str(len(linear))
        folder.mkdir()
        found = get_learner("gp", {"linear": linear}).prepare(data, folder).predict(split, grid, 0)
        misses.append(np.abs(found.mean - data.target_values[split.test]).mean(axis=-1))
    assert (misses[1][:, 1:] < 0.5 * misses[0][:, 1:]).all()
    assert misses[1][-1, 0] < 0.5 * misses[0][-1, 0], "zero-shot: the source stage has it too"
