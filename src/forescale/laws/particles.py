"""Importance sampling of a few parameters, with no starting values.

Particles drawn from the prior are weighed; the next ones come from a Student mixture that
follows the weights, tempered while few particles carry them all. Each round's particles
keep the weight prior × likelihood / proposal, so all rounds count (adaptive multiple
importance sampling, Cornuet et al. 2012, doi 10.1111/j.1467-9469.2011.00756.x).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import gammaln, logsumexp

from forescale.laws.arrays import Floats

PARTICLES, FREEDOM = 800, 5.0
ROUNDS, ENOUGH = 24, 400.0  # at most; stop when this many equal particles are reached


def adapt(
    log_target: Callable[[Floats], Floats],
    center: Floats,
    spread: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Particles of a target density and the logarithm of what they were drawn from.

    Parameters
    ----------
    log_target
        Log density (up to a constant) of particles of shape (S, d).
    center, spread
        Mean and standard deviation of each parameter's prior, shape (d,).

    Returns
    -------
    particles, log_proposal
        Shapes (S, d) and (S,).
    """
    proposals = [(center, np.diag(spread**2))]
    particles = np.empty((0, len(center)))
    target = np.empty(0)
    for _ in range(ROUNDS):
        fresh = _draw(*proposals[-1], rng)
        particles = np.vstack([particles, fresh])
        target = np.concatenate([target, log_target(fresh)])
        log_weight = target - _mixture(particles, proposals)
        weight = _tempered(log_weight, 20 * len(center))
        if _worth(np.exp(log_weight - logsumexp(log_weight))) > ENOUGH:
            break
        mean = weight @ particles
        away = particles - mean
        covariance = (away * weight[:, None]).T @ away + 1e-8 * np.diag(spread**2)
        proposals.append((mean, 1.5 * covariance))
    count = len(particles) // PARTICLES
    return particles, _mixture(particles, proposals[:count])


def _draw(mean: Floats, covariance: Floats, rng: np.random.Generator) -> Floats:
    factor = np.linalg.cholesky(covariance)
    normal = rng.standard_normal((PARTICLES, len(mean)))
    stretch = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, (PARTICLES, 1)))
    drawn: Floats = mean + stretch * normal @ factor.T
    return drawn


def _mixture(particles: Floats, proposals: list[tuple[Floats, Floats]]) -> Floats:
    """Log density of the equal mixture of Student proposals."""
    d = len(particles[0])
    parts = []
    for mean, covariance in proposals:
        factor = np.linalg.cholesky(covariance)
        white = np.linalg.solve(factor, (particles - mean).T)
        square = np.sum(white**2, axis=0)
        parts.append(
            gammaln((FREEDOM + d) / 2)
            - 0.5 * (FREEDOM + d) * np.log1p(square / FREEDOM)
            - np.sum(np.log(np.diag(factor)))
        )
    density: Floats = logsumexp(np.array(parts), axis=0) - np.log(len(parts))
    return density


def _tempered(log_weight: Floats, wanted: float) -> Floats:
    """Normalised weights, flattened until they are worth ``wanted`` equal ones."""
    power = 1.0
    weight = np.ones_like(log_weight)
    for _ in range(40):
        weight = np.exp(power * (log_weight - log_weight.max()))
        weight /= weight.sum()
        if _worth(weight) >= wanted:
            break
        power *= 0.7
    return np.asarray(weight, dtype=float)


def _worth(weight: Floats) -> float:
    """Return how many equally weighted particles normalised weights are worth."""
    return float(1 / np.sum(weight**2))
