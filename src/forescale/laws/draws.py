"""Draws of a law: parameters, drift, and the errors they foresee."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from forescale.laws.arrays import Floats
from forescale.laws.drift import drift_kernel, drift_variance
from forescale.laws.shapes import Shapes

FARTHEST = 690.0  # logs of errors told apart from zero and from infinity


@dataclass(frozen=True)
class Drift:
    """The drift of each draw between the points of its curve.

    Attributes
    ----------
    distance
        ln(n_last / n) of the points, shape (K,).
    pull
        Weight of each point in each draw's interpolation, shape (draws, K).
    which
        Hypothesis of each draw.
    sizes
        Steps and bends of each hypothesis among the points; beyond them a draw may wander less.
    """

    distance: Floats
    pull: Floats
    which: np.ndarray
    sizes: tuple[tuple[float, float], ...]

    def at(self, distance: Floats) -> Floats:
        """Drift at distances, zero beyond the data, shape (draws, len(distance))."""
        drift = np.zeros((len(self.which), len(distance)))
        for k in np.unique(self.which):
            own = self.which == k
            step, bend = self.sizes[k]
            drift[own] = self.pull[own] @ drift_kernel(step, bend, distance, self.distance).T
        return drift


@dataclass(frozen=True)
class Draws:
    """Joint posterior draws of one curve's law, each array of shape (draws,).

    They speak of this study at larger n: of its own test materials and replicates.
    `new_materials` gives those of other materials of the same kind.

    Attributes
    ----------
    shape
        Parameters of the shapes.
    level
        Log error at ``n_last``.
    step, bend, shock
        Sizes of the drift, and its standard normal realisation beyond the data.
    noise
        Relative standard error of one further measured mean.
    elsewhere
        How far, in logs, the error of other materials of the same kind lies from this study's.
    form
        Index into `FORMS`.
    within
        How the curve departs from the form between its points; None leaves the bare form.
    """

    shape: Shapes
    level: Floats
    step: Floats
    bend: Floats
    shock: Floats
    noise: Floats
    elsewhere: Floats
    form: np.ndarray
    n_last: float
    within: Drift | None = None

    @property
    def alpha(self) -> Floats:
        """Decay rate."""
        return self.shape.alpha

    @property
    def scale(self) -> Floats:
        """D of the law, in the metric's unit."""
        log_last = np.log(self.n_last * self.shape.start)
        falling = self.shape.falling
        with np.errstate(over="ignore", invalid="ignore"):  # null in JSON where it is beyond 1e308
            scale = falling * np.exp(self.level + self.alpha * log_last)
        return np.where(falling > 0, scale, 0.0)

    @property
    def gap(self) -> Floats:
        """C of the law, in the metric's unit."""
        gap: Floats = self.shape.limit * _exp(self.level)
        return gap

    def new_materials(self) -> Draws:
        """Draws of the same law for other materials of the same kind."""
        return replace(self, level=self.level + self.elsewhere)

    def laws(self, n: Floats) -> Floats:
        """Error of the bare form at ``n`` for each draw, shape (draws, len(n))."""
        return _exp(self.log_laws(n))

    def log_laws(self, n: Floats) -> Floats:
        """Logarithm of `laws`, shape (draws, len(n))."""
        logs: Floats = self.level[:, None] + self.shape.logs(n / self.n_last)
        return logs

    def curves(self, n: Floats, *, smooth: bool = False) -> Floats:
        """Expected error at ``n`` for each draw, drift included, shape (draws, len(n)).

        ``smooth`` leaves out the steps of the drift beyond the data and keeps its bends:
        over a small stretch steps hide what a few more data bring.
        """
        return _exp(self.log_curves(n, smooth=smooth))

    def log_curves(self, n: Floats, *, smooth: bool = False) -> Floats:
        """Logarithm of `curves`, shape (draws, len(n))."""
        reach = np.log(n / self.n_last)[None, :]
        step = 0.0 if smooth else self.step[:, None]
        variance = drift_variance(step, self.bend[:, None], reach)
        logs: Floats = self.log_laws(n) + self.shock[:, None] * np.sqrt(variance)
        if self.within is not None and np.any(reach < 0):
            logs += self.within.at(-reach[0])
        return logs

    def measured(self, n: Floats) -> Floats:
        """As `curves`, with the noise of one further mean as precise as the last ones seen.

        The noise of draw k is the quantile (k + 1/2) / draws of a normal, which is
        independent of everything else, as draws are in random order.
        """
        rank = (np.arange(len(self.noise)) + 0.5) / len(self.noise)
        return _exp(self.log_curves(n) + (self.noise * ndtri(rank))[:, None])


def _exp(logs: Floats) -> Floats:
    """Errors from their logs, kept from overflow and from zero."""
    errors: Floats = np.exp(np.clip(logs, -FARTHEST, FARTHEST))
    return errors
