"""Distributions of planning answers: sizes that may be out of reach, errors, gains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.errors import LawError

Floats = NDArray[np.float64]

HORIZON = 1e6  # times what there is: an answer that needs more is called not reachable
STEPS = 161


@dataclass(frozen=True)
class Answer:
    """A planning answer as a distribution over the law's joint draws.

    Attributes
    ----------
    draws
        One value per draw, shape (draws,); infinite where the answer is "not reachable".
    level
        Level of the interval.
    """

    draws: Floats
    level: float = 0.9

    @property
    def not_reachable(self) -> float:
        """Probability that no finite value answers the question."""
        return float(np.mean(~np.isfinite(self.draws)))

    def quantile(self, q: float) -> float:
        """Quantile of the draws; infinite when it falls among those not reachable."""
        return float(np.quantile(self.draws, q, method="inverted_cdf"))

    @property
    def median(self) -> float:
        """Median; infinite when more than half of the draws are not reachable."""
        return self.quantile(0.5)

    def to_json(self) -> dict[str, Any]:
        """Median, interval, one-sided bounds, probability of "not reachable".

        ``enough_with_90_percent`` is the value that suffices with probability 0.9 and
        ``at_least_with_90_percent`` the one that is exceeded with it; infinite is null.
        """
        tail = (1 - self.level) / 2
        return {
            "median": finite(self.median),
            "low": finite(self.quantile(tail)),
            "high": finite(self.quantile(1 - tail)),
            "enough_with_90_percent": finite(self.quantile(0.9)),
            "at_least_with_90_percent": finite(self.quantile(0.1)),
            "probability_not_reachable": self.not_reachable,
        }


def first_crossing(grid: Floats, errors: Floats, targets: Floats) -> Floats:
    """First point of a grid at which each draw's error is down to its target.

    Parameters
    ----------
    grid
        Ascending sizes above zero, shape (G,).
    errors
        Error of each draw along the grid, shape (draws, G).
    targets
        Error to reach, shape (draws,) or (1,).

    Returns
    -------
    ndarray
        Sizes, interpolated in logarithms, shape (draws,); infinite where never reached.
    """
    goal = np.broadcast_to(np.log(targets), (len(errors),))
    logs, log_grid = np.log(errors), np.log(grid)
    reached = logs <= goal[:, None]
    index = np.argmax(reached, axis=1)
    before, rows = np.maximum(index - 1, 0), np.arange(len(index))
    above, below = logs[rows, before], logs[rows, index]
    fall = np.where(above > below, above - below, 1.0)
    part = np.clip((above - goal) / fall, 0.0, 1.0)
    size = np.exp(log_grid[before] + part * (log_grid[index] - log_grid[before]))
    return np.where(reached.any(axis=1), size, np.inf)


def above_zero(name: str, value: float) -> float:
    """Return a number that must be finite and above zero; raise `LawError` otherwise."""
    if not (np.isfinite(value) and value > 0):
        raise LawError(f"{name} must be finite and above zero, got {value}")
    return float(value)


def finite(value: float) -> float | None:
    """Return a JSON number: None for what is not finite."""
    return float(value) if np.isfinite(value) else None
