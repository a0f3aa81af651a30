"""The closed forms against explicit ones."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from forescale.laws.drift import drift_kernel, drift_paths, drift_variance
from forescale.laws.engine import weigh
from forescale.laws.profile import Profile, fan
from forescale.laws.shapes import ShapeGrid, ShapePrior


def test_masses_are_gaussian_likelihoods_with_a_flat_level():
    rng = np.random.default_rng(0)
    y, shapes = rng.standard_normal(5), rng.standard_normal((7, 5))
    covariances = [np.eye(5) * s + 0.3 for s in (0.5, 2.0)]
    shape_prior, covariance_prior = rng.standard_normal(7), rng.standard_normal(2)
    mixture = weigh(y, shapes, covariances, shape_prior, covariance_prior)
    wide = 1e8  # a level so uncertain that its prior is flat
    expected = np.array(
        [
            [
                multivariate_normal(shape, covariance + wide * np.ones((5, 5))).logpdf(y) + p + q
                for shape, p in zip(shapes, shape_prior, strict=True)
            ]
            for covariance, q in zip(covariances, covariance_prior, strict=True)
        ]
    )
    expected = np.exp(expected - expected.max())
    assert mixture.mass == pytest.approx(expected / expected.sum(), rel=1e-4)
    inverse = np.linalg.inv(covariances[1])
    level = np.sum(inverse @ (y - shapes[3])) / inverse.sum()
    assert mixture.candidates[3] @ mixture.slopes[1] == pytest.approx(level)
    assert mixture.level_sd[1] == pytest.approx(inverse.sum() ** -0.5)


def test_profile_is_the_constrained_least_squares_optimum():
    rng = np.random.default_rng(1)
    n = np.geomspace(10, 1000, 9)
    error = (2 * n**-0.6 + 0.1) * np.exp(0.03 * rng.standard_normal(9))
    profile = Profile.of(n, np.log(error), np.eye(9))
    best, _ = profile.best_alpha((0.01, 4.0))

    def loss(p):
        return np.sum(((np.exp(p[0]) * n ** -np.exp(p[2]) + np.exp(p[1])) / error - 1) ** 2)

    starts = [[0, -2, np.log(a)] for a in (0.2, 0.5, 1.0)]
    reference = min((minimize(loss, s, method="Nelder-Mead",
                              options={"maxiter": 4000, "xatol": 1e-9, "fatol": 1e-14})
                     for s in starts), key=lambda r: r.fun)  # fmt: skip
    assert best[0] == pytest.approx(reference.x[2], abs=2e-3)
    misfit = profile.solve(np.exp(best[:, None]))[2][0, 0]
    assert misfit == pytest.approx(reference.fun, rel=1e-3)


def test_profile_keeps_d_and_c_above_zero():
    n = np.geomspace(10, 1000, 9)
    share = Profile.of(n, np.log(n**0.2), np.eye(9)).solve(np.full((5, 1), 0.5))[0]
    assert np.all(share == 1.0)
    share = Profile.of(n, np.log(n**-0.9), np.eye(9)).solve(np.full((5, 1), 0.5))[0]
    assert share[0, 0] == 0.0


def test_fan_spans_its_range_and_is_finest_at_its_center():
    edges = fan(np.array([0.3]), np.array([1e-3]), 0.0, 1.0, 12)[0]
    assert (edges[0], edges[-1], edges[12]) == (0.0, 1.0, pytest.approx(0.3))
    widths = np.diff(edges)
    assert np.all(np.diff(widths[12:]) > 0)
    assert widths[12] < 1e-3


def test_prior_mass_sums_to_one_over_the_cells_of_c():
    n = np.geomspace(10, 1000, 9)
    grid = ShapeGrid.around(n, np.log(2 * n**-0.6 + 0.1), 1e-4 * np.eye(9))
    prior = ShapePrior()
    mass = np.exp(grid.log_prior(prior)).reshape(grid.dims)
    alpha = np.exp(-0.5 * (np.log(grid.alphas / prior.alpha[0]) / prior.alpha[1]) ** 2)
    alpha *= np.diff(grid.alpha_edges, axis=1)
    per_knee = mass.sum(axis=2) / alpha
    assert per_knee[0] == pytest.approx(prior.no_knee)
    assert per_knee[1:].sum(axis=0) == pytest.approx(1 - prior.no_knee)


def test_drift_beyond_starts_like_an_integrated_brownian_motion():
    x = np.array([0.05])
    kernel = drift_kernel(0.1, 0.2, x, x)[0, 0]
    assert drift_variance(0.1, 0.2, x)[0] == pytest.approx(kernel, rel=0.02)
    assert drift_variance(0.1, 0.2, -x)[0] == 0
    assert drift_kernel(0.1, 0.2, x, -x)[0, 0] == 0


def test_paths_have_the_variance_of_the_drift():
    reach = np.linspace(0, 4, 41)
    paths = drift_paths(np.full(4000, 0.1), np.full(4000, 0.2), reach, np.random.default_rng(0))
    expected = drift_variance(0.1, 0.2, reach)
    assert paths[:, 0] == pytest.approx(np.zeros(4000))
    assert paths.var(axis=0)[[10, 40]] == pytest.approx(expected[[10, 40]], rel=0.08)
