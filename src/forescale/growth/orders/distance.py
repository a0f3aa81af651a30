"""Orders by distance: spread out, or near what is asked."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from forescale.growth.orders.contract import Pool, Scores, Singles

_ROWS = 512


class DiverseOrder:
    """Farthest first: the material farthest from all that is computed (greedy k-centre).

    References
    ----------
    Gonzalez, Theor. Comput. Sci. 38, 293 (1985), doi 10.1016/0304-3975(85)90224-5.
    """

    name: ClassVar[str] = "diverse"
    needs_targets: ClassVar[bool] = False

    def scores(self, pool: Pool, rng: np.random.Generator) -> Scores:
        """Distance to the nearest computed material."""
        del rng
        return _Farthest(pool)


class _Farthest:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._nearest = nearest(pool, pool.features[pool.computed])
        self._start: NDArray[np.floating] | None = None
        if not len(pool.computed):  # begin in the middle
            here = pool.features[pool.candidates]
            away = pool.metric.between(here.mean(axis=0, keepdims=True), here)[0]
            self._start = 1.0 / (1.0 + away)

    def now(self) -> NDArray[np.floating]:
        return self._nearest if self._start is None else self._start

    def take(self, place: int) -> None:
        away = self._pool.distances(self._pool.candidates[place : place + 1])[0]
        self._nearest = np.minimum(self._nearest, away)
        self._start = None


class NearOrder:
    """Nearest to the measured materials first."""

    name: ClassVar[str] = "near"
    needs_targets: ClassVar[bool] = True

    def scores(self, pool: Pool, rng: np.random.Generator) -> Scores:
        """One over one plus the distance to the nearest target."""
        del rng
        return _Near(1.0 / (1.0 + nearest(pool, pool.targets)))


class _Near:
    def __init__(self, values: NDArray[np.floating]) -> None:
        self._values = values

    def now(self) -> NDArray[np.floating]:
        return self._values

    def take(self, place: int) -> None:
        """Nothing changes: how near a material is does not depend on what is computed."""


def nearest(pool: Pool, rows: Singles) -> Singles:
    """Distance from each candidate to the nearest of some rows of features, infinite for none."""
    best = np.full(len(pool.candidates), np.inf, dtype=np.float32)
    for start in range(0, len(rows), _ROWS):
        away = pool.to_candidates(rows[start : start + _ROWS])
        np.minimum(best, away.min(axis=0), out=best)
    return best
