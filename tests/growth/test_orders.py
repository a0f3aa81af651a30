"""Orders: the contract, and that each does what its name says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forescale.errors import ConfigError
from forescale.growth.orders import choose, get_order, order_names
from forescale.growth.orders.process import NOISE, kernel
from forescale.growth.orders.testing import OrderSuite, example_pool


class TestRandom(OrderSuite):
    order = get_order("random")


class TestDiverse(OrderSuite):
    order = get_order("diverse")


class TestNear(OrderSuite):
    order = get_order("near")


class TestUncertain(OrderSuite):
    order = get_order("uncertain")


class TestInformative(OrderSuite):
    order = get_order("informative")


def _posterior(pool, rows, at, noise=NOISE):
    """Covariance of targets given computed rows, by explicit inverse."""
    between = pool.metric.between
    known = pool.features[rows]
    k = kernel(between(known, known)).astype(float) + noise * np.eye(len(rows))
    cross = kernel(between(known, at)).astype(float)
    prior = kernel(between(at, at)).astype(float)
    return prior - cross.T @ np.linalg.solve(k, cross)


def test_informative_takes_what_lowers_the_targets_variance_most():
    pool = example_pool(candidates=30)
    chosen, _ = choose(get_order("informative"), pool, 6, seed=0)
    known = list(pool.computed)
    for row in chosen:
        left = [c for c in pool.candidates if c not in known]
        variances = [np.trace(_posterior(pool, np.array([*known, c]), pool.targets)) for c in left]
        best = left[int(np.argmin(variances))]
        found = np.trace(_posterior(pool, np.array([*known, row]), pool.targets))
        assert found == pytest.approx(min(variances), rel=1e-4), (row, best)
        known.append(row)


def test_uncertain_takes_the_largest_variance_each_time():
    pool = example_pool(candidates=30)
    chosen, _ = choose(get_order("uncertain"), pool, 6, seed=0)
    known = list(pool.computed)
    for row in chosen:
        left = [c for c in pool.candidates if c not in known]
        variance = np.diag(_posterior(pool, np.array(known), pool.features[left]))
        assert variance[left.index(row)] == pytest.approx(variance.max(), abs=1e-5)
        known.append(row)


def test_near_begins_with_the_nearest_and_diverse_with_the_farthest():
    pool = example_pool()
    to_targets = pool.target_distances().min(axis=0)
    near, _ = choose(get_order("near"), pool, 5, seed=0)
    assert near.tolist() == pool.candidates[np.argsort(to_targets)[:5]].tolist()
    far, _ = choose(get_order("diverse"), pool, 1, seed=0)
    to_computed = pool.distances(pool.computed).min(axis=0)
    assert far[0] == pool.candidates[np.argmax(to_computed)]


def test_cheap_materials_come_first_where_the_order_is_worth_per_cost():
    pool = example_pool()
    first, _ = choose(get_order("informative"), pool, 1, seed=0)
    seconds = np.ones(len(pool.features))
    seconds[first[0]] = 1e6
    again, _ = choose(get_order("informative"), replace(pool, seconds=seconds), 1, seed=0)
    assert again[0] != first[0]


def test_pairs_whose_parts_are_there_cost_next_to_nothing():
    rng = np.random.default_rng(0)
    solutes, solvents = np.divmod(np.arange(100), 10)
    features = np.concatenate(
        [rng.normal(size=(10, 2))[solutes], rng.normal(size=(10, 2))[solvents]], axis=1
    ).astype(np.float32)
    pool = replace(
        example_pool(candidates=90),
        features=features,
        is_count=np.zeros(4, dtype=bool),
        targets=features[rng.permutation(100)[:20]],
        sides=np.stack([solutes, 10 + solvents], axis=1),
    )
    chosen, _ = choose(get_order("informative"), pool, 30, seed=0)
    parts = {int(side) for row in [*pool.computed, *chosen] for side in pool.sides[row]}
    plain, _ = choose(get_order("informative"), replace(pool, sides=None), 30, seed=0)
    without = {int(side) for row in [*pool.computed, *plain] for side in pool.sides[row]}
    assert len(parts) < len(without)


def test_unknown_orders_and_what_is_no_order_are_refused():
    assert set(order_names()) >= {"random", "diverse", "near", "uncertain", "informative"}
    with pytest.raises(ConfigError, match="expected one of"):
        get_order("best")
    with pytest.raises(ConfigError, match="order"):
        get_order("json:dumps")


def test_informative_sums_stay_true_over_many_candidates():
    scores = get_order("informative").scores(example_pool(candidates=200), None)
    for place in range(0, 180, 3):
        scores.take(place)
    true = scores._summed()
    assert np.abs(scores._squares - true).max() < 1e-4 * true.max()


def test_informative_counts_the_others_only_where_own_values_are_hidden():
    pool = example_pool(candidates=30)
    targets = np.concatenate([pool.targets, pool.features[pool.candidates[:8]]])
    pool = replace(pool, targets=targets, hidden=True)
    chosen, _ = choose(get_order("informative"), pool, 6, seed=0)

    known = list(pool.computed)
    for row in chosen:
        left = [c for c in pool.candidates if c not in known]
        before = np.diag(_posterior(pool, np.array(known), targets))
        gains = []
        for candidate in left:
            after = np.diag(_posterior(pool, np.array([*known, candidate]), targets))
            others = ~(targets == pool.features[candidate]).all(axis=1)
            gains.append(float((before - after)[others].sum()))
        assert gains[left.index(row)] == pytest.approx(max(gains), rel=1e-4)
        known.append(row)
