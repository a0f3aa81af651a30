"""Equivalence, allocation, comparison, stopping and the next size, on known laws."""

import json
from dataclasses import replace

import numpy as np
import pytest

from forescale.errors import ConfigError, LawError
from forescale.laws import RunLaws, fit_joint, fit_law
from forescale.laws.drift import drift_covariance, drift_variance
from forescale.laws.published import marginal_worth
from forescale.planning import (
    Action,
    Questions,
    SampleSize,
    allocate,
    compare,
    contour,
    equivalent_experiments,
    equivalent_simulations,
    gain_per_cost,
    make_plan,
    next_sizes,
    stopping,
)
from forescale.planning.levels import first_crossing
from forescale.report.plan_text import plan_lines

N, M = (g.ravel() for g in np.meshgrid(50 * 2.0 ** np.arange(6), 10 * 2.0 ** np.arange(4)))
SIZES = 100 * 2.0 ** np.arange(8)


def surface(n, m):
    return (3 * n**-0.5 + 0.1) * m**-0.3 + 0.01


JOINT = fit_joint(N, M, surface(N, M), backtest=False)
LAW = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2)


def test_crossing_is_interpolated_and_infinite_when_never():
    grid = np.array([1.0, 10.0, 100.0])
    errors = np.array([[4.0, 2.0, 1.0], [4.0, 3.0, 2.5]])
    found = first_crossing(grid, errors, np.array([np.sqrt(2.0)]))
    assert found[0] == pytest.approx(10**1.5)
    assert np.isinf(found[1])


def test_equivalent_simulations_solve_the_defining_equation():
    delta = equivalent_simulations(JOINT, 1600, 80, 20).median
    assert surface(1600 + delta, 80) == pytest.approx(surface(1600, 100), rel=2e-3)


def test_equivalent_experiments_solve_the_defining_equation():
    delta = equivalent_experiments(JOINT, 1600, 80, 800).median
    assert surface(1600, 80 + delta) == pytest.approx(surface(2400, 80), rel=2e-3)


def test_more_experiments_than_simulations_can_replace_is_not_reachable():
    assert equivalent_simulations(JOINT, 1600, 80, 8000).p_infinite > 0.9


def test_contour_has_one_error_everywhere():
    for m, size in contour(JOINT, 0.06, np.array([40.0, 80.0])).points:
        assert surface(size.median, m) == pytest.approx(0.06, rel=0.02)


def test_allocation_beats_both_extremes_and_finds_the_optimum():
    answer = allocate(JOINT, 1600, 80, budget=4000, cost_source=1, cost_target=20)
    share = np.linspace(0, 1, 201)
    truth = surface(1600 + 4000 * share, 80 + 200 * (1 - share))
    chosen = surface(1600 + answer.more_source, 80 + answer.more_target)
    assert chosen <= truth.min() * 1.01
    assert answer.error.median <= answer.error_all_source.median
    assert answer.error.median <= answer.error_all_target.median


def test_comparison_finds_the_crossing_of_two_sources():
    cheap, careful = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2), fit_law(SIZES, 6 * SIZES**-0.5 + 0.1)
    answer = compare({"cheap": cheap, "careful": careful}, budgets=[100, 1e5])
    assert answer.budgets[0].probability_best["cheap"] > 0.95
    assert answer.budgets[1].probability_best["careful"] > 0.95
    assert answer.crossings[0].budget.median == pytest.approx(900, rel=0.15)


def test_costs_move_the_crossing():
    laws = {
        "cheap": fit_law(SIZES, 3 * SIZES**-0.5 + 0.2),
        "careful": fit_law(SIZES, 6 * SIZES**-0.5 + 0.1),
    }
    answer = compare(laws, costs={"cheap": 1, "careful": 4})
    # 3·b^-1/2 + 0.2 = 6·(b / 4)^-1/2 + 0.1
    assert answer.crossings[0].budget.median == pytest.approx(8100, rel=0.15)


def test_comparison_refuses_what_it_cannot_do():
    with pytest.raises(LawError, match="at least two"):
        compare({"one": LAW})
    with pytest.raises(LawError, match="no cost for 'b'"):
        compare({"a": LAW, "b": LAW}, costs={"a": 1})


def test_stopping_depends_on_what_matters():
    assert stopping(LAW, batch=12800, matters=0.02).stop
    assert not stopping(LAW, batch=12800, matters=0.002).stop


def test_gain_per_cost_is_the_slope_of_the_law():
    slope = 0.5 * 3 * 12800**-1.5
    assert gain_per_cost(LAW, 10).median == pytest.approx(slope / 10, rel=0.1)


def test_running_where_the_curve_is_known_helps_less_than_running_farther():
    rng = np.random.default_rng(0)
    law = fit_law(SIZES, (3 * SIZES**-0.5 + 0.2) * np.exp(0.02 * rng.standard_normal(8)))
    reduction = {row.n_source: row.reduction for row in next_sizes(law)}
    assert reduction[4 * 12800] > reduction[12800]
    assert all(0 <= value <= 1 for value in reduction.values())


def test_marginal_and_finite_worth_agree_for_small_steps():
    rate = marginal_worth(JOINT, 1600, 80)
    assert equivalent_simulations(JOINT, 1600, 80, 0.5).median == pytest.approx(
        0.5 * rate.median, rel=0.05
    )
    slope_m = 0.3 * (3 * 1600**-0.5 + 0.1) * 80**-1.3
    slope_n = 1.5 * 1600**-1.5 * 80**-0.3
    assert rate.median == pytest.approx(slope_m / slope_n, rel=0.05)


def test_covariance_of_the_drift_is_its_variance_on_the_diagonal():
    reach = np.log([0.5, 2.0, 8.0, 100.0])
    found = drift_covariance(0.02, 0.1, reach)
    assert np.diag(found) == pytest.approx(drift_variance(0.02, 0.1, reach))
    assert np.all(np.linalg.eigvalsh(found) > -1e-12)
    # One path of the slope: an integral that goes on moves with what it has gone through.
    assert found[1, 2] > found[1, 1]


LAWS = RunLaws.of_laws(LAW, [JOINT], unit="eV")


def test_whole_plan_is_plain_json():
    asked = Questions.of(cost_source=1, cost_target=20, budget=4000, matters=0.005, batch=1000)
    plan = make_plan(LAWS, asked)
    answer = plan.to_json()
    json.dumps(answer, allow_nan=False)
    assert answer["joint"][0]["allocation"]["budget"] == 4000
    assert answer["verdict"] == answer["laws"][0]["verdict"]
    text = "\n".join(plan_lines(plan, verbose=True))
    assert text.startswith("Verdict: ")
    assert "one more experiment lowers the error as much as" in text
    assert "go on" in text or "stop" in text


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
@pytest.mark.parametrize("name", ["budget", "matters", "batch", "cost_source", "cost_target"])
def test_amounts_are_finite_and_above_zero(name, value):
    with pytest.raises(ConfigError, match=f"{name}: got"):
        Questions.of(**{name: value})
    with pytest.raises(ConfigError, match="target_error: got"):
        Questions.of(value)


def test_a_budget_without_a_joint_law_is_told():
    plan = make_plan(LAW, Questions.of(cost_source=1, cost_target=20, budget=4000))
    assert "The budget is not split" in "\n".join(plan_lines(plan))


def noisy(error, sd=0.004, seed=0):
    """Ten replicates of a curve."""
    rng = np.random.default_rng(seed)
    r = np.repeat(np.arange(10), len(SIZES))
    values = np.tile(error, 10) * np.exp(sd * rng.standard_normal(10 * len(SIZES)))
    return fit_law(np.tile(SIZES, 10), values, r)


def test_a_falling_curve_says_compute_and_a_flat_one_stop():
    assert make_plan(noisy(3 * SIZES**-0.5)).verdict.decision is Action.COMPUTE
    flat = make_plan(noisy(np.full(len(SIZES), 0.3)))
    assert flat.verdict.decision is Action.STOP
    assert flat.laws[0].sample_sizes == ()


def test_a_rising_curve_gives_no_size_for_any_target():
    answer = SampleSize.of(noisy(0.2 * SIZES**0.1), 0.1)
    assert answer.answer == "not_shown_to_help"
    assert answer.to_json()["median"] is None


def test_an_error_below_the_present_one_needs_more_than_there_is():
    law = noisy(3 * SIZES**-0.5 + 0.2, sd=0.05)
    for part in (0.999, 0.99, 0.9, 0.7):
        size = SampleSize.of(law, part * law.curve.error[-1]).size
        assert size.low >= SIZES[-1]
    reached = SampleSize.of(law, 1.01 * law.curve.error[-1])
    assert reached.answer == "reached"
    assert reached.size.high <= SIZES[-1]


def test_too_few_sizes_and_a_limiting_learner_leave_it_open():
    few = make_plan(fit_law(SIZES[:3], 3 * SIZES[:3] ** -0.5)).verdict
    assert few.decision is Action.OPEN
    assert "4 or more sizes" in few.would_tell
    limited = replace(noisy(np.full(len(SIZES), 0.3)), flags=("capacity_limited",))
    assert "twice the learner's capacity" in make_plan(limited).verdict.would_tell


def test_a_reached_target_stops_and_a_far_one_computes():
    law = noisy(3 * SIZES**-0.5)
    now = float(law.curve.error[-1])
    assert make_plan(law, Questions.of(1.1 * now)).verdict.decision is Action.STOP
    assert make_plan(law, Questions.of(0.5 * now)).verdict.decision is Action.COMPUTE
