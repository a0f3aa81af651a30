"""Joint posterior draws of a law's parameters and of what its form misses.

    log E(n) = level + shape(n) + drift(n) + noise

with the shapes of `shapes`, the drift of `drift`, and D = (1 - c)·exp(level)·n_last^alpha
and C = c·exp(level) (with a knee: in units of its shifted n). No starting values and no
sampler: see `engine`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from forescale.laws.curve import Floats, LearningCurve
from forescale.laws.drift import (
    FLOOR,
    Deviation,
    DriftPrior,
    deviations,
    drift_covariance,
    drift_variance,
)
from forescale.laws.engine import Mixture, weigh
from forescale.laws.shapes import FORMS, ShapeGrid, ShapePrior


@dataclass(frozen=True)
class Draws:
    """Joint posterior draws, each array of shape (draws,).

    Attributes
    ----------
    alpha
        Decay rate.
    share
        Part c of the error at ``n_last`` that no data removes.
    knee
        n_knee / n_last; 0 for the law without a knee.
    level
        Log error at ``n_last``.
    step, bend, shock
        Sizes of the drift, and its standard normal realisation beyond the data.
    noise
        Relative standard error of one further measured mean.
    form
        Index into `FORMS`.
    """

    alpha: Floats
    share: Floats
    knee: Floats
    level: Floats
    step: Floats
    bend: Floats
    shock: Floats
    noise: Floats
    form: np.ndarray
    n_last: float

    @property
    def scale(self) -> Floats:
        """D of the law, in the metric's unit."""
        last = self.n_last * (1 + self.knee)
        scale: Floats = (1 - self.share) * np.exp(self.level) * last**self.alpha
        return scale

    @property
    def gap(self) -> Floats:
        """C of the law, in the metric's unit."""
        gap: Floats = self.share * np.exp(self.level)
        return gap

    def laws(self, n: Floats) -> Floats:
        """Error of the bare form at ``n`` for each draw, shape (draws, len(n))."""
        knee = self.knee[:, None]
        x = np.log((n / self.n_last + knee) / (1 + knee))
        share = self.share[:, None]
        form = np.log((1 - share) * np.exp(-self.alpha[:, None] * x) + share)
        laws: Floats = np.exp(self.level[:, None] + form)
        return laws

    def curves(self, n: Floats) -> Floats:
        """Expected error at ``n`` for each draw, drift included, shape (draws, len(n))."""
        reach = np.log(n / self.n_last)[None, :]
        variance = drift_variance(self.step[:, None], self.bend[:, None], reach)
        curves: Floats = self.laws(n) * np.exp(self.shock[:, None] * np.sqrt(variance))
        return curves

    def only(self, form: str) -> Draws | None:
        """Return the draws of one form, or None when there are too few to say anything."""
        kept = self.form == FORMS.index(form)
        if np.sum(kept) < 20:
            return None
        arrays = {k: v[kept] for k, v in self.__dict__.items() if isinstance(v, np.ndarray)}
        return Draws(**arrays, n_last=self.n_last)


@dataclass(frozen=True)
class Prior:
    """Pooled knowledge of learning curves; replaced as one."""

    shape: ShapePrior = field(default_factory=ShapePrior)
    drift: DriftPrior = field(default_factory=DriftPrior)


def sample_posterior(
    curve: LearningCurve, draws: int, rng: np.random.Generator, prior: Prior | None = None
) -> Draws:
    """Draw the law of one curve from its posterior."""
    prior = prior or Prior()
    grid, mixture, hypotheses = _posterior(curve, prior)
    which, shape, level = mixture.sample(draws, rng)
    alpha, share, knee = grid.place(shape, rng)
    known = curve.noise_sd()
    unknown = np.array([h.noise for h in hypotheses])[which]
    last = max(1, len(curve.n) // 3)
    noise = unknown if known is None else np.full(draws, float(np.median(known[-last:])))
    return Draws(
        alpha=alpha,
        share=share,
        knee=knee,
        level=level,
        step=np.array([h.step for h in hypotheses])[which],
        bend=np.array([h.bend for h in hypotheses])[which],
        shock=rng.standard_normal(draws),
        noise=noise,
        form=grid.form_of(shape),
        n_last=float(curve.n[-1]),
    )


def _posterior(curve: LearningCurve, prior: Prior) -> tuple[ShapeGrid, Mixture, list[Deviation]]:
    """Weigh every shape under every hypothesis of the drift and the noise."""
    hypotheses = deviations(prior.drift, noise_known=curve.noise is not None)
    covariances = [_covariance(curve, hypothesis) for hypothesis in hypotheses]
    grid = ShapeGrid.around(curve.n, curve.log_error, min(covariances, key=np.trace))
    mixture = weigh(
        curve.log_error,
        grid.log_shapes(curve.n, float(curve.n[-1])),
        covariances,
        grid.log_prior(prior.shape),
        np.array([h.log_prior for h in hypotheses]),
    )
    return grid, mixture, hypotheses


def _covariance(curve: LearningCurve, hypothesis: Deviation) -> Floats:
    """Covariance of the log errors of a curve's points around level + shape."""
    distance = np.log(curve.n[-1] / curve.n)
    points = max(hypothesis.noise, FLOOR) ** 2 * np.eye(len(distance))
    covariance: Floats = drift_covariance(hypothesis, distance) + points
    return covariance if curve.noise is None else covariance + curve.noise
