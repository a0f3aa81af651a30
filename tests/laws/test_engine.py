"""The closed forms against explicit ones."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from forescale.laws import fit_law
from forescale.laws.drift import drift_kernel, drift_variance
from forescale.laws.mixture import weigh
from forescale.laws.profile import FALLING, Profile, fan
from forescale.laws.shapes import FORMS, ShapeGrid, ShapePrior


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
    exponents = np.full((len(FALLING), 1), 0.5)
    share = Profile.of(n, np.log(n**0.2), np.eye(9)).solve(exponents)[0]
    assert np.all(share == 1.0)
    share = Profile.of(n, np.log(n**-0.9), np.eye(9)).solve(exponents)[0]
    assert share[0, 0] == 0.0


def test_fan_spans_its_range_and_is_finest_at_its_center():
    edges = fan(np.array([0.3]), np.array([1e-3]), 0.0, 1.0, 12)[0]
    assert (edges[0], edges[-1], edges[12]) == (0.0, 1.0, pytest.approx(0.3))
    widths = np.diff(edges)
    assert np.all(np.diff(widths[12:]) > 0)
    assert widths[12] < 1e-3


def test_prior_masses_of_forms_are_those_stated_whatever_the_curve():
    n = np.geomspace(10, 1000, 9)
    prior = ShapePrior()
    for error in (2 * n**-0.6 + 0.1, n**0.1):
        grid = ShapeGrid.around(n, np.log(error), 1e-4 * np.eye(9), prior)
        mass = np.exp(grid.log_prior())
        form = grid.form_of(np.arange(len(mass)))
        told = {name: mass[form == k].sum() for k, name in enumerate(FORMS)}
        law = (1 - prior.flat) * (1 - prior.saturating - prior.slowing)
        assert mass.sum() == pytest.approx(1)
        assert told["slowing"] == pytest.approx((1 - prior.flat) * prior.slowing)
        assert told["flat"] == pytest.approx(prior.flat)
        assert told["power"] == pytest.approx(law * prior.no_knee * prior.no_limit)
        assert told["knee"] == pytest.approx(law * (1 - prior.no_knee))


def test_grid_and_draws_speak_of_the_same_shapes():
    n = np.geomspace(10, 1000, 9)
    grid = ShapeGrid.around(n, np.log(2 * n**-0.6 + 0.1), 1e-4 * np.eye(9), ShapePrior())
    cells = np.random.default_rng(0).choice(grid.flat + 1, 300)
    cells[0] = grid.flat
    drawn = grid.place(cells, np.random.default_rng(1)).logs(n / n[-1])
    off = np.abs(drawn - grid.log_shapes(n, n[-1])[cells])
    assert np.median(off) < 0.03
    assert np.all(drawn[0] == 0)


def stopping(n, stop, rng):
    """Ten replicates of a law that stops at once, shape (10, len(n))."""
    law = 0.6 * (np.minimum(n, stop) / n[0]) ** -0.5 + 0.2
    common, own = rng.standard_normal((10, 1)), rng.standard_normal((10, len(n)))
    return law * np.exp(0.1 * common + 0.015 * own)


@pytest.mark.parametrize("stop", [400.0, 900.0])
def test_a_law_that_stopped_has_levelled_off_and_stays(stop):
    n = np.unique(np.geomspace(30, 4000, 14).round())
    errors = stopping(n, stop, np.random.default_rng(3))
    replicate, size = np.repeat(np.arange(10), len(n)), np.tile(n, 10)
    law = fit_law(size, errors.ravel(), replicate=replicate)
    assert law.forms["stopped"] > 0.5
    assert "levelled_off" in law.flags
    last = float(law.curve.error[-1])
    assert law.transfer_gap.median == pytest.approx(last, rel=0.02)
    forecast = law.predict([8 * n[-1]])
    assert forecast.median[0] == pytest.approx(last, rel=0.02)
    assert forecast.low[0] > 0.9 * last


@pytest.mark.parametrize("seed", range(4))
def test_draws_of_every_form_pass_through_the_points(seed):
    """A plateau, a stop and a law are drawn beside one another: each follows what was seen."""
    n = np.unique(np.geomspace(30, 4000, 14).round())
    errors = stopping(n, 1500.0, np.random.default_rng(seed))
    replicate, size = np.repeat(np.arange(10), len(n)), np.tile(n, 10)
    law = fit_law(size, errors.ravel(), replicate=replicate)
    lines = law.draws.curves(law.curve.n)
    drawn = [form for form in np.unique(law.draws.form) if np.sum(law.draws.form == form) > 20]
    assert {FORMS.index("flat"), FORMS.index("stopped")} & set(drawn)
    for form in drawn:
        line = np.median(lines[law.draws.form == form], axis=0)
        assert line == pytest.approx(law.curve.error, rel=0.02)


def test_a_stop_is_not_looked_for_where_the_curve_falls_nor_in_tables():
    n = np.unique(np.geomspace(30, 4000, 14).round())
    rng = np.random.default_rng(4)
    falling = stopping(n, np.inf, rng)
    replicate, size = np.repeat(np.arange(10), len(n)), np.tile(n, 10)
    assert fit_law(size, falling.ravel(), replicate=replicate).forms["stopped"] == 0
    level = stopping(n, 400.0, rng).mean(axis=0)
    assert fit_law(n, level, se=np.full(len(n), 0.005)).forms["stopped"] == 0


def test_a_fall_that_has_not_begun_begins_beyond_the_data_where_tables_are_fitted():
    n = np.geomspace(10, 1000, 12)
    flat = 0.7 + 0.002 * np.random.default_rng(0).standard_normal(12)
    table = fit_law(n, flat, se=np.full(12, 0.002))
    here, later = np.quantile(table.draws.laws(np.array([1000.0, 8000.0])), 0.05, axis=0)
    assert here == pytest.approx(0.7, rel=0.02)
    assert later < 0.5 < np.median(table.draws.laws(np.array([8000.0])))

    fallen = np.maximum(2 * n**-0.5, 2 * 100**-0.5)
    levelled = fit_law(n, fallen, se=0.01 * fallen)
    assert np.all(levelled.draws.shape.onset == 0)

    rows = np.repeat(np.arange(10), 12)
    study = fit_law(np.tile(n, 10), np.tile(flat, 10) * (1 + 0.001 * rows), rows)
    assert np.all(study.draws.shape.onset == 0)


def test_drift_beyond_starts_like_an_integrated_brownian_motion():
    x = np.array([0.05])
    kernel = drift_kernel(0.1, 0.2, x, x)[0, 0]
    assert drift_variance(0.1, 0.2, x)[0] == pytest.approx(kernel, rel=0.02)
    assert drift_variance(0.1, 0.2, -x)[0] == 0
    assert drift_kernel(0.1, 0.2, x, -x)[0, 0] == 0
