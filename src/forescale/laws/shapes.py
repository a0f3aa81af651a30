"""Candidate shapes of a learning curve on a grid, relative to its largest size.

With u = (n + n_knee) / (n_last + n_knee) a shape is log((1 - c)·u^(-alpha) + c):

- ``power``: c = 0, no knee, the pure power law;
- ``power_limit``: no knee, the law D·n^(-alpha) + C;
- ``knee``: n_knee > 0, flat before the knee and the law after it (four parameters).

``c`` is the share of the error at n_last that no data removes; c = 0 is a cell of its own.
alpha and c trade off along a ridge far thinner than either range. Given alpha the law is
linear in (D, C), so each alpha gets its own cells of c: fine around the least-squares
answer, ever wider away from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forescale.laws.arrays import Floats
from forescale.laws.profile import KNEES, Profile, fan, log_u

ALPHA_RANGE = (0.01, 4.0)
HALF_ALPHAS, HALF_SHARES = 14, 12
FORMS = ("power", "power_limit", "knee")


@dataclass(frozen=True)
class ShapePrior:
    """What curves are like before this one is seen, pooled over the tuning curves."""

    alpha: tuple[float, float] = (0.5, 0.9)  # log-normal center and spread
    no_limit: float = 0.12
    no_knee: float = 0.6
    flatness: float = 0.8  # c ~ Beta(1, flatness): below one favours curves that level off


@dataclass(frozen=True)
class ShapeGrid:
    """Cells of alpha for each knee, and of c for each knee and alpha.

    Attributes
    ----------
    alpha_edges
        Natural logarithms, ascending, shape (knees, A + 1).
    share_edges
        Ascending from 0 to 1, shape (knees, A, cells + 1).
    """

    alpha_edges: Floats
    share_edges: Floats

    @classmethod
    def around(cls, n: Floats, log_error: Floats, covariance: Floats) -> ShapeGrid:
        """Cells around the profile of a curve under its tightest covariance."""
        profile = Profile.of(n, log_error, covariance)
        best, spread = profile.best_alpha(ALPHA_RANGE)
        low, high = np.log(ALPHA_RANGE)
        alpha_edges = fan(best, spread, float(low), float(high), HALF_ALPHAS)
        alphas = np.exp((alpha_edges[:, 1:] + alpha_edges[:, :-1]) / 2)
        share, error, _ = profile.solve(alphas)
        return cls(alpha_edges, fan(share, error, 0.0, 1.0, HALF_SHARES))

    @property
    def dims(self) -> tuple[int, int, int]:
        """Numbers of knees, alphas, and cells of c with c = 0 as the first."""
        return len(KNEES), 2 * HALF_ALPHAS, 2 * HALF_SHARES + 1

    @property
    def alphas(self) -> Floats:
        """Centers of the alpha cells, shape (knees, A)."""
        centers: Floats = np.exp((self.alpha_edges[:, 1:] + self.alpha_edges[:, :-1]) / 2)
        return centers

    def log_shapes(self, n: Floats, n_last: float) -> Floats:
        """Every shape at sizes, shape (S, len(n))."""
        u = log_u(n / n_last)[:, None, :]
        fall = np.exp(-self.alphas[..., None] * u)[:, :, None, :]
        centers = (self.share_edges[..., 1:] + self.share_edges[..., :-1]) / 2
        share = np.concatenate([np.zeros((*centers.shape[:2], 1)), centers], axis=-1)[..., None]
        shapes: Floats = np.log((1 - share) * fall + share).reshape(-1, len(n))
        return shapes

    def log_prior(self, prior: ShapePrior) -> Floats:
        """Log prior mass of every shape, shape (S,)."""
        center, spread = prior.alpha
        alpha = -0.5 * (np.log(self.alphas / center) / spread) ** 2
        alpha = alpha + np.log(np.maximum(np.diff(self.alpha_edges, axis=1), 1e-300))
        tail = (1 - self.share_edges) ** prior.flatness  # Beta(1, b) has this upper tail
        cells = (1 - prior.no_limit) * -np.diff(tail, axis=-1)
        atom = np.full((*cells.shape[:2], 1), prior.no_limit)
        share = np.log(np.maximum(np.concatenate([atom, cells], axis=-1), 1e-300))
        others = (1 - prior.no_knee) / (len(KNEES) - 1)
        knee = np.log(np.where(KNEES == 0, prior.no_knee, others))
        mass: Floats = (knee[:, None, None] + alpha[..., None] + share).ravel()
        return mass

    def place(self, shape: np.ndarray, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
        """Draw (alpha, c, n_knee / n_last) uniformly within the cells of given shapes."""
        knee, i, j = np.unravel_index(shape, self.dims)
        step = rng.random((2, len(shape)))
        low, high = self.alpha_edges[knee, i], self.alpha_edges[knee, i + 1]
        alpha = np.exp(low + step[0] * (high - low))
        low, high = self.share_edges[knee, i, np.maximum(j - 1, 0)], self.share_edges[knee, i, j]
        share = np.where(j == 0, 0.0, low + step[1] * (high - low))
        return alpha, share, KNEES[knee]

    def form_of(self, shape: np.ndarray) -> np.ndarray:
        """Index into ``FORMS`` of given shapes."""
        knee, _, j = np.unravel_index(shape, self.dims)
        return np.where(knee > 0, 2, np.where(j > 0, 1, 0))
