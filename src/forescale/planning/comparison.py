"""Several sources or protocols on one cost axis: which is best, and where two cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from forescale.errors import LawError
from forescale.laws import Law
from forescale.laws.distribution import Distribution, probability_lowest
from forescale.planning.levels import Floats, above_zero

POINTS = 61


@dataclass(frozen=True)
class AtBudget:
    """The sources at one total cost.

    Attributes
    ----------
    budget
        What is spent on each of them.
    probability_best
        By name of the source.
    error
        What each reaches.
    """

    budget: float
    probability_best: Mapping[str, float]
    error: Mapping[str, Distribution]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "budget": self.budget,
            "probability_best": dict(self.probability_best),
            "error": {name: value.to_answer() for name, value in self.error.items()},
        }


@dataclass(frozen=True)
class Crossing:
    """The total cost from which the order of two sources' errors changes; infinite for never."""

    sources: tuple[str, str]
    budget: Distribution

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"sources": list(self.sources), **self.budget.to_answer()}


@dataclass(frozen=True)
class SourceComparison:
    """Sources on one cost axis.

    Attributes
    ----------
    costs
        Cost of one value, by name of the source.
    budgets
        Which is best, and what each reaches, at several total costs, as they were asked.
    crossings
        Of every pair.
    """

    costs: Mapping[str, float]
    budgets: tuple[AtBudget, ...]
    crossings: tuple[Crossing, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "costs": dict(self.costs),
            "budgets": [one.to_json() for one in self.budgets],
            "crossings": [one.to_json() for one in self.crossings],
        }


def compare(
    laws: Mapping[str, Law],
    costs: Mapping[str, float] | None = None,
    budgets: Sequence[float] | None = None,
) -> SourceComparison:
    """Compare sources by the error their data reach for the same money.

    Parameters
    ----------
    laws
        Name of each source to its law; all of one metric.
    costs
        Cost per value of each source; 1 when not given, so the axis is n.
    budgets
        Total costs to compare at. By default eight, from the smallest size seen by all to
        ten times the largest seen by any.

    Raises
    ------
    LawError
        If there are fewer than two laws, or a source has no cost.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> n = 100 * 2.0 ** np.arange(8)
    >>> cheap, careful = fit_law(n, 3 * n**-0.5 + 0.2), fit_law(n, 6 * n**-0.5 + 0.1)
    >>> answer = compare({"cheap": cheap, "careful": careful}, budgets=[200, 1e5])
    >>> [max(one.probability_best, key=one.probability_best.get) for one in answer.budgets]
    ['cheap', 'careful']
    """
    if len(laws) < 2:
        raise LawError(f"a comparison needs at least two sources, got {len(laws)}")
    price = {name: 1.0 if costs is None else _cost(costs, name) for name in laws}
    low = max(law.curve.n[0] * price[name] for name, law in laws.items())
    high = 10 * max(law.curve.n[-1] * price[name] for name, law in laws.items())
    asked = np.geomspace(low, high, 8) if budgets is None else np.asarray(budgets, dtype=float)
    if not len(asked) or not np.all(np.isfinite(asked) & (asked > 0)):
        raise LawError("budgets must be finite and above zero")
    count = min(len(law.draws.alpha) for law in laws.values())
    errors = {name: law.draws.curves(asked / price[name])[:count] for name, law in laws.items()}
    grid = np.geomspace(min(low, high), max(low, high), POINTS)
    along = {name: law.draws.curves(grid / price[name])[:count] for name, law in laws.items()}
    level = next(iter(laws.values())).level
    return SourceComparison(
        price,
        tuple(_at(float(b), k, errors, level) for k, b in enumerate(asked)),
        tuple(
            Crossing((a, b), Distribution(_crossing(grid, along[a], along[b]), level))
            for a, b in combinations(laws, 2)
        ),
    )


def _at(budget: float, k: int, errors: dict[str, Floats], level: float) -> AtBudget:
    best = probability_lowest(np.stack([e[:, k] for e in errors.values()]))
    return AtBudget(
        budget,
        dict(zip(errors, map(float, best), strict=True)),
        {name: Distribution(e[:, k], level) for name, e in errors.items()},
    )


def _crossing(grid: Floats, first: Floats, second: Floats) -> Floats:
    """Where the sign of the difference last changes along the grid, shape (draws,)."""
    sign = np.sign(np.log(first) - np.log(second))
    changes = sign[:, 1:] * sign[:, :-1] < 0
    last = changes.shape[1] - 1 - np.argmax(changes[:, ::-1], axis=1)
    where = np.sqrt(grid[last] * grid[last + 1])
    return np.where(changes.any(axis=1), where, np.inf)


def _cost(costs: Mapping[str, float], name: str) -> float:
    if name not in costs:
        raise LawError(f"no cost for {name!r}; costs are given for {', '.join(costs)}")
    return above_zero(f"cost of {name!r}", costs[name])
