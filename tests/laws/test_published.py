"""The published fit and the marginal worth, against explicit ones."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from forescale.errors import LawError
from forescale.laws import fit_joint, fit_published, marginal_worth

SIZES = np.geomspace(30, 4000, 12).round()


def trials(rng, count=40, scatter=0.05):
    values = (3 * SIZES**-0.5 + 0.2) * np.exp(scatter * rng.standard_normal((count, len(SIZES))))
    return np.tile(SIZES, count), values.ravel(), np.repeat(np.arange(count), len(SIZES))


def test_the_fit_is_scipys_least_squares_on_the_mean_error():
    n, error, ids = trials(np.random.default_rng(0))
    law = fit_published(n, error, ids)
    mean = error.reshape(-1, len(SIZES)).mean(axis=0)
    best, _ = curve_fit(lambda x, d, a, c: d * x**-a + c, SIZES, mean, p0=(2, 0.4, 0.1))
    found = (law.scale.estimate, law.decay_rate.estimate, law.transfer_gap.estimate)
    assert found == pytest.approx(best, rel=0.02)
    assert law.r_squared > 0.99
    assert law.trials == 40


def test_the_bootstrap_covers_and_narrows_with_more_trials():
    hits, widths = 0, {10: [], 90: []}
    for seed in range(20):
        for count in widths:
            law = fit_published(*trials(np.random.default_rng(seed), count), resamples=200)
            widths[count].append(law.transfer_gap.high - law.transfer_gap.low)
            hits += count == 90 and law.transfer_gap.low <= 0.2 <= law.transfer_gap.high
    assert hits >= 14
    assert np.median(widths[90]) < np.median(widths[10]) / 2


def test_without_trials_there_is_a_fit_and_no_interval():
    law = fit_published(SIZES, 3 * SIZES**-0.5 + 0.2)
    assert law.equation == "E(n) = 3·n^(-0.5) + 0.2"
    assert law.transfer_gap.to_json() == {
        "estimate": pytest.approx(0.2, abs=1e-3),
        "low": None,
        "high": None,
    }
    assert law.predict([1e5]).median[0] == pytest.approx(3 * 1e5**-0.5 + 0.2, rel=1e-3)
    with pytest.raises(LawError, match="at least 3 different sizes"):
        fit_published([10, 20], [1.0, 0.5])


def test_marginal_worth_is_the_ratio_of_the_slopes():
    def error(n, m):
        return (2 * n**-0.5 + 0.3) * m**-0.4 + 0.05

    n, m = (g.ravel() for g in np.meshgrid([100, 300, 900, 2700], [10, 30, 90]))
    law = fit_joint(n, m, error(n, m), backtest=False)
    worth = marginal_worth(law, 900, 30)
    by_m = -0.4 * (2 * 900**-0.5 + 0.3) * 30**-1.4
    by_n = -(900**-1.5) * 30**-0.4
    assert worth.estimate == pytest.approx(by_m / by_n, rel=0.1)
    assert worth.low <= by_m / by_n <= worth.high
    with pytest.raises(LawError, match="above zero"):
        marginal_worth(law, 0, 30)


def test_a_curve_that_does_not_bend_says_so():
    """Of a curve that bends the wrong way least squares takes the smallest rate it may: no law."""
    straight = fit_published(SIZES, 1.0 - 0.03 * SIZES / SIZES[-1])
    assert straight.at_edge
    assert straight.to_json()["at_edge"]
    assert not fit_published(SIZES, 3 * SIZES**-0.5 + 0.2).at_edge
