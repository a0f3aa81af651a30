"""Profile least squares: for every alpha the best (D, C) in closed form.

No starting values: alpha is scanned, and given alpha the law is linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from forescale.laws.arrays import Floats

KNEES = np.array([0.0, 0.03, 0.1, 0.3, 1.0])  # n_knee / n_last
COARSE, FINE = 64, 33  # alphas scanned over the whole range, then around the best


@dataclass(frozen=True)
class Profile:
    """A curve whitened for relative residuals: E ≈ D·u^(-alpha) + C is divided by E.

    Attributes
    ----------
    log_u
        Log of u = (n + n_knee) / (n_last + n_knee), shape (knees, K).
    relative
        Error at n_last over error at n, shape (K,).
    factor
        Lower Cholesky factor of the covariance of the log errors, shape (K, K).
    """

    log_u: Floats
    relative: Floats
    factor: Floats

    @classmethod
    def of(cls, n: Floats, log_error: Floats, covariance: Floats) -> Profile:
        """Prepare a curve."""
        relative = np.exp(log_error[-1] - log_error)
        return cls(log_u(n / n[-1]), relative, np.asarray(np.linalg.cholesky(covariance), float))

    def solve(self, alphas: Floats) -> tuple[Floats, Floats, Floats]:
        """Best share c = C / (C + D) within 0 and 1, its standard error, and the misfit.

        ``alphas`` has shape (knees, A); so have the answers.
        """
        columns = np.column_stack([np.ones_like(self.relative), self.relative])
        white = self._whiten(columns)
        one, flat = white[:, 0], white[:, 1]
        fall = np.exp(-alphas[..., None] * self.log_u[:, None, :]) * self.relative
        x = self._whiten(fall.reshape(-1, len(one)).T)
        xx, xc, cc = np.einsum("ks,ks->s", x, x), flat @ x, flat @ flat
        xy, cy = one @ x, flat @ one
        det = np.maximum(xx * cc - xc**2, 1e-12 * xx * cc)
        scale, gap = (cc * xy - xc * cy) / det, (xx * cy - xc * xy) / det
        total = np.maximum(scale + gap, 1e-3)
        variance = (scale**2 * xx + gap**2 * cc + 2 * scale * gap * xc) / det / total**4
        share = np.clip(gap / total, 0.0, 1.0)
        rest = 1 - share  # the best within bounds: one free factor is left
        fit = rest * xy + share * cy
        misfit = one @ one - fit**2 / (rest**2 * xx + 2 * rest * share * xc + share**2 * cc)
        error = np.sqrt(np.maximum(variance, 0.0))
        shape = alphas.shape
        return share.reshape(shape), error.reshape(shape), misfit.reshape(shape)

    def _whiten(self, columns: Floats) -> Floats:
        white = solve_triangular(self.factor, columns, lower=True, check_finite=False)
        return np.asarray(white, dtype=float)

    def best_alpha(self, bounds: tuple[float, float]) -> tuple[Floats, Floats]:
        """Log of the best alpha of each knee, and its standard error, shape (knees,)."""
        low, high = np.log(bounds)
        scan = np.tile(np.linspace(low, high, COARSE), (len(self.log_u), 1))
        knees = np.arange(len(self.log_u))
        for count in (FINE, FINE):
            best = np.argmin(self.solve(np.exp(scan))[2], axis=1)
            left = scan[knees, np.maximum(best - 1, 0)]
            right = scan[knees, np.minimum(best + 1, scan.shape[1] - 1)]
            scan = np.linspace(left, right, count, axis=1)
        misfit = self.solve(np.exp(scan))[2]
        best = np.clip(np.argmin(misfit, axis=1), 1, FINE - 2)
        step = scan[:, 1] - scan[:, 0]
        ends = misfit[:, 0] + misfit[:, -1] - 2 * misfit[:, FINE // 2]
        curvature = ends / (step * (FINE // 2)) ** 2
        error = np.sqrt(2 / np.maximum(curvature, 1e-6))
        return scan[knees, best], error


def fan(center: Floats, width: Floats, low: float, high: float, half: int) -> Floats:
    """Edges of cells from ``low`` to ``high``: fine (``width``) at a center, ever wider away.

    Shape ``(*center.shape, 2·half + 1)``; a side without room has cells of no width.
    """
    center, width = np.clip(center, low, high)[..., None], np.clip(width, 1e-4, 0.5)[..., None]
    steps = np.linspace(0.0, 1.0, half + 1)
    below = center - np.sinh(steps[::-1] * np.arcsinh((center - low) / width)) * width
    above = center + np.sinh(steps * np.arcsinh((high - center) / width)) * width
    edges = np.concatenate([below, above[..., 1:]], axis=-1)
    edges[..., 0], edges[..., -1] = low, high
    fanned: Floats = np.maximum.accumulate(np.clip(edges, low, high), axis=-1)
    return fanned


def log_u(ratio: Floats) -> Floats:
    """Log of u at sizes n / n_last, shape (knees, len(ratio))."""
    logs: Floats = np.log((ratio + KNEES[:, None]) / (1 + KNEES[:, None]))
    return logs
