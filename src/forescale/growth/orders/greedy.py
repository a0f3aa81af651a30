"""Choosing a batch: greedily by worth per cost, with a random share kept as control."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forescale._machine.threads import one_thread
from forescale.errors import RequestError
from forescale.growth.orders.contract import Order, Pool
from forescale.learners.contract import Ints


@one_thread()
def choose(
    order: Order, pool: Pool, count: int, seed: int, *, control: float = 0.0
) -> tuple[Ints, NDArray[np.bool_]]:
    """The next materials to compute.

    Parameters
    ----------
    count
        How many; fewer are returned where the pool has fewer.
    seed
        Same seed and pool, same choice.
    control
        Share of the batch drawn at random, from 0 to 1: it keeps a random sample of the pool, from
        which a law of random computing can be read.

    Returns
    -------
    rows
        Rows of the pool, in the order in which they are to be computed, shape (chosen,).
    at_random
        Which of them are of the control, shape (chosen,).

    Raises
    ------
    RequestError
        If an order that looks at the measured side is given none.
    """
    if order.needs_targets and not len(pool.targets):
        raise RequestError(
            f"order {order.name!r} computes for the measured materials, and there are none"
        )
    for_control, for_queue, for_order = np.random.default_rng(seed).spawn(3)
    count = min(count, len(pool.candidates))
    drawn = round(control * count)
    at_random = np.zeros(count, dtype=bool)
    at_random[for_control.permutation(count)[:drawn]] = True
    queue = iter(for_queue.permutation(len(pool.candidates)))
    scores, costs = order.scores(pool, for_order), _Costs(pool)
    taken = np.zeros(len(pool.candidates), dtype=bool)
    places = np.empty(count, dtype=np.int64)
    for turn in range(count):
        if at_random[turn]:
            place = int(next(place for place in queue if not taken[place]))
        else:
            worth = np.where(taken, -np.inf, scores.now() / costs.now())
            place = int(np.argmax(worth))
        places[turn], taken[place] = place, True
        scores.take(place)
        costs.take(place)
    return pool.candidates[places], at_random


class _Costs:
    """Expected cost of each candidate as it stands: parts that are there cost nothing again."""

    SHARE = 0.01
    """Cost of putting together what is there, as a share of computing a part."""

    def __init__(self, pool: Pool) -> None:
        seconds = np.ones(len(pool.features)) if pool.seconds is None else pool.seconds
        self._seconds = seconds[pool.candidates]
        self._sides = None if pool.sides is None else pool.sides[pool.candidates]
        if pool.sides is not None:
            self._there = np.zeros(int(pool.sides.max(initial=-1)) + 1, dtype=bool)
            self._there[pool.sides[pool.computed].ravel()] = True

    def now(self) -> NDArray[np.float64]:
        """Cost of each candidate, shape (candidates,)."""
        if self._sides is None:
            return self._seconds
        missing = (~self._there[self._sides]).sum(axis=1)
        return np.asarray(self._seconds * (missing + self.SHARE))

    def take(self, place: int) -> None:
        if self._sides is not None:
            self._there[self._sides[place]] = True
