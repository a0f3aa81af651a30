"""The low-rank method against explicit solves, the exact method and itself."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from forescale.learners import Grid, TransferData
from forescale.learners.gp.distances import choose_landmarks
from forescale.learners.gp.learner import GPLearner
from forescale.learners.gp.lowrank import Landmarks, Sums
from forescale.learners.gp.options import GPOptions
from forescale.learners.gp.prefix import SingularKernelError
from forescale.splits import Split

NOISES = (0.01, 0.1, 0.5)


@pytest.fixture(name="rows")
def _rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = np.sin(x[:, 0]) + 0.3 * x[:, 1] + 0.2 * rng.normal(size=300) + 5.0
    return x, y, rng.normal(size=(20, 3))


def kernel(a, b):
    return np.exp(-cdist(a, b))


def explicit(z, y, new_z, noise):
    """Mean, evidence of N(mu, s²·((1-w)·Z·Zᵀ + w·I)) by an n × n inverse."""
    covariance = (1 - noise) * z @ z.T + noise * np.eye(len(y))
    inverse, one = np.linalg.inv(covariance), np.ones(len(y))
    mu = (one @ inverse @ y) / (one @ inverse @ one)
    scale = (y - mu) @ inverse @ (y - mu) / (len(y) - 1)
    evidence = -0.5 * (
        (len(y) - 1) * (np.log(2 * np.pi * scale) + 1)
        + np.linalg.slogdet(covariance)[1]
        + np.log(one @ inverse @ one)
    )
    return evidence, mu + (1 - noise) * new_z @ z.T @ inverse @ (y - mu)


@pytest.mark.parametrize("rank", [40, 20])
def test_every_prefix_and_rank_equals_an_explicit_solve(rows, rank):
    x, y, new = rows
    landmarks, sums = Landmarks(kernel(x[:40], x[:40])), Sums(40)
    z = np.linalg.solve(landmarks.factor, kernel(x, x[:40]).T).T[:, :rank]
    new_features = landmarks.features(kernel(new, x[:40]))
    for start, stop in ((0, 7), (7, 60), (60, 61), (61, 300)):
        sums.add(kernel(x[start:stop], x[:40]), y[start:stop])
        fit = sums.fit(landmarks, NOISES, rank)
        fits = [explicit(z[:stop], y[:stop], new_features[:, :rank], noise) for noise in NOISES]
        best = max(range(len(NOISES)), key=lambda place: fits[place][0])
        assert fit.noise == NOISES[best]
        assert fit.log_likelihood == pytest.approx(fits[best][0], abs=1e-6)
        np.testing.assert_allclose(fit.predict(new_features), fits[best][1], atol=1e-8)


def test_all_rows_as_landmarks_is_the_exact_process(rows):
    x, y, new = rows
    landmarks, sums = Landmarks(kernel(x, x)), Sums(300)
    sums.add(kernel(x, x), y)
    fit = sums.fit(landmarks, (0.1,), 300)
    got = fit.predict(landmarks.features(kernel(new, x)))
    expected = explicit(np.linalg.cholesky(kernel(x, x)), y, np.zeros((20, 300)), 0.1)
    inverse = np.linalg.inv(0.9 * kernel(x, x) + 0.1 * np.eye(300))
    mu = inverse.sum(0) @ y / inverse.sum()
    np.testing.assert_allclose(got, mu + 0.9 * kernel(new, x) @ inverse @ (y - mu), atol=1e-4)
    assert fit.log_likelihood == pytest.approx(expected[0], abs=1e-2)


def test_landmarks_that_do_not_differ_get_jitter_and_hopeless_ones_words():
    assert Landmarks(np.ones((30, 30))).jitter > 0
    with pytest.raises(SingularKernelError, match="5 landmarks is singular"):
        Landmarks(np.full((5, 5), -3.0) + np.diag(np.full(5, 4.0)))


def single_data(rows=1_500, measured=200):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows + measured, 5)).astype(np.float32)
    exact = x.astype(float)
    truth = np.sin(exact[:, 0]) + 0.5 * exact[:, 1] + 0.5 * rng.normal(size=len(x))
    return TransferData.of_rows(
        x[:rows],
        x[rows:],
        np.zeros(5, bool),
        truth[:rows],
        1.2 * truth[rows:],
        np.arange(rows),
    )


SPLIT = Split(np.random.default_rng(2).permutation(1_500), np.arange(50), np.arange(50, 200))
GRID = Grid(np.array([100, 300, 700, 1_500]), np.array([10, 50]))


def predict(data, folder, **options):
    folder.mkdir(exist_ok=True)
    return (
        GPLearner(GPOptions(scales="shared", linear=(0.0,), **options))
        .prepare(data, folder)
        .predict(SPLIT, GRID, seed=0)
    )


def test_error_is_within_a_hundredth_of_the_exact_one(tmp_path):
    data = single_data()
    exact = predict(data, tmp_path / "a", method="exact")
    low = predict(data, tmp_path / "b", method="low-rank", rank=700, exact_rows=300)
    measured = data.target_values[SPLIT.test]
    errors = [np.sqrt(np.mean((r.mean - measured) ** 2, axis=-1)) for r in (exact, low)]
    # Scratch, and the sizes that are exact anyway.
    np.testing.assert_allclose(errors[1][:3], errors[0][:3], rtol=1e-9)
    settled = [error[3:, [0, 2]] for error in errors]  # ten measurements choose now one kernel,
    np.testing.assert_allclose(settled[1], settled[0], rtol=0.01)  # now another
    assert exact.half_capacity is None
    assert low.half_capacity.shape == low.mean[-1].shape


def test_half_capacity_is_what_half_the_rank_predicts(tmp_path):
    data = single_data()
    full = predict(data, tmp_path / "a", method="low-rank", rank=100, exact_rows=300)
    half = predict(data, tmp_path / "b", method="low-rank", rank=50, exact_rows=300)
    np.testing.assert_allclose(full.half_capacity, half.mean[-1], atol=1e-6)
    assert np.abs(full.half_capacity - full.mean[-1]).max() > 1e-3


def test_it_goes_on_by_itself_beyond_the_exact_rows(tmp_path):
    data = single_data()
    assert predict(data, tmp_path / "a", max_rows=1_500).half_capacity is None
    own = predict(data, tmp_path / "b", max_rows=1_499, rank=100, exact_rows=300)
    asked = predict(data, tmp_path / "c", method="low-rank", rank=100, exact_rows=300)
    assert own.notes["source_rank"] == 100
    np.testing.assert_array_equal(own.mean, asked.mean)


def test_too_many_sides_to_keep_all_distances_change_nothing(tmp_path, monkeypatch):
    data, options = single_data(), {"method": "low-rank", "rank": 100, "exact_rows": 300}
    kept = predict(data, tmp_path / "a", **options)
    monkeypatch.setattr("forescale.learners.gp.learner.SQUARE_SIDES", 100)
    columns = predict(data, tmp_path / "b", **options)
    assert (tmp_path / "b" / "landmarks-0.npy").exists()
    monkeypatch.setattr("forescale.learners.gp.distances._COLUMNS_BYTES", 100)
    computed = predict(data, tmp_path / "c", **options)
    assert not (tmp_path / "c" / "landmarks-0.npy").exists()
    np.testing.assert_allclose(columns.mean, kept.mean, atol=1e-5)
    np.testing.assert_allclose(computed.mean, kept.mean, atol=1e-5)


def test_landmarks_are_never_test_materials_and_differ():
    data = single_data()
    (block,) = data.blocks
    repeated = replace(block, source=np.arange(1_500) % 800)
    data = replace(data, blocks=(repeated, repeated), source_only=np.arange(0, 1_500, 2))
    chosen = choose_landmarks(data, 300)
    assert set(chosen) <= set(data.source_only)
    assert len(np.unique(repeated.source[chosen])) == 300
    np.testing.assert_array_equal(choose_landmarks(data, 100), chosen[:100])
