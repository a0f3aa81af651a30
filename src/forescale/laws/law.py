"""The fitted law: parameters with intervals, forecasts, flags, and its JSON form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from forescale.drawing import interactive
from forescale.errors import LawError
from forescale.laws import drawn, shown
from forescale.laws.arrays import Floats
from forescale.laws.curve import LearningCurve
from forescale.laws.distribution import Distribution, band, finite
from forescale.laws.draws import Draws
from forescale.laws.identify import joint_region, limit_profile

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as PlotlyFigure


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


@dataclass(frozen=True, repr=False)
class Law:
    """A scaling law E(n) = D·n^(-alpha) + C with everything said about it.

    Attributes
    ----------
    curve
        The points it was fitted to.
    draws
        Joint draws of (alpha, D, C) and of what the form may miss, for this study at larger
        n; planning uses them.
    decay_rate, scale, transfer_gap
        alpha (no unit), D and C (the metric's unit), each with its interval. D and C are those
        of materials of the same kind: their intervals hold what other test materials change.
    r_squared
        Share of the variance of the points that the line drawn through them explains.
    flags
        Words that say what the data cannot tell; empty when all is well.
    backtest
        How well fits to the smaller sizes foresaw the larger ones of this same curve.
    forms
        Probability of each form that is combined: ``power``, ``power_limit``, ``knee``,
        ``saturating``, ``slowing``, ``flat``, ``stopped``.
    level
        Nominal level of every interval.
    half_capacity_change
        Relative change of the error at the largest n with half the learner's capacity;
        None where the capacity has no limit or was not halved.
    name
        What a table calls the curve.
    """

    curve: LearningCurve
    draws: Draws
    decay_rate: Distribution
    scale: Distribution
    transfer_gap: Distribution
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
    name: str | None = None

    def labelled(self, *, metric: str | None = None, n_target: int | None = None) -> Law:
        """Return the law, told what its curve is of; both go into the JSON."""
        return replace(self, metric=metric, n_target=n_target)

    @property
    def limit_below(self) -> float | None:
        """Bound of a limit that has not been seen, in the metric's unit; None where it has.

        Under ``not_bent_yet`` the limit lies below it with 95 % (at level 0.9), and no single
        value stands for it.
        """
        return self.transfer_gap.high if "not_bent_yet" in self.flags else None

    def predict(
        self, n_grid: ArrayLike, what: Literal["study", "new_materials"] = "study"
    ) -> Forecast:
        """Forecast the error at sizes.

        Parameters
        ----------
        n_grid
            Sizes, any order, within the data or beyond it, shape (P,).
        what
            ``study``: what this study, with its own test materials and replicates, would
            measure there; for gains, sample sizes and stopping. ``new_materials``: the
            expected error of other materials of the same kind, which is less certain by how
            much replicates differ at all their sizes.

        Returns
        -------
        Forecast
            Arrays ``n_source``, ``median``, ``low``, ``high`` of shape (P,).

        Raises
        ------
        LawError
            If a size is not finite and positive, or ``what`` is neither.
        """
        n = np.atleast_1d(np.asarray(n_grid, dtype=float))
        if n.ndim != 1 or not np.all(np.isfinite(n) & (n > 0)):
            raise LawError("sizes to forecast at must be finite, above zero and one-dimensional")
        if what not in ("study", "new_materials"):
            raise LawError(f"what must be 'study' or 'new_materials', got {what!r}")
        draws = self.draws if what == "study" else self.draws.new_materials()
        low, _, high = band(draws.measured(n), self.level)
        median = np.median(self.draws.curves(n), axis=0)
        return Forecast(n, median, np.minimum(low, median), np.maximum(high, median))

    def forecast_new_materials(self, n_grid: ArrayLike) -> Forecast:
        """Forecast the error of other materials of the same kind; see `predict`."""
        return self.predict(n_grid, "new_materials")

    def plot(self, unit: str | None = None) -> Figure:
        """Draw the law over its points and beyond, for a paper (matplotlib).

        Parameters
        ----------
        unit
            Unit of the error, for the axis.
        """
        return drawn.draw([self], unit)

    def plotly(self, unit: str | None = None) -> PlotlyFigure:
        """Draw the same as an interactive figure."""
        return interactive.plotly(drawn.chart(self, unit))

    def __repr__(self) -> str:
        """Return the law in a line."""
        return shown.line(self)

    def _repr_html_(self) -> str:
        return shown.table(self)

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
            "limit_below": self.limit_below,
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
            "forecast_new_materials": self.forecast_new_materials(at).to_json(),
        }


def default_sizes(curve: LearningCurve) -> Floats:
    """Sizes to forecast at when none are asked for: 2, 4 and 8 times the largest seen."""
    sizes: Floats = curve.n[-1] * np.array([2.0, 4.0, 8.0])
    return sizes
