"""What every order must do: subclass :class:`OrderSuite` in a test module of your own.

class TestMine(OrderSuite):
    order = MyOrder()
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from forescale.errors import RequestError
from forescale.growth.orders.contract import Order, Pool
from forescale.growth.orders.greedy import choose


def example_pool(candidates: int = 120, computed: int = 10, seed: int = 0) -> Pool:
    """A pool of points in three dimensions, targets in one corner of it."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(candidates + computed, 3)).astype(np.float32)
    targets = (rng.normal(size=(15, 3)) * 0.3 + 1.5).astype(np.float32)
    rows = np.arange(candidates + computed)
    counts = np.zeros(3, dtype=bool)
    return Pool(features, counts, rows[:computed], rows[computed:], targets)


class OrderSuite:
    """Tests that every order passes."""

    order: ClassVar[Order]

    def test_chooses_as_many_as_asked_each_once(self) -> None:
        rows, control = choose(self.order, example_pool(), 40, seed=1)
        assert len(rows) == len(control) == len(set(rows.tolist())) == 40

    def test_chooses_candidates_only(self) -> None:
        pool = example_pool()
        rows, _ = choose(self.order, pool, 40, seed=1)
        assert set(rows.tolist()) <= set(pool.candidates.tolist())

    def test_takes_all_there_are_where_more_are_asked(self) -> None:
        pool = example_pool(candidates=12)
        rows, _ = choose(self.order, pool, 40, seed=1)
        assert sorted(rows.tolist()) == pool.candidates.tolist()

    def test_same_seed_same_choice(self) -> None:
        first, _ = choose(self.order, example_pool(), 30, seed=5, control=0.3)
        again, _ = choose(self.order, example_pool(), 30, seed=5, control=0.3)
        assert first.tolist() == again.tolist()

    def test_a_batch_begins_as_a_smaller_one_does(self) -> None:
        more, _ = choose(self.order, example_pool(), 30, seed=5)
        fewer, _ = choose(self.order, example_pool(), 10, seed=5)
        assert more[:10].tolist() == fewer.tolist()

    def test_begins_with_nothing_computed(self) -> None:
        rows, _ = choose(self.order, example_pool(computed=0), 5, seed=2)
        assert len(set(rows.tolist())) == 5

    def test_the_control_has_its_share(self) -> None:
        _, control = choose(self.order, example_pool(), 40, seed=1, control=0.25)
        assert control.sum() == 10

    def test_says_so_where_it_needs_targets(self) -> None:
        pool = example_pool()
        bare = Pool(pool.features, pool.is_count, pool.computed, pool.candidates, pool.targets[:0])
        try:
            choose(self.order, bare, 5, seed=0)
        except RequestError:
            assert self.order.needs_targets
        else:
            assert not self.order.needs_targets
