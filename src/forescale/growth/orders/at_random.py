"""Random: the order that laws are of, and the control of all others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from forescale.growth.orders.contract import Pool, Scores


class RandomOrder:
    """Every material is as good as another; with costs, cheap ones are *not* preferred."""

    name: ClassVar[str] = "random"
    needs_targets: ClassVar[bool] = False

    def scores(self, pool: Pool, rng: np.random.Generator) -> Scores:
        """One random number each, for good."""
        return _Fixed(rng.random(len(pool.candidates)))


class _Fixed:
    def __init__(self, values: NDArray[np.floating]) -> None:
        self._values = values

    def now(self) -> NDArray[np.floating]:
        return self._values

    def take(self, place: int) -> None:
        """Nothing changes."""
