"""One law: known parameters recovered, bad input refused, JSON without NaN."""

import json
import warnings

import numpy as np
import pytest

from forescale.errors import LawError
from forescale.laws import fit_law, read_curve
from forescale.laws.posterior import Posterior

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
    """By the posterior alone: backtests, four fits more, do not move these intervals."""
    n = np.geomspace(30, 3000, 12).round()
    hits = []
    for trial in range(40):
        rng = np.random.default_rng(trial)
        curve = read_curve(*nested_curves(rng, n, 0.4, 2.0, 0.15, 10))
        drawn = Posterior.of(curve).sample(500, rng).new_materials()
        low, high = np.quantile([drawn.alpha, drawn.scale, drawn.gap], [0.05, 0.95], axis=1)
        hits.append((low <= [0.4, 2.0, 0.15]) & (high >= [0.4, 2.0, 0.15]))
    assert np.all(np.mean(hits, axis=0) >= 0.8)


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


def correlated_study(seed, common=0.15, replicates=10):
    """One curve whose replicates have unequal, strongly shared scatter."""
    rng = np.random.default_rng(seed)
    n = np.geomspace(30, 4000, 14).round()
    size = np.linspace(1.6, 0.6, len(n))
    logs = common * rng.standard_normal((replicates, 1)) * size
    logs = logs + 0.01 * rng.standard_normal((replicates, len(n)))
    values = (0.5 * n**-0.4 + 0.1) * np.exp(logs)
    return np.tile(n, replicates), values.ravel(), np.repeat(np.arange(replicates), len(n))


def test_the_line_goes_through_its_points_where_replicates_share_their_scatter():
    misses = []
    for seed in range(6):
        law = fit_law(*correlated_study(seed), draws=1000)
        line = law.predict(law.curve.n).median
        misses.append(np.mean(law.curve.error / line - 1))
        assert line[-1] == pytest.approx(law.curve.error[-1], rel=0.02)
    assert np.max(np.abs(misses)) < 0.005


def test_two_questions_have_two_intervals():
    law = fit_law(*correlated_study(0))
    study, anywhere = law.predict([4000, 32000]), law.forecast_new_materials([4000, 32000])
    assert np.all(anywhere.high - anywhere.low > 1.4 * (study.high - study.low))
    assert anywhere.median == pytest.approx(study.median)
    answer = law.to_json()
    assert [row["n_source"] for row in answer["forecast_new_materials"]] == [
        row["n_source"] for row in answer["forecast"]
    ]
    with pytest.raises(LawError, match="'study' or 'new_materials'"):
        law.predict([100], "others")


def test_r_squared_is_that_of_the_line_drawn():
    law = fit_law(*correlated_study(1))
    off = law.curve.error - law.predict(law.curve.n).median
    around = law.curve.error - law.curve.error.mean()
    assert law.r_squared == pytest.approx(1 - off @ off / (around @ around), abs=1e-6)


def test_a_plateau_is_said_and_its_level_is_the_limit():
    rng = np.random.default_rng(0)
    n = np.geomspace(30, 4000, 14).round()
    values = np.maximum(0.5 * n**-0.5, 0.03) * np.exp(0.005 * rng.standard_normal((10, 14)))
    flat = values[:, n > 300]
    law = fit_law(np.tile(n[n > 300], 10), flat.ravel(), np.repeat(np.arange(10), flat.shape[1]))
    assert "levelled_off" in law.flags
    assert law.transfer_gap.estimate == pytest.approx(0.03, rel=0.02)
    assert law.limit_below is None


def test_a_limit_that_is_not_seen_is_a_bound():
    noise = np.exp(0.02 * np.random.default_rng(0).standard_normal(8))
    law = fit_law(SIZES, 3 * SIZES**-0.3 * noise)
    assert law.limit_below == law.transfer_gap.high == law.to_json()["limit_below"]


def test_a_slow_power_is_not_sold_as_a_limit():
    """Half of the error goes on falling, slowly: a limit above it is flagged or not claimed."""
    n = np.geomspace(30, 4000, 14).round()
    honest = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        u = n / n[-1]
        truth = 0.1 * (0.35 * u**-0.6 + 0.35 * u**-0.15 + 0.3)
        values = truth * np.exp(0.02 * rng.standard_normal((10, 14)))
        law = fit_law(np.tile(n, 10), values.ravel(), np.repeat(np.arange(10), 14), draws=500)
        covered = law.transfer_gap.low <= 0.03 <= law.transfer_gap.high
        honest.append(covered or "limit_model_dependent" in law.flags)
    assert np.mean(honest) >= 0.8


@pytest.mark.parametrize("replicates", [1, 2])
def test_far_sizes_are_foreseen_without_overflow(replicates):
    rng = np.random.default_rng(0)
    error = SIZES**-2.0 * np.exp(rng.standard_normal((replicates, 8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        law = fit_law(np.tile(SIZES, replicates), error.ravel(), np.repeat(range(replicates), 8))
        for forecast in (law.predict([1e-250, 1e250]), law.forecast_new_materials([1e-250, 1e250])):
            assert np.all(np.isfinite(forecast.high))
            assert np.all(forecast.low > 0)
