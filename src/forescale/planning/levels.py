"""Distributions of planning answers: sizes that may be out of reach, errors, gains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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
        """Median, interval and probability of "not reachable"; infinite values are null."""
        tail = (1 - self.level) / 2
        return {
            "median": _finite(self.median),
            "low": _finite(self.quantile(tail)),
            "high": _finite(self.quantile(1 - tail)),
            "enough_with_90_percent": _finite(self.quantile(0.9)),
            "probability_not_reachable": self.not_reachable,
        }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
