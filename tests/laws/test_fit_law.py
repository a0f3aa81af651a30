"""One law: known parameters recovered, bad input refused, JSON without NaN."""

import json
import warnings

import numpy as np
import pytest

from forescale.errors import LawError
from forescale.laws import fit_law

SIZES = 100 * 2.0 ** np.arange(8)


def nested_curves(rng, n, alpha, scale, gap, replicates, shared=0.04, own=0.02):
    """Replicates whose errors move together along n, as nested training sets make them."""
    truth = scale * n**-alpha + gap
    common = shared * rng.standard_normal((replicates, 1))
    step = own * rng.standard_normal((replicates, len(n)))
    values = truth * np.exp(common + step)
    ids = np.repeat(np.arange(replicates), len(n))
    return np.tile(n, replicates), values.ravel(), ids


def test_exact_curve_gives_its_parameters_back():
    law = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2)
    assert law.decay_rate.estimate == pytest.approx(0.5, rel=0.03)
    assert law.scale.estimate == pytest.approx(3, rel=0.05)
    assert law.transfer_gap.estimate == pytest.approx(0.2, rel=0.02)
    assert law.flags == ()
    assert law.r_squared > 0.999


def test_units_of_n_and_error_do_not_matter():
    error = 3 * SIZES**-0.5 + 0.2
    small = fit_law(SIZES, error).predict([1e5]).median[0]
    large = fit_law(SIZES * 1e6, error * 1e-9).predict([1e11]).median[0]
    assert large == pytest.approx(small * 1e-9, rel=1e-6)


def test_order_and_seed_decide_nothing_but_the_draws():
    error = 3 * SIZES**-0.5 + 0.2
    order = np.random.default_rng(1).permutation(8)
    assert fit_law(SIZES, error).to_json() == fit_law(SIZES[order], error[order]).to_json()


def test_intervals_of_parameters_cover_in_simulation():
    n = np.geomspace(30, 3000, 12).round()
    hits = np.zeros(3)
    trials = 60
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        law = fit_law(*nested_curves(rng, n, 0.4, 2.0, 0.15, 10), draws=500)
        for k, (q, truth) in enumerate(
            [(law.decay_rate, 0.4), (law.scale, 2.0), (law.transfer_gap, 0.15)]
        ):
            hits[k] += q.low <= truth <= q.high
    assert np.all(hits / trials >= 0.8)


def test_uneven_replicates_are_handled():
    n, error, ids = nested_curves(np.random.default_rng(0), SIZES, 0.5, 3.0, 0.2, 6)
    keep = np.random.default_rng(1).random(len(n)) > 0.3
    law = fit_law(n[keep], error[keep], ids[keep])
    assert law.transfer_gap.low < 0.2 < law.transfer_gap.high


def test_pure_power_law_says_its_limit_is_not_known():
    noise = np.exp(0.02 * np.random.default_rng(0).standard_normal(8))
    law = fit_law(SIZES, 3 * SIZES**-0.3 * noise)
    assert "not_bent_yet" in law.flags


@pytest.mark.parametrize(
    ("n", "error", "flag"),
    [
        (SIZES, 0.2 + 0.1 * np.log10(SIZES), "not_decreasing"),
        (SIZES, np.full(8, 0.3), "not_decreasing"),
        ([100, 200, 400], [0.5, 0.4, 0.35], "too_few_sizes"),
        ([100, 200, 300, 400], [0.5, 0.4, 0.35, 0.33], "under_a_decade"),
        ([100], [0.5], "too_few_sizes"),
        ([1, 1000], [0.5, 0.4], "too_few_sizes"),
    ],
)
def test_curves_that_say_little_are_flagged_and_still_answered(n, error, flag):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = fit_law(n, error, at=[1e4]).to_json()
    assert flag in answer["flags"]
    json.dumps(answer, allow_nan=False)
    forecast = answer["forecast"][0]
    assert 0 < forecast["low"] < forecast["median"] < forecast["high"]


def test_limit_below_the_noise_floor_is_flagged():
    law = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2, noise_floor=0.3)
    assert "limit_below_noise_floor" in law.flags


@pytest.mark.parametrize(
    ("n", "error", "words"),
    [
        ([100, -1], [0.5, 0.4], "n must be finite and above zero, got -1 at position 1"),
        ([100, 200], [0.5, np.nan], "error must be finite and above zero, got nan at position 1"),
        ([100, 200], [0.5, 0.0], "error must be finite and above zero"),
        ([100, 200, 300], [0.5, 0.4], "n has 3 values, error 2"),
        ([], [], "no points"),
        (["a"], [1.0], "n must be numbers"),
    ],
)
def test_unusable_points_are_refused_with_the_reason(n, error, words):
    with pytest.raises(LawError, match=words):
        fit_law(n, error)


def test_forecast_interval_widens_beyond_the_data():
    law = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2)
    forecast = law.predict([2e4, 2e5, 2e6])
    width = forecast.high - forecast.low
    assert width[0] < width[1] < width[2]


def test_backtest_reports_error_and_coverage_per_origin():
    backtest = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2).backtest
    assert [o["n_fit_max"] for o in backtest["origins"]] == [1600, 3200, 6400]
    assert backtest["rmsle"] < backtest["last_value_rmsle"]
    assert backtest["coverage"] == 1.0
