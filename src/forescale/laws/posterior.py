"""Joint posterior draws of a law's parameters and of what its form misses.

    log E(n) = level + shape(n) + drift(n) + noise

with the shapes of `shapes`, the drift of `drift`, and D = (1 - c)^(1/q)·exp(level)·n_last^alpha
and C = c^(1/q)·exp(level) (with a knee: in units of its shifted n). No starting values and no
sampler: see `mixture`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from forescale.laws.arrays import Floats
from forescale.laws.curve import LearningCurve
from forescale.laws.draws import Draws, Drift
from forescale.laws.drift import (
    FLOOR,
    STILL,
    Deviation,
    DriftPrior,
    deviations,
    drift_kernel,
    drift_variance,
)
from forescale.laws.mixture import Mixture, busy_covariances, weigh
from forescale.laws.shapes import FORMS, NOTHING, ShapeGrid, ShapePrior


@dataclass(frozen=True)
class Prior:
    """Pooled knowledge of learning curves; replaced as one."""

    shape: ShapePrior = field(default_factory=ShapePrior)
    drift: DriftPrior = field(default_factory=DriftPrior)

    @classmethod
    def of(cls, curve: LearningCurve) -> Prior:
        """Return the prior of a curve by what its points are.

        Curves whose replicates are there (one learner, one database) wander less than those
        of published tables, level off more often, some at once, and have begun: chosen on the
        bundled study and on simulated ones. Tables' curves that look level go on falling.
        """
        if curve.noise_of not in ("replicates", "blocks", "block"):
            return cls(ShapePrior(unbegun=0.0)) if _begun(curve) else cls()
        shape = ShapePrior(flatness=0.4, no_knee=0.6, slowing=0.1, unbegun=0.0, stopped=0.25)
        return cls(shape, DriftPrior(faithful=0.25, step=(0.005, 1.0), bend=(0.05, 0.8)))


BEGUN = 0.05
"""Fall of the log error, from the first third of the sizes to the last, that has begun."""


def _begun(curve: LearningCurve) -> bool:
    """Whether a curve has begun to fall: then one that is flat now has levelled off."""
    third = max(1, len(curve.n) // 3)
    return bool(curve.log_error[:third].mean() - curve.log_error[-third:].mean() > BEGUN)


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
        prior, curve = prior or Prior.of(curve), curve.thinned()
        hypotheses = deviations(prior.drift, curve.noise_of)
        covariances = _covariances(curve, hypotheses)
        tightest = int(np.argmin(np.trace(covariances, axis1=1, axis2=2)))
        grid = ShapeGrid.around(curve.n, curve.log_error, covariances[tightest], prior.shape)
        shapes = grid.log_shapes(curve.n, float(curve.n[-1]))
        shape_prior = grid.log_prior()
        weights = np.array([h.log_prior for h in hypotheses])
        busy = busy_covariances(curve.log_error, shapes, covariances, shape_prior, weights)
        mixture = weigh(curve.log_error, shapes, covariances[busy], shape_prior, weights[busy])
        return cls(curve, grid, mixture, [hypotheses[k] for k in busy])

    @property
    def largest(self) -> float:
        """Largest size fitted, where the drift is zero."""
        return float(self.curve.n[-1])

    @property
    def forms(self) -> tuple[str, ...]:
        """Those of `FORMS` that are weighed: a stop only where the last points are level."""
        level = np.isfinite(self.grid.families.stops).any()
        return tuple(name for name in FORMS if level or name != "stopped")

    def foresight(self, n: Floats, log_error: Floats) -> dict[tuple[float, float], float]:
        """Log predictive density of later points given each size of drift, mean over points.

        Normal, with the mean and variance of the mixture's part with that drift.

        Parameters
        ----------
        n, log_error
            Sizes beyond the fitted ones, and what was measured there, shape (P,).
        """
        shapes = self.grid.log_shapes(n, self.largest)[self.mixture.cells]
        level = self.mixture.slopes @ self.mixture.candidates.T
        mass = self.mixture.mass.sum(axis=1)
        part = self.mixture.mass / np.maximum(mass, NOTHING)[:, None]
        mean_level = np.sum(part * level, axis=1)
        mean = mean_level[:, None] + part @ shapes
        square = np.sum(part * level**2, axis=1)[:, None] + part @ shapes**2
        variance = square + 2 * (part * level) @ shapes - mean**2
        step, bend, noise, trust = (
            np.array([[getattr(h, name)] for h in self.hypotheses])
            for name in ("step", "bend", "noise", "trust")
        )
        variance = np.maximum(variance, 0.0) + self.mixture.level_sd[:, None] ** 2
        variance += drift_variance(step, bend, np.log(n / self.largest))
        variance += noise**2 + (trust * self._told()) ** 2
        density = -0.5 * (np.log(variance) + (log_error - mean) ** 2 / variance).mean(axis=1)
        log_mass: dict[tuple[float, float], list[tuple[float, float]]] = {}
        for hypothesis, weight, value in zip(self.hypotheses, mass, density, strict=True):
            log_mass.setdefault(hypothesis.drift, []).append((float(weight), float(value)))
        return {
            drift: float(np.average([v for _, v in pairs], weights=[w + NOTHING for w, _ in pairs]))
            for drift, pairs in log_mass.items()
        }

    def _told(self) -> float:
        """Standard error of the log of one of the last means, as told; 0 where it is not."""
        known = self.curve.noise_sd()
        return 0.0 if known is None else float(np.median(known[-max(1, len(known) // 3) :]))

    def reweighted(self, factor: Floats) -> Posterior:
        """Return the posterior with the mass of each hypothesis multiplied, shape (H,)."""
        return replace(self, mixture=self.mixture.reweighted(factor))

    def form_probabilities(self) -> dict[str, float]:
        """Probability of each of `FORMS`."""
        mass = self.mixture.mass.sum(axis=0)
        form = self.grid.form_of(self.mixture.cells)
        return {name: float(mass[form == k].sum()) for k, name in enumerate(FORMS)}

    def given(self, form: str) -> Posterior:
        """Return the posterior given that one of `FORMS` holds."""
        mask = self.grid.form_of(self.mixture.cells) == FORMS.index(form)
        return replace(self, mixture=self.mixture.restricted(mask))

    def sample(self, draws: int, rng: np.random.Generator, *, within: bool = False) -> Draws:
        """Draw laws jointly; ``within`` also draws how they pass between the points."""
        which, shape, level = self.mixture.sample(draws, rng)
        told = self._told()
        trust = np.array([h.trust for h in self.hypotheses])[which]
        extra = np.array([h.noise for h in self.hypotheses])[which]
        form = self.grid.form_of(shape)
        step, bend = (
            # What nothing falls by does not wander either, however the fall before it did.
            np.where(form == FORMS.index("stopped"), still, np.array(sizes)[which])
            for still, sizes in zip(
                STILL, zip(*(h.drift for h in self.hypotheses), strict=True), strict=True
            )
        )
        drawn = Draws(
            shape=self.grid.place(shape, rng),
            level=level,
            step=step,
            bend=bend,
            shock=rng.standard_normal(draws),
            noise=np.hypot(extra, trust * told),
            elsewhere=self.curve.common * rng.standard_t(self.curve.freedom, draws),
            form=form,
            n_last=float(self.curve.n[-1]),
        )
        return replace(drawn, within=self._drift(drawn, which)) if within else drawn

    def _drift(self, drawn: Draws, which: np.ndarray) -> Drift:
        residual = self.curve.log_error - drawn.log_laws(self.curve.n)
        used, place = np.unique(which, return_inverse=True)
        inverse = np.linalg.inv(_covariances(self.curve, [self.hypotheses[k] for k in used]))
        pull = np.empty_like(residual)
        for k in range(len(used)):
            pull[place == k] = residual[place == k] @ inverse[k]
        distance = np.log(self.curve.n[-1] / self.curve.n)
        return Drift(distance, pull, which, tuple(h.drift for h in self.hypotheses))


def _covariances(curve: LearningCurve, hypotheses: list[Deviation]) -> Floats:
    """Covariances of the log errors of a curve's points around level + shape, (H, K, K)."""
    distance = np.log(curve.n[-1] / curve.n)
    step, bend = (np.array([h.drift[k] for h in hypotheses])[:, None, None] for k in (0, 1))
    covariance = step**2 * drift_kernel(1.0, 0.0, distance, distance)
    covariance = covariance + bend**2 * drift_kernel(0.0, 1.0, distance, distance)
    extra = np.array([max(h.noise, FLOOR) for h in hypotheses])[:, None, None]
    covariance += extra**2 * np.eye(len(distance))
    if curve.noise is None:
        return covariance
    trust = np.array([h.trust for h in hypotheses])[:, None, None]
    return covariance + trust**2 * curve.noise
