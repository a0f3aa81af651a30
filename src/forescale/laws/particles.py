"""Importance sampling of a few shape parameters, with no starting values to give.

Particles from the prior show where each covariance hypothesis likes the parameters best;
from there damped Gauss-Newton steps lead to its mode. A mixture of Student densities
around all modes, and the prior itself, then proposes the particles that are weighed.
Student mixtures around modes: Geweke (1989), doi 10.2307/1913710.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import gammaln, logsumexp

from forescale.laws.arrays import Floats
from forescale.laws.mixture import pair_masses

SCOUTS, PARTICLES, FREEDOM = 1500, 6000, 5.0
MODES, FAINT = 16, 9.0  # modes kept: so many at most, and no fainter in ln than the best
STARTS = 2  # best scouts from which each hypothesis looks for its mode
STRETCHES = (1.3, 6.0)  # of a mode's covariance; the wide one catches what bends away
STEPS, STEP = 25, 1e-4

Shapes = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Target:
    """What is sampled: log errors (K,), their shapes, covariances, and Gaussian prior."""

    log_error: Floats
    shapes: Shapes
    covariances: Sequence[Floats]
    weights: Floats
    center: Floats
    spread: Floats


def propose(target: Target, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw particles around every mode.

    Returns
    -------
    particles, log_proposal
        Shapes (S, d) and (S,): parameters, and the log density they were drawn from.
    """
    d = len(target.center)
    scouts = target.center + target.spread * rng.standard_normal((SCOUTS, d))
    mass = pair_masses(target.log_error, target.shapes(scouts), target.covariances, target.weights)
    modes = [
        _mode(target, covariance, weight, scouts[start])
        for row, covariance, weight in zip(mass, target.covariances, target.weights, strict=True)
        for start in np.argsort(-row)[:STARTS]
    ]
    modes.sort(key=lambda mode: -mode[2])
    proposals = [(target.center, np.diag(target.spread**2))]
    for mode, around, log_mass in modes[:MODES]:
        if log_mass > modes[0][2] - FAINT:
            proposals += [(mode, stretch * around) for stretch in STRETCHES]
    each = PARTICLES // len(proposals)
    drawn = [_draw(mean, around, each, rng) for mean, around in proposals]
    particles = np.vstack(drawn)
    return particles, _density(particles, proposals)


def _mode(
    target: Target, covariance: Floats, weight: float, theta: Floats
) -> tuple[Floats, Floats, float]:
    """Mode of the parameters under one covariance, their covariance, and its log mass."""
    factor = np.linalg.cholesky(covariance)
    one = solve_triangular(factor, np.ones(len(factor)), lower=True, check_finite=False)
    log_det = np.sum(np.log(np.diag(factor))) + np.log(np.linalg.norm(one))
    one = one / np.linalg.norm(one)
    moves = np.vstack([np.zeros(len(theta)), STEP * np.eye(len(theta))])
    precision = np.diag(target.spread**-2.0)

    def white(points: Floats) -> Floats:
        residual = (target.log_error - target.shapes(points)).T
        solved = solve_triangular(factor, residual, lower=True, check_finite=False)
        return np.asarray(solved - np.outer(one, one @ solved), dtype=float)

    def loss(points: Floats) -> Floats:
        prior = ((points - target.center) / target.spread) ** 2
        return np.asarray(np.sum(white(points) ** 2, axis=0) + np.sum(prior, axis=1))

    damping, dampings = 1.0, np.array([0.1, 1.0, 10.0])
    current = float(loss(theta[None, :])[0])
    curvature = precision
    for _ in range(STEPS):
        columns = white(theta + moves)
        jacobian = (columns[:, 1:] - columns[:, :1]) / STEP
        curvature = jacobian.T @ jacobian + precision
        slope = jacobian.T @ columns[:, 0] + precision @ (theta - target.center)
        tried = np.array(
            [
                theta
                - np.linalg.solve(curvature + damping * k * np.diag(np.diag(curvature)), slope)
                for k in dampings
            ]
        )
        losses = loss(tried)
        best = int(np.argmin(losses))
        if not losses[best] < current:
            damping *= 30.0
            if damping > 1e8:
                break
            continue
        gained, current = current - float(losses[best]), float(losses[best])
        theta, damping = tried[best], max(damping * dampings[best], 1e-9)
        if gained < 1e-3:
            break
    around = np.asarray(np.linalg.inv(curvature), dtype=float)
    log_mass = weight - log_det - 0.5 * (current + np.linalg.slogdet(curvature)[1])
    return theta, around, float(log_mass)


def _draw(mean: Floats, covariance: Floats, count: int, rng: np.random.Generator) -> Floats:
    factor = np.linalg.cholesky(covariance)
    normal = rng.standard_normal((count, len(mean)))
    stretch = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, (count, 1)))
    drawn: Floats = mean + stretch * normal @ factor.T
    return drawn


def _density(particles: Floats, proposals: list[tuple[Floats, Floats]]) -> Floats:
    """Log density of the equal mixture of Student proposals, shape (S,)."""
    d = particles.shape[1]
    constant = gammaln((FREEDOM + d) / 2) - gammaln(FREEDOM / 2) - d / 2 * np.log(np.pi * FREEDOM)
    parts = np.empty((len(proposals), len(particles)))
    for row, (mean, covariance) in enumerate(proposals):
        factor = np.linalg.cholesky(covariance)
        white = solve_triangular(factor, (particles - mean).T, lower=True, check_finite=False)
        square = np.einsum("ds,ds->s", white, white)
        parts[row] = constant - np.sum(np.log(np.diag(factor)))
        parts[row] -= 0.5 * (FREEDOM + d) * np.log1p(square / FREEDOM)
    density: Floats = logsumexp(parts, axis=0) - np.log(len(parts))
    return density
