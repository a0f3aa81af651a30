"""The law and its uncertainty: a posterior on a grid, closed form where it can be.

Model of a curve, in logarithms and with n_last the largest size seen:

    log E(n) = level + log((1 - c)·(n / n_last)^(-alpha) + c) + drift(n) + noise

``c`` is the share of the error at n_last that no data removes, so C = c·exp(level) and
D = (1 - c)·exp(level)·n_last^alpha. ``drift`` is what the form misses: a Brownian path
in log n that starts at n_last and runs both ways. Towards small n it gives old points
less say; towards large n it widens the forecast. Given (alpha, c) and the two standard
deviations, everything else is Gaussian, so a grid over those four needs no starting
values and no sampler.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.linalg import solve_triangular

from forescale.laws.curve import Floats, LearningCurve

ALPHA_RANGE = (0.01, 4.0)
ALPHAS, SHARES = 44, 30
DRIFTS = np.geomspace(0.001, 0.4, 9)  # per square root of a unit of ln n
NOISES = np.geomspace(0.0005, 0.2, 8)  # of one point, when its noise is not known
FLOOR = 1e-4  # relative; what no published error is more precise than


@dataclass(frozen=True)
class Prior:
    """What learning curves are like before this one is seen (pooled over tuning curves)."""

    alpha_center: float = 0.45
    alpha_spread: float = 0.9
    no_limit: float = 0.3
    drift_center: float = 0.03
    drift_spread: float = 1.0
    noise_center: float = 0.01
    noise_spread: float = 1.5


@dataclass(frozen=True)
class Draws:
    """Joint posterior draws, each of shape (draws,); errors in the metric's unit."""

    alpha: Floats
    share: Floats
    level: Floats
    drift: Floats
    shock: Floats
    n_last: float

    @property
    def scale(self) -> Floats:
        """D of the law."""
        scale: Floats = (1 - self.share) * np.exp(self.level) * self.n_last**self.alpha
        return scale

    @property
    def gap(self) -> Floats:
        """C of the law."""
        gap: Floats = self.share * np.exp(self.level)
        return gap

    def curves(self, n: Floats) -> Floats:
        """Error at each of ``n`` for each draw, shape (draws, len(n))."""
        distance = np.log(n / self.n_last)[None, :]
        fall = np.exp(-self.alpha[:, None] * distance)
        form = np.log((1 - self.share[:, None]) * fall + self.share[:, None])
        reach = np.sqrt(np.maximum(distance, 0.0))
        missed = self.shock[:, None] * self.drift[:, None] * reach
        curves: Floats = np.exp(self.level[:, None] + form + missed)
        return curves


@dataclass(frozen=True)
class _Grid:
    """Edges of the cells of alpha (log-spaced) and of c; c = 0 is a cell of its own."""

    alpha_edges: Floats
    share_edges: Floats

    @property
    def alphas(self) -> Floats:
        centers: Floats = np.sqrt(self.alpha_edges[1:] * self.alpha_edges[:-1])
        return centers

    @property
    def shares(self) -> Floats:
        centers = (self.share_edges[1:] + self.share_edges[:-1]) / 2
        return np.concatenate([[0.0], centers])


def _log_prior(grid: _Grid, prior: Prior) -> Floats:
    """Log mass of each cell, shape (alphas, shares)."""
    log_alpha = np.log(grid.alphas)
    spread = (log_alpha - np.log(prior.alpha_center)) / prior.alpha_spread
    alpha_mass = -0.5 * spread**2 + np.log(np.diff(np.log(grid.alpha_edges)))
    width = np.diff(grid.share_edges)
    share_mass = np.log(np.concatenate([[prior.no_limit], (1 - prior.no_limit) * width]))
    mass: Floats = alpha_mass[:, None] + share_mass[None, :]
    return mass


def _shapes(grid: _Grid, distance: Floats) -> Floats:
    """log((1 - c)·(n/n_last)^(-alpha) + c), shape (alphas·shares, K)."""
    fall = np.exp(-grid.alphas[:, None, None] * distance)
    share = grid.shares[None, :, None]
    return np.log((1 - share) * fall + share).reshape(-1, len(distance))


def sample_posterior(
    curve: LearningCurve, draws: int, rng: np.random.Generator, prior: Prior | None = None
) -> Draws:
    """Draw (alpha, c, level, drift) jointly from the posterior of one curve."""
    prior = prior or Prior()
    n_last = float(curve.n[-1])
    distance = np.log(curve.n / n_last)
    hypers = _hypers(curve, prior)
    grid = _Grid(np.geomspace(*ALPHA_RANGE, ALPHAS + 1), 1 - np.geomspace(1.0, 0.004, SHARES + 1))
    for _ in range(3):  # zoom while the mass sits in few cells
        log_mass, level, level_sd = _evaluate(curve, grid, hypers, prior, distance)
        mass = np.exp(log_mass - log_mass.max())
        mass /= mass.sum()
        zoomed = _zoom(grid, mass.sum(axis=0).reshape(ALPHAS, SHARES + 1))
        if zoomed is None:
            break
        grid = zoomed
    cell = rng.choice(mass.size, size=draws, p=mass.ravel())
    hyper, shape = np.unravel_index(cell, mass.shape)
    i, j = np.unravel_index(shape, (ALPHAS, SHARES + 1))
    step = rng.random((2, draws))
    edges = np.log(grid.alpha_edges)
    alpha = np.exp(edges[i] + step[0] * (edges[i + 1] - edges[i]))
    low = grid.share_edges[np.maximum(j - 1, 0)]
    share = np.where(j == 0, 0.0, low + step[1] * (grid.share_edges[np.maximum(j, 1)] - low))
    normal = rng.standard_normal((2, draws))
    drawn_level = level[hyper, shape] + level_sd[hyper] * normal[0]
    drift = np.array([h[0] for h in hypers])[hyper]
    return Draws(alpha, share, drawn_level, drift, normal[1], n_last)


def _hypers(curve: LearningCurve, prior: Prior) -> list[tuple[float, float, float]]:
    """(drift, noise, log prior) to sum over; known noise leaves only the drift open."""
    noises = NOISES if curve.noise is None else np.array([FLOOR])
    center_d, center_n = np.log(prior.drift_center), np.log(prior.noise_center)
    hypers = []
    for drift, noise in product(DRIFTS, noises):
        weight = -0.5 * ((np.log(drift) - center_d) / prior.drift_spread) ** 2
        if curve.noise is None:
            weight += -0.5 * ((np.log(noise) - center_n) / prior.noise_spread) ** 2
        hypers.append((float(drift), float(noise), float(weight)))
    return hypers


def _evaluate(
    curve: LearningCurve,
    grid: _Grid,
    hypers: list[tuple[float, float, float]],
    prior: Prior,
    distance: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Log posterior mass, level and its sd of each (hyper, cell)."""
    residual = curve.log_error[None, :] - _shapes(grid, distance)
    brownian = np.minimum(-distance[:, None], -distance[None, :])
    base = np.zeros_like(brownian) if curve.noise is None else curve.noise
    shape_prior = _log_prior(grid, prior).ravel()
    log_mass = np.empty((len(hypers), len(residual)))
    level = np.empty_like(log_mass)
    level_sd = np.empty(len(hypers))
    for row, (drift, noise, weight) in enumerate(hypers):
        covariance = drift**2 * brownian + base + noise**2 * np.eye(len(distance))
        factor = np.linalg.cholesky(covariance)
        white = solve_triangular(factor, residual.T, lower=True)
        one = solve_triangular(factor, np.ones(len(distance)), lower=True)
        precision = float(one @ one)
        level[row] = one @ white / precision
        level_sd[row] = precision**-0.5
        misfit = np.sum(white**2, axis=0) - precision * level[row] ** 2
        log_det = 2 * np.sum(np.log(np.diag(factor))) + np.log(precision)
        log_mass[row] = -0.5 * (misfit + log_det) + weight + shape_prior
    return log_mass, level, level_sd


def _zoom(grid: _Grid, mass: Floats, keep: float = 1e-4) -> _Grid | None:
    """Return a finer grid over the cells that hold the mass, or None if it is fine enough."""
    rows = np.flatnonzero(mass.sum(axis=1) > keep)
    columns = np.flatnonzero(mass[:, 1:].sum(axis=0) > keep)
    low, high = rows[0], rows[-1] + 1
    left, right = (columns[0], columns[-1] + 1) if len(columns) else (0, 1)
    if high - low > ALPHAS // 2 and right - left > SHARES // 2:
        return None
    edges = np.concatenate([[0.0], grid.share_edges[1:]])
    return _Grid(
        np.geomspace(grid.alpha_edges[low], grid.alpha_edges[high], ALPHAS + 1),
        np.linspace(edges[left], edges[right], SHARES + 1),
    )
