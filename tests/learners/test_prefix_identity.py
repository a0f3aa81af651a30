"""Every prefix equals a separately fitted posterior, in both stages."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

from forescale.learners.gp.prefix import PrefixGP, Prior, SingularKernelError

KERNELS = {
    "exponential": Matern(length_scale=1.3, nu=0.5),
    "matern32": Matern(length_scale=0.8, nu=1.5),
    "matern52": Matern(length_scale=2.0, nu=2.5),
    "rbf": RBF(length_scale=1.1),
}
SIZES = np.array([3, 4, 9, 17, 40])
NOISE = 0.15


@pytest.fixture(params=KERNELS, name="setup")
def _setup(request):
    rng = np.random.default_rng(7)
    x, new = rng.normal(size=(40, 3)), rng.normal(size=(11, 3))
    y = np.sin(x[:, 0]) + 0.3 * x[:, 1] + 0.1 * rng.normal(size=40) + 5.0
    return KERNELS[request.param], x, y, new


def test_source_stage_without_a_mean_equals_scikit_learn(setup):
    kernel, x, y, new = setup
    y = y - 5.0
    gp = PrefixGP(kernel(x), NOISE)
    fit = gp.fit(y, np.empty((40, 0)), Prior.flat(0), SIZES)
    mean = gp.mean(fit, kernel(new, x), np.empty((11, 0)))
    variance = gp.variance(fit, kernel(new, x), np.empty((11, 0)))
    for place, n in enumerate(SIZES):
        scale = fit.scale2[place]
        full = ConstantKernel(scale * (1 - NOISE)) * kernel + WhiteKernel(scale * NOISE)
        other = GaussianProcessRegressor(full, alpha=0, optimizer=None).fit(x[:n], y[:n])
        expected, std = other.predict(new, return_std=True)
        np.testing.assert_allclose(mean[place], expected, rtol=0, atol=1e-8)
        # scikit-learn's is the variance of a new observation, noise included
        np.testing.assert_allclose(variance[place] + scale * NOISE, std**2, rtol=0, atol=1e-8)
        assert fit.log_likelihood[place] == pytest.approx(
            other.log_marginal_likelihood_value_, abs=1e-8
        )


def explicit(covariance, cross, y, basis, new_basis, prior):
    """Posterior with integrated coefficients, by textbook formulas and plain inverses."""
    inverse = np.linalg.inv(covariance)
    precision = np.diag(prior.precision)
    gram = basis.T @ inverse @ basis + precision
    beta = np.linalg.solve(gram, basis.T @ inverse @ y + precision @ prior.mean)
    residual = y - basis @ beta
    pull = prior.mean - beta
    flat = np.count_nonzero(prior.precision == 0)
    freedom = len(y) - flat
    scale = (residual @ inverse @ residual + pull @ precision @ pull) / freedom
    mean = new_basis @ beta + cross @ inverse @ residual
    gap = new_basis - cross @ inverse @ basis
    quadratic = np.einsum("tn,nk,tk->t", cross, inverse, cross)
    variance = (1 - NOISE) - quadratic + np.einsum("tp,pq,tq->t", gap, np.linalg.inv(gram), gap)
    proper = prior.precision[prior.precision > 0]
    evidence = -0.5 * (
        freedom * np.log(2 * np.pi * scale)
        + freedom
        + np.linalg.slogdet(covariance)[1]
        + np.linalg.slogdet(gram)[1]
        - np.log(proper).sum()
    )
    return mean, scale * variance, evidence, scale, beta


@pytest.mark.parametrize(
    "prior",
    [
        Prior.flat(1),
        Prior(np.array([0.0, 1.7]), np.array([0.0, 5.0])),
        Prior(np.array([0.3, 1.0, -1.0]), np.array([2.0, 5.0, 0.1])),
    ],
    ids=["constant", "constant and rho", "proper throughout"],
)
def test_each_stage_equals_explicit_solves(setup, prior):
    kernel, x, y, new = setup
    rng = np.random.default_rng(1)
    columns = len(prior.mean)
    basis = np.column_stack([np.ones(40), rng.normal(size=(40, 2))])[:, :columns]
    new_basis = np.column_stack([np.ones(11), rng.normal(size=(11, 2))])[:, :columns]
    gp = PrefixGP(kernel(x), NOISE)
    fit = gp.fit(y, basis, prior, SIZES)
    mean = gp.mean(fit, kernel(new, x), new_basis)
    variance = gp.variance(fit, kernel(new, x), new_basis)
    for place, n in enumerate(SIZES):
        covariance = (1 - NOISE) * kernel(x[:n]) + NOISE * np.eye(n)
        cross = (1 - NOISE) * kernel(new, x[:n])
        expected = explicit(covariance, cross, y[:n], basis[:n], new_basis, prior)
        np.testing.assert_allclose(mean[place], expected[0], rtol=0, atol=1e-8)
        np.testing.assert_allclose(variance[place], expected[1], rtol=0, atol=1e-8)
        assert fit.log_likelihood[place] == pytest.approx(expected[2], abs=1e-8)
        assert fit.scale2[place] == pytest.approx(expected[3], abs=1e-8)
        np.testing.assert_allclose(fit.coefficients[place], expected[4], rtol=0, atol=1e-8)


def test_a_prefix_does_not_see_later_rows(setup):
    kernel, x, y, new = setup
    changed = y.copy()
    changed[17:] = 1e3
    results = []
    for values in (y, changed):
        gp = PrefixGP(kernel(x), NOISE)
        fit = gp.fit(values, np.ones((40, 1)), Prior.flat(1), SIZES)
        results.append(gp.mean(fit, kernel(new, x), np.ones((11, 1))))
    np.testing.assert_array_equal(results[0][SIZES <= 17], results[1][SIZES <= 17])
    assert np.abs(results[0][-1] - results[1][-1]).max() > 1


def test_nearly_noiseless_duplicates_get_jitter():
    kernel = np.ones((30, 30))
    gp = PrefixGP(kernel, 1e-17)
    assert 0 < gp.jitter <= 1e-4


def test_a_hopeless_matrix_is_refused_in_words():
    kernel = np.full((5, 5), -3.0) + np.diag(np.full(5, 4.0))
    with pytest.raises(SingularKernelError, match="5 rows is singular"):
        PrefixGP(kernel, 1e-3)


def test_exactly_explained_values_stay_finite():
    x = np.linspace(0, 1, 20)[:, None]
    gp = PrefixGP(np.exp(-cdist(x, x)), 0.1)
    fit = gp.fit(np.full(20, 3.0), np.ones((20, 1)), Prior.flat(1), np.array([5, 20]))
    mean = gp.mean(fit, np.exp(-cdist(x, x)), np.ones((20, 1)))
    np.testing.assert_allclose(mean, 3.0)
    assert np.isfinite(fit.log_likelihood).all()
