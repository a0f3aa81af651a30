"""Decisions from laws that are known."""

from __future__ import annotations

import numpy as np
import pytest

from forescale.growth.config import LoopConfig
from forescale.growth.decisions import Standing, decide
from forescale.laws import fit_law

SIZES = np.array([10, 20, 40, 80, 160])


def _loop(matters=None, **budget):
    arm = {"engine": {"name": "replay", "protocol": {"dataset": "xtb-refractive-index"}}}
    return LoopConfig.model_validate(
        {
            "name": "made up",
            "target": {"dataset": "refractive-index-measured"},
            "arm": [{"name": name, **arm} for name in ("steep", "flat")],
            "budget": {"total": 1000.0, "matters": matters, **budget},
            "explore": 0.0,
            "first": 10,
        }
    )


def _standing(name, limit, scale, noise=0.002, past=(), sizes=SIZES):
    """An arm of error limit + scale·n^-0.7, ten replicates."""
    rng = np.random.default_rng(len(name))
    n = np.tile(sizes, 10)
    error = (limit + scale * n**-0.7) * np.exp(noise * rng.normal(size=len(n)))
    law = fit_law(n, error, np.repeat(np.arange(10), len(sizes)), seed=0)
    last = float(error[n == sizes[-1]].mean())
    return Standing(name, int(sizes[-1]), 500, 1.0, law, last, {}, tuple(past))


@pytest.fixture(scope="module")
def steep():
    return _standing("steep", 0.1, 5.0)


@pytest.fixture(scope="module")
def flat():
    return _standing("flat", 0.3, 0.05)


def test_the_arm_that_still_falls_is_chosen(steep, flat):
    decision = decide([steep, flat], _loop(), 320.0, 5)
    assert (decision.action, decision.arm) == ("compute", "steep")
    assert decision.probabilities["steep"] > 0.95


def test_nothing_worth_its_cost_stops_with_the_probability(flat):
    decision = decide([flat], _loop(matters=0.05), 160.0, 5)
    assert decision.action == "stop"
    assert "with a probability of" in decision.reason


def test_less_than_a_decade_of_sizes_stops_nothing_but_after_poor_batches():
    sizes = np.array([10, 20, 40, 80])
    short = _standing("flat", 0.3, 0.05, sizes=sizes)
    assert decide([short], _loop(matters=0.05), 80.0, 5).action == "compute"
    poor = _standing("flat", 0.3, 0.05, past=(0.31, 0.305, 0.302), sizes=sizes)
    assert decide([poor], _loop(matters=0.05), 80.0, 5).action == "stop"


def test_what_may_still_matter_goes_on(steep):
    assert decide([steep], _loop(matters=0.005), 160.0, 5).action == "compute"


@pytest.mark.parametrize(
    ("past", "little"),
    [
        ((0.5, 0.49, 0.48), True),
        ((0.5, 0.51, 0.50), True),
        ((0.6, 0.5, 0.48), False),
        ((0.5, 0.49), False),
        ((), False),
    ],
)
def test_batches_in_a_row_that_brought_little_are_seen(past, little):
    assert Standing("a", 10, 10, 1.0, past=past).brought_little(0.05) is little


def test_two_poor_batches_ask_for_more_than_a_faint_hope():
    uncertain = _standing("hopeful", 0.3, 0.3, noise=0.03)
    poor = _standing("hopeful", 0.3, 0.3, noise=0.03, past=(0.31, 0.31, 0.31))
    loop = _loop(matters=0.004)
    assert decide([uncertain], loop, 160.0, 5).action == "compute"
    stopped = decide([poor], loop, 160.0, 5)
    assert stopped.action == "stop"
    assert "its last 2 batches brought less" in stopped.reason
