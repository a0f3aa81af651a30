"""Equivalence, allocation, comparison, stopping and the next size, on known laws."""

import json

import numpy as np
import pytest

from forescale.errors import LawError
from forescale.laws import fit_joint, fit_law
from forescale.planning import (
    Costs,
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
    assert equivalent_simulations(JOINT, 1600, 80, 8000).not_reachable > 0.9


def test_contour_has_one_error_everywhere():
    for row in contour(JOINT, 0.06, np.array([40.0, 80.0])):
        assert surface(row["median"], row["n_target"]) == pytest.approx(0.06, rel=0.02)


def test_allocation_beats_both_extremes_and_finds_the_optimum():
    answer = allocate(JOINT, 1600, 80, budget=4000, cost_source=1, cost_target=20)
    share = np.linspace(0, 1, 201)
    truth = surface(1600 + 4000 * share, 80 + 200 * (1 - share))
    chosen = surface(1600 + answer["more_source"], 80 + answer["more_target"])
    assert chosen <= truth.min() * 1.01
    assert answer["error"]["median"] <= answer["error_all_source"]["median"]
    assert answer["error"]["median"] <= answer["error_all_target"]["median"]


def test_comparison_finds_the_crossing_of_two_sources():
    cheap, careful = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2), fit_law(SIZES, 6 * SIZES**-0.5 + 0.1)
    answer = compare({"cheap": cheap, "careful": careful}, budgets=[100, 1e5])
    assert answer["budgets"][0]["probability_best"]["cheap"] > 0.95
    assert answer["budgets"][1]["probability_best"]["careful"] > 0.95
    assert answer["crossings"][0]["median"] == pytest.approx(900, rel=0.15)


def test_costs_move_the_crossing():
    laws = {
        "cheap": fit_law(SIZES, 3 * SIZES**-0.5 + 0.2),
        "careful": fit_law(SIZES, 6 * SIZES**-0.5 + 0.1),
    }
    answer = compare(laws, costs={"cheap": 1, "careful": 4})
    # 3·b^-1/2 + 0.2 = 6·(b / 4)^-1/2 + 0.1
    assert answer["crossings"][0]["median"] == pytest.approx(8100, rel=0.15)


def test_comparison_refuses_what_it_cannot_do():
    with pytest.raises(LawError, match="at least two"):
        compare({"one": LAW})
    with pytest.raises(LawError, match="no cost for 'b'"):
        compare({"a": LAW, "b": LAW}, costs={"a": 1})


def test_stopping_depends_on_what_matters():
    assert stopping(LAW, batch=12800, matters=0.02)["stop"]
    assert not stopping(LAW, batch=12800, matters=0.002)["stop"]


def test_gain_per_cost_is_the_slope_of_the_law():
    slope = 0.5 * 3 * 12800**-1.5
    assert gain_per_cost(LAW, 10).median == pytest.approx(slope / 10, rel=0.1)


def test_running_where_the_curve_is_known_helps_less_than_running_farther():
    rng = np.random.default_rng(0)
    law = fit_law(SIZES, (3 * SIZES**-0.5 + 0.2) * np.exp(0.02 * rng.standard_normal(8)))
    reduction = {row["n_source"]: row["reduction"] for row in next_sizes(law)}
    assert reduction[4 * 12800] > reduction[12800]
    assert all(0 <= value <= 1 for value in reduction.values())


def test_whole_plan_is_plain_json():
    plan = make_plan(LAW, joint=JOINT, costs=Costs(1, 20, 4000, 0.005, 1000), unit="eV")
    answer = plan.to_json()
    json.dumps(answer, allow_nan=False)
    assert answer["joint"][0]["allocation"]["budget"] == 4000
    text = "\n".join(plan.to_text())
    assert "one experiment is worth" in text
    assert "go on" in text or "stop" in text
