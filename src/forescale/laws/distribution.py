"""One summary of draws: median, interval, and the share that is out of reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from forescale.laws.arrays import Floats


@dataclass(frozen=True, eq=False)
class Distribution:
    """A quantity as a distribution over joint draws; infinite where nothing finite answers.

    Parameters
    ----------
    draws
        One value per draw, shape (draws,), in the unit of the quantity.
    level
        Level of the central interval.
    at
        Estimate to report in place of the median (a least-squares fit among its bootstrap
        draws).

    Examples
    --------
    >>> size = Distribution(np.array([1.0, 2.0, 3.0, 4.0, np.inf]))
    >>> size.median, size.high, size.p_infinite
    (3.0, inf, 0.2)
    """

    draws: Floats
    level: float = 0.9
    at: float | None = None

    @property
    def median(self) -> float:
        """The estimate; infinite when more than half of the draws are."""
        return self._middle[1] if self.at is None else self.at

    estimate = median

    @property
    def low(self) -> float:
        """Lower end of the central interval."""
        return self._middle[0]

    @property
    def high(self) -> float:
        """Upper end of the central interval."""
        return self._middle[2]

    @property
    def p_infinite(self) -> float:
        """Probability that no finite value answers the question."""
        return float(np.mean(~np.isfinite(self.draws)))

    def quantile(self, q: float) -> float:
        """Quantile of the draws; infinite when it falls among those that are."""
        return float(quantiles(self.draws, [q])[0])

    def below(self, value: float) -> float:
        """Probability of at most ``value``."""
        return float(np.mean(self.draws <= value))

    @cached_property
    def _middle(self) -> tuple[float, float, float]:
        low, median, high = band(self.draws, self.level)
        return float(low), float(median), float(high)

    def to_json(self) -> dict[str, float | None]:
        """Return ``{"estimate", "low", "high"}``; what is not finite is null."""
        return {
            "estimate": finite(self.estimate),
            "low": finite(self.low),
            "high": finite(self.high),
        }

    def to_answer(self) -> dict[str, float | None]:
        """Return the median, interval, one-sided bounds and probability of "not reachable".

        ``enough_with_90_percent`` is the value that suffices with probability 0.9 and
        ``at_least_with_90_percent`` the one that is exceeded with it; infinite is null.
        """
        return {
            "median": finite(self.median),
            "low": finite(self.low),
            "high": finite(self.high),
            "enough_with_90_percent": finite(self.quantile(0.9)),
            "at_least_with_90_percent": finite(self.quantile(0.1)),
            "probability_not_reachable": self.p_infinite,
        }


def band(draws: ArrayLike, level: float) -> Floats:
    """Lower end, median and upper end of the central interval along the first axis.

    Returns
    -------
    ndarray
        Shape (3, …).
    """
    tail = (1 - level) / 2
    return quantiles(draws, [tail, 0.5, 1 - tail])


def quantiles(draws: ArrayLike, q: list[float]) -> Floats:
    """Quantiles along the first axis, shape (len(q), …).

    Interpolated between draws; where one of the neighbours is infinite, the draw itself, so
    that infinity is an answer and never a NaN.
    """
    values = np.asarray(draws, dtype=float)
    if np.isfinite(values).all():
        smooth: Floats = np.quantile(values, q, axis=0)
        return smooth
    stepped: Floats = np.quantile(values, q, axis=0, method="inverted_cdf")
    return stepped


def finite(value: float) -> float | None:
    """Return a JSON number: None for what is not finite."""
    return float(value) if np.isfinite(value) else None


def probability_lowest(draws: Floats) -> Floats:
    """Probability of each of several quantities that it is the lowest; equal ones share it.

    Parameters
    ----------
    draws
        Joint draws, shape (quantities, draws).

    Examples
    --------
    >>> probability_lowest(np.array([[1.0, 2.0], [1.0, 1.0], [3.0, 3.0]]))
    array([0.25, 0.75, 0.  ])
    """
    lowest = draws == draws.min(axis=0)
    return np.asarray((lowest / lowest.sum(axis=0)).mean(axis=1))
