"""The contract of an order, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from forescale.learners.contract import Ints
from forescale.learners.gp.metric import Anchors, Metric

Singles = NDArray[np.float32]
_AT_ONCE = 64
_REFERENCE_ROWS = 5_000
"""Rows of the pool from which the scales of the distance are learnt."""


@dataclass(frozen=True)
class Pool:
    """Materials that may be computed, as an order sees them: inputs only, never a value.

    Parameters
    ----------
    features
        One row a material, shape (pool, features).
    is_count
        Which features count something, shape (features,).
    computed
        Rows that have been computed (or are being), in that order, shape (n,).
    candidates
        Rows that may be chosen, shape (candidates,).
    targets
        Features of the materials that predictions are for: the measured side, shape
        (targets, features).
    sides
        Which distinct parts each material is made of, shape (pool, parts), where a part is
        computed once and serves every material that has it (the surfaces of a pair's polymer and
        solvent); None where a material stands alone.
    seconds
        Expected cost of one material (with ``sides``: of one part), shape (pool,); None if all
        cost the same.
    hidden
        Whether what is predicted is judged without its own computed value. The targets then stand
        for materials like them, and computing one of them is worth what it tells of the others.
    """

    features: Singles
    is_count: NDArray[np.bool_]
    computed: Ints
    candidates: Ints
    targets: Singles
    sides: Ints | None = None
    seconds: NDArray[np.float64] | None = None
    hidden: bool = False

    @cached_property
    def metric(self) -> Metric:
        """Distance between materials, in units of the pool's median distance."""
        rows = np.linspace(0, len(self.features) - 1, min(len(self.features), _REFERENCE_ROWS))
        return Metric(self.features[rows.astype(int)], self.is_count, "laplacian")

    @cached_property
    def _candidates(self) -> Anchors:
        """The candidates on the metric's scale, once for all distances to them."""
        return Anchors(self.metric, self.features[self.candidates])

    def distances(self, rows: Ints) -> Singles:
        """Distances from some rows to the candidates, shape (rows, candidates)."""
        return self.to_candidates(self.features[rows])

    def target_distances(self) -> Singles:
        """Distances from the targets to the candidates, shape (targets, candidates)."""
        return self.to_candidates(self.targets)

    def to_candidates(self, features: Singles) -> Singles:
        """Distances from rows of features to the candidates, shape (rows, candidates)."""
        found = np.empty((len(features), len(self.candidates)), dtype=np.float32)
        for start in range(0, len(features), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            found[part] = self._candidates.distances(features[part])
        return found


class Scores(Protocol):
    """What an order thinks of each candidate, brought up to date as candidates are taken."""

    def now(self) -> NDArray[np.floating]:
        """Worth of computing each candidate next, above or at zero, shape (candidates,)."""
        ...

    def take(self, place: int) -> None:
        """Take account of the candidate at this place, which is computed next."""
        ...


@runtime_checkable
class Order(Protocol):
    """A rule that says which material next. Stateless: all it may use is in the pool.

    ``forescale.growth.orders.testing`` holds the tests that every order passes.
    """

    name: ClassVar[str]
    needs_targets: ClassVar[bool]

    def scores(self, pool: Pool, rng: np.random.Generator) -> Scores:
        """Begin: the worth of every candidate."""
        ...


Factory = Callable[[], Order]
