"""Joint posterior of error against (n, m): three forms and the drift around them.

The model is that of `posterior` in two directions: log E = level + log of a relative form
+ drift in log n + drift in log m + their product + noise, anchored at the corner of the
largest n and m. Forms have four or five parameters, so particles take the grid's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import expit, ndtri

from forescale.laws.arrays import Floats
from forescale.laws.drift import FLOOR, drift_kernel, drift_variance
from forescale.laws.joint_forms import CENTER, JOINT_FORMS, SPREAD, log_prior, relative_error
from forescale.laws.mixture import busy_covariances, weigh
from forescale.laws.particles import Target, propose

DRIFTS = ((0.001, 0.002), (0.01, 0.03), (0.01, 0.1), (0.05, 0.15))  # (step, bend)
DRIFT_PRIOR = (0.25, 0.25, 0.35, 0.15)
NOISES = (0.002, 0.006, 0.02, 0.06)  # relative, of a point whose noise is not known
MIXING = 0.1  # drift size at which the product of both drifts is as large as each


@dataclass(frozen=True)
class Surface:
    """Mean errors at points (n, m): arrays of shape (K,), noise (K, K) or None."""

    n: Floats
    m: Floats
    error: Floats
    noise: Floats | None

    @property
    def corner(self) -> tuple[float, float]:
        """Largest n and largest m."""
        return float(self.n.max()), float(self.m.max())

    def relative(self, n: Floats, m: Floats) -> tuple[Floats, Floats]:
        """Log sizes relative to the corner."""
        n_last, m_last = self.corner
        return np.log(n / n_last), np.log(m / m_last)

    def kept(self, mask: np.ndarray) -> Surface:
        """Return the points of a boolean mask."""
        noise = None if self.noise is None else self.noise[np.ix_(mask, mask)]
        return Surface(self.n[mask], self.m[mask], self.error[mask], noise)


@dataclass(frozen=True)
class Hypothesis:
    """Sizes (step, bend) of the drift along n and along m, point noise, log prior."""

    along_n: tuple[float, float]
    along_m: tuple[float, float]
    noise: float
    log_prior: float

    def kernel(self, a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> Floats:
        """Covariance of the drift between two sets of points given by relative logs."""
        in_n = drift_kernel(*self.along_n, -a[0], -b[0])
        in_m = drift_kernel(*self.along_m, -a[1], -b[1])
        kernel: Floats = in_n + in_m + in_n * in_m / MIXING**2
        return kernel

    def beyond(self, n: Floats, m: Floats, *, smooth: bool) -> Floats:
        """Variance of the drift at relative logs, from what lies beyond the corner."""
        step_n, bend_n = (0.0 if smooth else self.along_n[0]), self.along_n[1]
        step_m, bend_m = (0.0 if smooth else self.along_m[0]), self.along_m[1]
        reach_n, reach_m = drift_variance(step_n, bend_n, n), drift_variance(step_m, bend_m, m)
        aside_n = reach_n + drift_variance(*self.along_n, -n)
        aside_m = reach_m + drift_variance(*self.along_m, -m)
        mixed = reach_n * aside_m + reach_m * aside_n - reach_n * reach_m
        variance: Floats = reach_n + reach_m + mixed / MIXING**2
        return variance


def hypotheses(*, noise_known: bool) -> list[Hypothesis]:
    """Return every combination of the two drifts and of the noise when it is not known."""
    noises = (FLOOR,) if noise_known else NOISES
    drifts = list(zip(DRIFTS, DRIFT_PRIOR, strict=True))
    return [
        Hypothesis(a, b, noise, float(np.log(weight_a * weight_b)))
        for (a, weight_a), (b, weight_b), noise in product(drifts, drifts, noises)
    ]


@dataclass(frozen=True)
class JointDraws:
    """Joint posterior draws of the error surface.

    Attributes
    ----------
    form
        Index into `JOINT_FORMS`, shape (draws,).
    theta
        Unbounded parameters of the form, shape (draws, 5).
    level
        Log error at the corner, shape (draws,).
    which
        Index of the hypothesis, shape (draws,).
    pull
        Weights of the drift's interpolation, shape (draws, K).
    shock
        Standard normal realisation of the drift beyond the corner, shape (draws,).
    """

    surface: Surface
    hypotheses: list[Hypothesis]
    form: np.ndarray
    theta: Floats
    level: Floats
    which: np.ndarray
    pull: Floats
    shock: Floats

    def errors(self, n: Floats, m: Floats, *, smooth: bool = False) -> Floats:
        """Expected error at points (n, m) of shape (P,) for each draw, shape (draws, P).

        ``smooth`` leaves out the steps of the drift beyond the corner; see `Draws.curves`.
        """
        log_n, log_m = self.surface.relative(n, m)
        seen = self.surface.relative(self.surface.n, self.surface.m)
        logs = self.level[:, None] + self._form(log_n, log_m)
        for k in np.unique(self.which):
            own = self.which == k
            hypothesis = self.hypotheses[k]
            logs[own] += self.pull[own] @ hypothesis.kernel((log_n, log_m), seen).T
            spread = np.sqrt(hypothesis.beyond(log_n, log_m, smooth=smooth))
            logs[own] += self.shock[own, None] * spread
        return np.exp(logs)

    def measured(self, n: Floats, m: Floats) -> Floats:
        """As `errors`, with the noise of one further mean; see `Draws.measured`."""
        noise = self.surface.noise
        if noise is None:
            sd = np.array([self.hypotheses[k].noise for k in self.which])
        else:
            sd = np.full(len(self.which), float(np.sqrt(np.median(np.diag(noise)))))
        rank = (np.arange(len(sd)) + 0.5) / len(sd)
        measured: Floats = self.errors(n, m) * np.exp(sd * ndtri(rank))[:, None]
        return measured

    def product_parameters(self) -> dict[str, Floats] | None:
        """A, alpha, B, beta, epsilon of the draws of the product form, if there are enough."""
        own = self.form == JOINT_FORMS.index("product")
        if np.sum(own) < 50:
            return None
        theta, corner = self.theta[own], np.exp(self.level[own])
        alpha, beta = np.exp(theta[:, 0]), np.exp(theta[:, 1])
        share, floor = expit(theta[:, 2]), expit(theta[:, 3])
        n_last, m_last = self.surface.corner
        rest = corner * (1 - floor) * m_last**beta
        return {
            "A": rest * (1 - share) * n_last**alpha,
            "decay_rate": alpha,
            "B": rest * share,
            "beta": beta,
            "epsilon": corner * floor,
        }

    def _form(self, log_n: Floats, log_m: Floats) -> Floats:
        logs = np.empty((len(self.form), len(log_n)))
        for k, name in enumerate(JOINT_FORMS):
            own = self.form == k
            logs[own] = np.log(relative_error(name, self.theta[own], log_n, log_m))
        return logs


def sample_joint(
    surface: Surface, draws: int, rng: np.random.Generator
) -> tuple[JointDraws, dict[str, float]]:
    """Draw error surfaces, and return the probability of each form beside them."""
    log_n, log_m = surface.relative(surface.n, surface.m)
    log_error = np.log(surface.error)
    ideas = hypotheses(noise_known=surface.noise is not None)
    covariances = [_covariance(surface, idea) for idea in ideas]
    weights = np.array([idea.log_prior for idea in ideas])
    parts, evidence = [], []
    for name in JOINT_FORMS:

        def shapes(theta: Floats, name: str = name) -> Floats:
            logs: Floats = np.log(relative_error(name, theta, log_n, log_m))
            return logs

        target = Target(log_error, shapes, covariances, weights, CENTER, SPREAD)
        theta, log_proposal = propose(target, rng)
        importance = log_prior(theta) - log_proposal
        seen = shapes(theta)
        busy = busy_covariances(log_error, seen, covariances, importance, weights)
        mixture = weigh(log_error, seen, [covariances[k] for k in busy], importance, weights[busy])
        evidence.append(mixture.log_evidence - np.log(len(theta)))
        which, particle, level = mixture.sample(draws, rng)
        which = busy[which]
        parts.append((theta[particle], level, which))
    probability = np.exp(np.array(evidence) - max(evidence))
    probability /= probability.sum()
    form = rng.choice(len(JOINT_FORMS), size=draws, p=probability)
    theta, level, which = (
        np.stack([part[k] for part in parts])[form, np.arange(draws)] for k in range(3)
    )
    drawn = JointDraws(
        surface, ideas, form, theta, level, which, np.zeros((draws, len(log_n))),
        rng.standard_normal(draws),
    )  # fmt: skip
    residual = log_error - level[:, None] - drawn._form(log_n, log_m)
    for k in np.unique(which):
        own = which == k
        drawn.pull[own] = np.linalg.solve(covariances[k], residual[own].T).T
    return drawn, dict(zip(JOINT_FORMS, probability.tolist(), strict=True))


def _covariance(surface: Surface, idea: Hypothesis) -> Floats:
    where = surface.relative(surface.n, surface.m)
    covariance = idea.kernel(where, where) + idea.noise**2 * np.eye(len(surface.n))
    return covariance if surface.noise is None else covariance + surface.noise
