"""The fitted law: parameters with intervals, forecasts, flags, and its JSON form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from forescale.errors import LawError
from forescale.laws.arrays import Floats
from forescale.laws.curve import LearningCurve
from forescale.laws.identify import joint_region, limit_profile
from forescale.laws.posterior import Draws


@dataclass(frozen=True)
class Quantity:
    """One number with its interval."""

    estimate: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: Floats, level: float) -> Quantity:
        """Median and central interval of draws."""
        tail = (1 - level) / 2
        low, middle, high = np.quantile(draws, [tail, 0.5, 1 - tail])
        return cls(float(middle), float(low), float(high))

    def to_json(self) -> dict[str, float | None]:
        """Return ``{"estimate", "low", "high"}``; what is not finite is null."""
        return {
            "estimate": finite(self.estimate),
            "low": finite(self.low),
            "high": finite(self.high),
        }


@dataclass(frozen=True)
class Forecast:
    """Errors at sizes, seen or not yet: arrays of one length, errors in the metric's unit."""

    n_source: Floats
    median: Floats
    low: Floats
    high: Floats

    def to_json(self) -> list[dict[str, float | None]]:
        """One object per size."""
        columns = (self.n_source, self.median, self.low, self.high)
        return [
            dict(zip(("n_source", "median", "low", "high"), map(finite, row), strict=True))
            for row in zip(*columns, strict=True)
        ]


@dataclass(frozen=True)
class Law:
    """A scaling law E(n) = D·n^(-alpha) + C with everything said about it.

    Attributes
    ----------
    curve
        The points it was fitted to.
    draws
        Joint draws of (alpha, D, C) and of what the form may miss; planning uses them.
    decay_rate, scale, transfer_gap
        alpha (no unit), D and C (the metric's unit), each with its interval.
    r_squared
        Share of the variance of the points that the law with the estimates explains.
    flags
        Words that say what the data cannot tell; empty when all is well.
    backtest
        How well fits to the smaller sizes foresaw the larger ones of this same curve.
    forms
        Probability of each form that is combined: ``power``, ``power_limit``, ``knee``.
    level
        Nominal level of every interval.
    half_capacity_change
        Relative change of the error at the largest n with half the learner's capacity;
        None where the capacity has no limit or was not halved.
    """

    curve: LearningCurve
    draws: Draws
    decay_rate: Quantity
    scale: Quantity
    transfer_gap: Quantity
    r_squared: float
    flags: tuple[str, ...] = ()
    backtest: dict[str, Any] = field(default_factory=dict)
    forms: dict[str, float] = field(default_factory=dict)
    level: float = 0.9
    n_target: int | None = None
    metric: str | None = None
    noise_floor: float | None = None
    at: tuple[float, ...] = ()
    half_capacity_change: float | None = None

    def predict(self, n_grid: ArrayLike) -> Forecast:
        """Forecast the error at sizes, as further measurements like those seen would show it.

        Parameters
        ----------
        n_grid
            Sizes, any order, within the data or beyond it, shape (P,).

        Returns
        -------
        Forecast
            Arrays ``n_source``, ``median``, ``low``, ``high`` of shape (P,).

        Raises
        ------
        LawError
            If a size is not finite and positive.
        """
        n = np.atleast_1d(np.asarray(n_grid, dtype=float))
        if n.ndim != 1 or not np.all(np.isfinite(n) & (n > 0)):
            raise LawError("sizes to forecast at must be finite, above zero and one-dimensional")
        tail = (1 - self.level) / 2
        curves = self.draws.measured(n)
        low, median, high = np.quantile(curves, [tail, 0.5, 1 - tail], axis=0)
        return Forecast(n, median, low, high)

    def to_json(self) -> dict[str, Any]:
        """Return the law as plain JSON values; what is not known is null, never NaN."""
        at = self.at or tuple(default_sizes(self.curve))
        return {
            "n_target": self.n_target,
            "metric": self.metric,
            "level": self.level,
            "decay_rate": self.decay_rate.to_json(),
            "scale": self.scale.to_json(),
            "transfer_gap": self.transfer_gap.to_json(),
            "r_squared": finite(self.r_squared),
            "flags": list(self.flags),
            "last_value": finite(float(self.curve.error[-1])),
            "noise_floor": self.noise_floor,
            "half_capacity_change": self.half_capacity_change,
            "backtest": self.backtest,
            "forms": self.forms,
            "limit_profile": limit_profile(self.draws, float(self.curve.error[-1])),
            "joint_region": joint_region(self.draws, self.level),
            "forecast": self.predict(at).to_json(),
        }


def default_sizes(curve: LearningCurve) -> Floats:
    """Sizes to forecast at when none are asked for: 2, 4 and 8 times the largest seen."""
    sizes: Floats = curve.n[-1] * np.array([2.0, 4.0, 8.0])
    return sizes


def finite(value: float) -> float | None:
    """Return a JSON number: None for what is not finite."""
    return float(value) if np.isfinite(value) else None
