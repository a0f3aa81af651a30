"""Joint posterior draws of a law's parameters and of what its form misses.

    log E(n) = level + shape(n) + drift(n) + noise

with the shapes of `shapes`, the drift of `drift`, and D = (1 - c)·exp(level)·n_last^alpha
and C = c·exp(level) (with a knee: in units of its shifted n). No starting values and no
sampler: see `engine`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import ndtri

from forescale.laws.arrays import Floats
from forescale.laws.curve import LearningCurve
from forescale.laws.drift import (
    FLOOR,
    Deviation,
    DriftPrior,
    deviations,
    drift_kernel,
    drift_paths,
    drift_variance,
)
from forescale.laws.engine import Mixture, busy_covariances, weigh
from forescale.laws.shapes import FORMS, ShapeGrid, ShapePrior


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
        Hypothesis of each draw; those of one share its sizes of drift.
    """

    distance: Floats
    pull: Floats
    which: np.ndarray

    def at(self, distance: Floats, step: Floats, bend: Floats) -> Floats:
        """Drift at distances, zero beyond the data, shape (draws, len(distance))."""
        drift = np.zeros((len(self.which), len(distance)))
        for k in np.unique(self.which):
            own = self.which == k
            first = int(np.argmax(own))
            kernel = drift_kernel(float(step[first]), float(bend[first]), distance, self.distance)
            drift[own] = self.pull[own] @ kernel.T
        return drift


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
    within
        How the curve departs from the form between its points; None leaves the bare form.
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
    within: Drift | None = None

    @property
    def scale(self) -> Floats:
        """D of the law, in the metric's unit."""
        log_last = np.log(self.n_last * (1 + self.knee))
        with np.errstate(over="ignore"):  # sizes beyond 1e77 may need it; null in JSON
            scale: Floats = (1 - self.share) * np.exp(self.level + self.alpha * log_last)
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

    def curves(self, n: Floats, *, smooth: bool = False) -> Floats:
        """Expected error at ``n`` for each draw, drift included, shape (draws, len(n)).

        ``smooth`` leaves out the steps of the drift beyond the data and keeps its bends:
        over a small stretch steps hide what a few more data bring.
        """
        reach = np.log(n / self.n_last)[None, :]
        step = 0.0 if smooth else self.step[:, None]
        variance = drift_variance(step, self.bend[:, None], reach)
        logs = np.log(self.laws(n)) + self.shock[:, None] * np.sqrt(variance)
        if self.within is not None and np.any(reach < 0):
            logs += self.within.at(-reach[0], self.step, self.bend)
        return np.exp(logs)

    def paths(self, n: Floats, rng: np.random.Generator) -> Floats:
        """As `curves`, with the drift wandering along ascending ``n``, shape (draws, len(n)).

        At one size both say the same. Along n, `curves` carries each draw to one side of
        its law, while a path may come back, so it shows when a level is first reached.
        """
        reach = np.maximum(np.log(n / self.n_last), 0.0)
        wander = drift_paths(self.step, self.bend, reach, rng)
        logs = np.log(self.laws(n)) + wander
        if self.within is not None:
            logs += self.within.at(np.maximum(-np.log(n / self.n_last), 0.0), self.step, self.bend)
        return np.exp(logs)

    def measured(self, n: Floats) -> Floats:
        """As `curves`, with the noise of one further mean as precise as the last ones seen.

        The noise of draw k is the quantile (k + 1/2) / draws of a normal, which is
        independent of everything else, as draws are in random order.
        """
        rank = (np.arange(len(self.noise)) + 0.5) / len(self.noise)
        measured: Floats = self.curves(n) * np.exp(self.noise * ndtri(rank))[:, None]
        return measured


@dataclass(frozen=True)
class Prior:
    """Pooled knowledge of learning curves; replaced as one."""

    shape: ShapePrior = field(default_factory=ShapePrior)
    drift: DriftPrior = field(default_factory=DriftPrior)


@dataclass(frozen=True)
class Posterior:
    """Everything known of one curve: cells, their masses, and the hypotheses behind them."""

    curve: LearningCurve
    grid: ShapeGrid
    mixture: Mixture
    hypotheses: list[Deviation]

    @classmethod
    def of(cls, curve: LearningCurve, prior: Prior | None = None) -> Posterior:
        """Weigh every shape under every hypothesis of the drift and the noise."""
        prior, curve = prior or Prior(), curve.thinned()
        hypotheses = deviations(prior.drift, noise_known=curve.noise is not None)
        covariances = [_covariance(curve, hypothesis) for hypothesis in hypotheses]
        grid = ShapeGrid.around(curve.n, curve.log_error, min(covariances, key=np.trace))
        shapes = grid.log_shapes(curve.n, float(curve.n[-1]))
        shape_prior = grid.log_prior(prior.shape)
        weights = np.array([h.log_prior for h in hypotheses])
        busy = busy_covariances(curve.log_error, shapes, covariances, shape_prior, weights)
        hypotheses = [hypotheses[k] for k in busy]
        covariances, weights = [covariances[k] for k in busy], weights[busy]
        mixture = weigh(curve.log_error, shapes, covariances, shape_prior, weights)
        return cls(curve, grid, mixture, hypotheses)

    def form_probabilities(self) -> dict[str, float]:
        """Probability of each of `FORMS`."""
        mass = self.mixture.mass.sum(axis=0)
        form = self.grid.form_of(np.arange(len(mass)))
        return {name: float(mass[form == k].sum()) for k, name in enumerate(FORMS)}

    def given(self, form: str) -> Posterior:
        """Return the posterior given that one of `FORMS` holds."""
        cells = np.arange(self.mixture.mass.shape[1])
        mask = self.grid.form_of(cells) == FORMS.index(form)
        return replace(self, mixture=self.mixture.restricted(mask))

    def sample(self, draws: int, rng: np.random.Generator, *, within: bool = False) -> Draws:
        """Draw laws jointly; ``within`` also draws how they pass between the points."""
        which, shape, level = self.mixture.sample(draws, rng)
        alpha, share, knee = self.grid.place(shape, rng)
        known = self.curve.noise_sd()
        if known is None:
            noise = np.array([h.noise for h in self.hypotheses])[which]
        else:
            noise = np.full(draws, float(np.median(known[-max(1, len(known) // 3) :])))
        drawn = Draws(
            alpha=alpha,
            share=share,
            knee=knee,
            level=level,
            step=np.array([h.step for h in self.hypotheses])[which],
            bend=np.array([h.bend for h in self.hypotheses])[which],
            shock=rng.standard_normal(draws),
            noise=noise,
            form=self.grid.form_of(shape),
            n_last=float(self.curve.n[-1]),
        )
        return replace(drawn, within=self._drift(drawn, which)) if within else drawn

    def _drift(self, drawn: Draws, which: np.ndarray) -> Drift:
        residual = self.curve.log_error - np.log(drawn.laws(self.curve.n))
        pull = np.empty_like(residual)
        for k in np.unique(which):
            covariance = _covariance(self.curve, self.hypotheses[k])
            pull[which == k] = np.linalg.solve(covariance, residual[which == k].T).T
        return Drift(np.log(self.curve.n[-1] / self.curve.n), pull, which)


def sample_posterior(
    curve: LearningCurve, draws: int, rng: np.random.Generator, prior: Prior | None = None
) -> Draws:
    """Draw the law of one curve from its posterior."""
    return Posterior.of(curve, prior).sample(draws, rng)


def _covariance(curve: LearningCurve, hypothesis: Deviation) -> Floats:
    """Covariance of the log errors of a curve's points around level + shape."""
    distance = np.log(curve.n[-1] / curve.n)
    points = max(hypothesis.noise, FLOOR) ** 2 * np.eye(len(distance))
    covariance: Floats = drift_kernel(hypothesis.step, hypothesis.bend, distance, distance) + points
    return covariance if curve.noise is None else covariance + curve.noise
