"""How well groups are foreseen, and what it does to the weights of models."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from forescale.learners import Grid, TransferData, get_learner
from forescale.learners.gp.held_out import FEWEST_GROUPS, held_out
from forescale.learners.gp.kernels import kernel
from forescale.learners.gp.prefix import PrefixGP, Prior
from forescale.splits import Split


def test_groups_are_foreseen_as_by_fits_of_the_others():
    rng = np.random.default_rng(0)
    n, groups = 24, np.repeat(np.arange(8), 3)
    x, y = rng.standard_normal((n, 2)), rng.standard_normal(n) + 3.0
    distance = np.abs(x[:, None] - x[None]).sum(axis=2).astype(np.float32)
    noise, gp = 0.2, PrefixGP(kernel("laplacian", distance[None], (2.0,)), 0.2)
    basis = np.stack([np.column_stack([np.ones(n), rng.standard_normal(n)]) for _ in range(2)])
    prior = Prior(np.array([[0.0, 1.0], [0.0, -0.5]]), np.array([0.0, 5.0]))
    sizes = np.array([12, 24])
    white = np.stack([gp.whiten(one) for one in basis])
    found = held_out(gp.inverse(), gp.whiten(y[:, None])[:, 0], white, prior, sizes, groups)
    assert np.isnan(found[:, 0]).all()  # of four groups
    assert len(np.unique(groups)) >= FEWEST_GROUPS
    for model, design in enumerate(basis):
        # A flat prior is a wide one: the constant's, of what y is less its prior mean.
        a = (1 - noise) * kernel("laplacian", distance[None], (2.0,)) + noise * np.eye(n)
        covariance = a + design @ np.diag([1e7, 1 / 5.0]) @ design.T
        rest_y = y - design @ prior.mean[model]
        squares, parts = 0.0, []
        for group in range(8):
            own, rest = groups == group, groups != group
            slope = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[np.ix_(rest, own)])
            error = rest_y[own] - slope.T @ rest_y[rest]
            spread = covariance[np.ix_(own, own)] - covariance[np.ix_(own, rest)] @ slope
            squares += error @ np.linalg.solve(spread, error)
            parts.append((error, spread))
        expected = sum(
            multivariate_normal(cov=squares / n * spread).logpdf(error) for error, spread in parts
        )
        assert found[model, 1] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_a_source_that_is_right_within_groups_alone_is_not_trusted_on_new_ones(tmp_path, seed):
    """It explains what most measured values differ by, and misleads about new groups."""
    rng = np.random.default_rng(seed)
    groups, each = 60, 8
    centre, group = rng.uniform(-2, 2, (groups, 2)), np.repeat(np.arange(groups), each)
    at = rng.standard_normal(groups * each)
    x = np.column_stack([np.repeat(centre, each, axis=0), 0.3 * at]).astype(np.float32)
    level, within = np.sin(1.5 * centre[:, 0]) + np.cos(1.5 * centre[:, 1]), 0.5 * np.sin(4 * at)
    measured = level[group] + within + 0.05 * rng.standard_normal(len(x))
    computed = 0.7 * rng.standard_normal(groups)[group] + within
    data = TransferData.of_rows(x, x, np.zeros(3, bool), computed, measured, np.arange(len(x)))
    train = rng.permutation(np.flatnonzero(group < 40))
    split = Split(np.arange(len(x)), train, np.flatnonzero(group >= 40))
    learner = get_learner("gp", {"lengths": [0.5, 2.0], "noises": [0.02, 0.2]})
    errors, trusted = [], []
    for together in (None, group):
        folder = tmp_path / str(len(errors))
        folder.mkdir()
        prepared = learner.prepare(replace(data, tested_together=together), folder)
        found = prepared.predict(split, Grid(np.array([480]), np.array([320])), 0)
        errors.append(np.sqrt(np.mean((found.mean[:, 1] - measured[split.test]) ** 2, axis=1)))
        trusted.append(found.notes["transfer_weight"])
    (scratch, by_rows), (_, by_groups) = errors
    assert by_rows > 1.1 * scratch
    assert by_groups < 1.01 * scratch
    assert trusted[0] > 0.9 > 0.1 > trusted[1]
