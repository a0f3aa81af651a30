"""One summary of draws, that survives infinities."""

import math

import numpy as np
import pytest

from forescale.laws import Distribution
from forescale.laws.distribution import band


def test_finite_draws_are_interpolated():
    found = Distribution(np.arange(101.0))
    assert (found.low, found.median, found.high) == pytest.approx((5, 50, 95))
    assert found.p_infinite == 0
    assert found.to_json() == pytest.approx({"estimate": 50, "low": 5, "high": 95})


def test_infinity_is_an_answer_and_null_in_json():
    found = Distribution(np.array([1.0] * 4 + [math.inf] * 6))
    assert math.isinf(found.median)
    assert found.p_infinite == 0.6
    answer = found.to_answer()
    assert answer["median"] is None
    assert answer["low"] == answer["at_least_with_90_percent"] == 1
    assert answer["probability_not_reachable"] == 0.6


def test_a_band_runs_along_the_first_axis():
    draws = np.stack([np.arange(101.0), 10 * np.arange(101.0)], axis=1)
    assert pytest.approx(np.array([[10, 50, 90], [100, 500, 900]])) == band(draws, 0.8).T
