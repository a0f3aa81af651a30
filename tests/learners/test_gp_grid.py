"""The whole grid of the learner equals one separate fit per cell."""

from dataclasses import replace

import numpy as np
import pytest

from forescale.learners import Grid, TransferData, get_learner
from forescale.learners.gp.kernels import kernel
from forescale.learners.gp.learner import GPLearner
from forescale.learners.gp.options import GPOptions
from forescale.splits import Split

OPTIONS = GPOptions(lengths=(0.5, 2.0), noises=(0.02, 0.3), scales="shared", linear=(0.0,))


def make_data(rows=70, measured=45, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows + measured, 6)).astype(np.float32)
    features[:, 4:] = rng.poisson(1.0, size=(rows + measured, 2))
    exact = features.astype(float)
    truth = np.sin(exact[:, 0]) + 0.5 * exact[:, 1] + 0.2 * exact[:, 4]
    return TransferData.of_rows(
        source_features=features[:rows],
        target_features=features[rows:],
        is_count=np.array([False] * 4 + [True] * 2),
        source_values=truth[:rows] + 10.0,
        target_values=1.3 * truth[rows:] + 0.1 * rng.normal(size=measured),
        source_only=np.arange(rows),
    )


@pytest.fixture(name="data")
def _data():
    return make_data()


SPLIT = Split(
    source=np.random.default_rng(3).permutation(70)[:60],
    train=np.arange(15),
    test=np.arange(15, 45),
)
GRID = Grid(n_source=np.array([8, 20, 60]), n_target=np.array([4, 15]))


def separate_fit(name, length, noise, within, cross, y, basis, new_basis, mean0, precision):
    """One posterior by explicit inverses: (log evidence, predictions)."""
    covariance = (1 - noise) * kernel(name, within[None], (length,)) + noise * np.eye(len(y))
    inverse = np.linalg.inv(covariance)
    gram = basis.T @ inverse @ basis + np.diag(precision)
    beta = np.linalg.solve(gram, basis.T @ inverse @ y + precision * mean0)
    residual = y - basis @ beta
    freedom = len(y) - np.count_nonzero(precision == 0)
    pull = mean0 - beta
    scale = (residual @ inverse @ residual + pull @ (precision * pull)) / freedom
    evidence = -0.5 * (
        freedom * (np.log(2 * np.pi * scale) + 1)
        + np.linalg.slogdet(covariance)[1]
        + np.linalg.slogdet(gram)[1]
        - np.log(precision[precision > 0]).sum()
    )
    weights = inverse @ residual
    return evidence, new_basis @ beta + (1 - noise) * kernel(name, cross[None], (length,)) @ weights


def every_fit(name, *arguments):
    return [
        separate_fit(name, length, noise, *arguments)
        for length in OPTIONS.lengths
        for noise in OPTIONS.noises
    ]


def best_fit(name, *arguments):
    return max(every_fit(name, *arguments), key=lambda fit: fit[0])


def averaged_fit(name, *arguments):
    """Log of the summed evidence; predictions by its shares of a twentieth of the best or more."""
    evidence, means = (np.array(one) for one in zip(*every_fit(name, *arguments), strict=True))
    share = np.exp(evidence - evidence.max())
    total = evidence.max() + np.log(share.sum())
    share[share < 0.05] = 0.0
    return total, share @ means / share.sum()


@pytest.mark.parametrize("name", ["laplacian", "rbf", "matern32", "matern52"])
def test_grid_equals_separate_fits(data, tmp_path, name):
    options = OPTIONS.model_copy(update={"kernel": name, "bends": False})
    prepared = GPLearner(options).prepare(data, tmp_path)
    result = prepared.predict(SPLIT, GRID, seed=0)
    distances = np.load(tmp_path / "distances-0.npy")
    train, test = 70 + SPLIT.train, 70 + SPLIT.test
    both = np.concatenate([train, test])
    measured = data.target_values[SPLIT.train]
    assert result.mean.shape == (4, 3, 30)
    assert np.isnan(result.mean[0, 0]).all()
    for place_n, n in enumerate([0, *GRID.n_source]):
        rows = SPLIT.source[:n]
        basis, mean0, precision = np.ones((45, 1)), np.zeros(1), np.zeros(1)
        if n:
            values = data.source_values[rows]
            _, mean = best_fit(
                name,
                distances[np.ix_(rows, rows)],
                distances[np.ix_(both, rows)],
                values,
                np.ones((n, 1)),
                np.ones((45, 1)),
                np.zeros(1),
                np.zeros(1),
            )
            np.testing.assert_allclose(result.mean[place_n, 0], mean[15:], atol=1e-8, rtol=0)
            basis = np.column_stack([np.ones(45), (mean - values.mean()) / values.std()])
            mean0, precision = np.array([0, values.std()]), np.array([0, options.rho_observations])
        for place_m, m in enumerate(GRID.n_target, start=1):
            arguments = (
                name,
                distances[np.ix_(train[:m], train[:m])],
                distances[np.ix_(test, train[:m])],
                measured[:m],
                basis[:m],
                basis[15:],
            )
            evidence, expected = averaged_fit(*arguments, mean0, precision)
            without = averaged_fit(
                *arguments[:4], np.ones((m, 1)), np.ones((30, 1)), np.zeros(1), np.zeros(1)
            )
            weight = 1 / (1 + np.exp(without[0] - evidence) / 9)
            expected = weight * expected + (1 - weight) * without[1]
            np.testing.assert_allclose(result.mean[place_n, place_m], expected, atol=1e-8, rtol=0)


def test_several_blocks_are_a_product_of_kernels(data, tmp_path):
    """Described as two blocks with one length each, as one block of features in those units."""
    (block,) = data.blocks
    sides = (block.is_count, ~block.is_count)
    parts = [replace(block, values=block.values[:, s], is_count=block.is_count[s]) for s in sides]
    options = GPOptions(lengths=(0.7,), noises=(0.05,), scales="shared", linear=(0.0,))
    prepared = GPLearner(options).prepare(replace(data, blocks=tuple(parts)), tmp_path)
    result = prepared.predict(SPLIT, GRID, seed=0)
    total = sum(np.load(tmp_path / f"distances-{place}.npy") for place in range(2))
    rows, test = SPLIT.source[:60], 70 + SPLIT.test
    covariance = 0.95 * np.exp(-total[np.ix_(rows, rows)] / 0.7) + 0.05 * np.eye(60)
    cross = 0.95 * np.exp(-total[np.ix_(test, rows)] / 0.7)
    y, one = data.source_values[rows], np.ones(60)
    mean = (one @ np.linalg.solve(covariance, y)) / (one @ np.linalg.solve(covariance, one))
    expected = mean + cross @ np.linalg.solve(covariance, y - mean)
    np.testing.assert_allclose(result.mean[-1, 0], expected, atol=1e-5)


def test_sides_that_repeat_are_described_once(data, tmp_path):
    """Rows that share a side give what the same rows give with a copy each."""
    (block,) = data.blocks
    pointers = np.random.default_rng(1).integers(0, 12, len(block.values))
    pointers[:12] = np.arange(12)
    data = replace(data, source_only=np.arange(12))  # scales are learnt from each side once
    shared = replace(block, values=block.values[:12], source=pointers[:70], target=pointers[70:])
    copied = replace(block, values=block.values[pointers])
    results = []
    for folder, one in (("shared", shared), ("copied", copied)):
        (tmp_path / folder).mkdir()
        some = replace(data, blocks=(block, one))
        prepared = GPLearner(OPTIONS).prepare(some, tmp_path / folder)
        results.append(prepared.predict(SPLIT, GRID, seed=0).mean)
    np.testing.assert_allclose(results[0], results[1], atol=1e-9)


def test_useless_computed_values_do_no_harm(tmp_path):
    """A source that has nothing to do with the target must cost next to nothing."""
    excess = []
    for seed in range(10):
        data = make_data(rows=200, measured=240, seed=seed)
        data = replace(data, source_values=np.random.default_rng(seed).normal(size=200))
        split = Split(np.arange(200), np.arange(40), np.arange(40, 240))
        grid = Grid(np.array([200]), np.array([40]))
        result = GPLearner().prepare(data, tmp_path).predict(split, grid, seed=0)
        error = np.sqrt(np.mean((result.mean - data.target_values[split.test]) ** 2, axis=-1))
        excess.append(error[1, 1] / error[0, 1] - 1)
    assert np.mean(excess) < 0.03


def test_race_keeps_the_hyper_parameters_that_win_later(tmp_path):
    """Above 400 rows candidates drop out; what is left must be as good as the full search."""
    data = make_data(rows=900, measured=120, seed=4)
    split = Split(np.arange(900), np.arange(20), np.arange(20, 120))
    grid = Grid(np.array([100, 400, 900]), np.array([20]))
    result = GPLearner().prepare(data, tmp_path).predict(split, grid, seed=0)
    error = np.sqrt(np.mean((result.mean[1:, 0] - 10.0 - _truth(data, split)) ** 2, axis=1))
    assert error[2] < error[1] < error[0]


def _truth(data, split):
    f = data.target_features[split.test]
    return np.sin(f[:, 0]) + 0.5 * f[:, 1] + 0.2 * f[:, 4]


def test_intervals_cover_new_measurements(tmp_path):
    covered = []
    for seed in range(12):
        data = make_data(rows=200, measured=230, seed=seed)
        split = Split(np.arange(200), np.arange(30), np.arange(30, 230))
        grid = Grid(np.array([200]), np.array([30]))
        result = GPLearner().prepare(data, tmp_path).predict(split, grid, seed=0)
        miss = np.abs(result.mean[-1, -1] - data.target_values[split.test]) / result.std
        covered.append(np.mean(miss < 1.645))
    assert 0.80 < np.mean(covered) < 0.97


def test_too_many_rows_for_the_exact_method_are_refused_before_any_work(data, tmp_path):
    from forescale.errors import ConfigError

    big = replace(data, source_values=np.zeros(15_001))
    with pytest.raises(ConfigError, match="15001"):
        GPLearner(GPOptions(method="exact")).prepare(big, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "key"),
    [({"kernel": "cubic"}, "kernel"), ({"noises": [0.0]}, "noises"), ({"lenghts": [1]}, "lenghts")],
)
def test_wrong_options_name_the_key(options, key):
    from forescale.errors import ConfigError

    with pytest.raises(ConfigError, match=f"learner.{key}"):
        get_learner("gp", options)
