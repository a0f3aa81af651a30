"""Profile least squares: for every alpha the best (D, C) in closed form.

No starting values: alpha is scanned, and given alpha the law is linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from forescale.laws.arrays import Floats

FAR = 100.0  # logs beyond which a shape is out of the question, and products overflow
COARSE, FINE = 64, 33  # alphas scanned over the whole range, then around the best


@dataclass(frozen=True)
class Families:
    """Families of shapes, each array of shape (families,).

    Attributes
    ----------
    knees
        n_knee / n_last.
    bends
        How sharply the law bends into its limit.
    slows
        Decay rate, as a part of alpha, of half of what looks like the limit.
    stops
        n / n_last from which nothing falls any more; infinite where the curve falls on.
    """

    knees: Floats
    bends: Floats
    slows: Floats
    stops: Floats

    def __len__(self) -> int:
        return len(self.knees)

    def log_u(self, ratio: Floats) -> Floats:
        """Log of u at sizes n / n_last, shape (families, len(ratio))."""
        last = np.minimum(self.stops, 1.0)[:, None]
        reached = np.minimum(ratio, self.stops[:, None])
        logs: Floats = np.log((reached + self.knees[:, None]) / (last + self.knees[:, None]))
        return logs

    def and_stopped(self, stops: Floats) -> Families:
        """With one more family, a law that stops at once, for each of these sizes."""
        none, one = np.zeros(len(stops)), np.ones(len(stops))
        return Families(
            np.concatenate([self.knees, none]),
            np.concatenate([self.bends, one]),
            np.concatenate([self.slows, none]),
            np.concatenate([self.stops, stops]),
        )


FALLING = Families(
    knees=np.array([0.0, 0.03, 0.1, 0.3, 1.0, 0.0, 0.0]),
    bends=np.array([1.0, 1.0, 1.0, 1.0, 1.0, 4.0, 1.0]),
    slows=np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25]),
    stops=np.full(7, np.inf),
)
"""Those of every curve."""


@dataclass(frozen=True)
class Profile:
    """A curve whitened for relative residuals: E^q ≈ D·u^(-alpha) + C is divided by E^q.

    In the family of sums of two powers half of C is C·u^(-slow·alpha).

    Attributes
    ----------
    log_u
        Log of u = (n + n_knee) / (n_last + n_knee), shape (families, K).
    relative
        (Error at n_last over error at n)^q, shape (families, K).
    factor
        Lower Cholesky factor of the covariance of the log errors, shape (K, K).
    """

    families: Families
    log_u: Floats
    relative: Floats
    factor: Floats

    @classmethod
    def of(
        cls, n: Floats, log_error: Floats, covariance: Floats, families: Families = FALLING
    ) -> Profile:
        """Prepare a curve."""
        relative = np.exp(np.minimum(families.bends[:, None] * (log_error[-1] - log_error), FAR))
        factor = np.asarray(np.linalg.cholesky(covariance), float)
        return cls(families, families.log_u(n / n[-1]), relative, factor)

    def solve(self, alphas: Floats) -> tuple[Floats, Floats, Floats]:
        """Best share c = C / (C + D) within 0 and 1, its standard error, and the misfit.

        ``alphas`` has shape (families, A); so have the answers.
        """
        slows = self.families.slows
        one = self._whiten(np.ones(self.relative.shape[1]))
        x = self._whiten(self._over(alphas[..., None]))
        flat = self._whiten(
            self._over(np.zeros((len(slows), 1, 1))) / 2
            + self._over(slows[:, None, None] * alphas[..., None]) / 2
        )
        xx, xc, cc = np.sum(x * x, 2), np.sum(x * flat, 2), np.sum(flat * flat, 2)
        xy, cy, yy = x @ one, flat @ one, one @ one
        det = np.maximum(xx * cc - xc**2, 1e-12 * xx * cc)
        scale, gap = (cc * xy - xc * cy) / det, (xx * cy - xc * xy) / det
        total = np.maximum(scale + gap, 1e-3)
        variance = (scale**2 * xx + gap**2 * cc + 2 * scale * gap * xc) / det / total**4
        share = np.clip(gap / total, 0.0, 1.0)
        rest = 1 - share  # the best within bounds: one free factor is left
        fit = rest * xy + share * cy
        misfit = yy - fit**2 / (rest**2 * xx + 2 * rest * share * xc + share**2 * cc)
        return share, np.sqrt(np.maximum(variance, 0.0)), misfit

    def _over(self, exponents: Floats) -> Floats:
        """u^-exponent over E^q, for exponents of shape (families, A, 1)."""
        logs = np.log(self.relative)[:, None, :] - exponents * self.log_u[:, None, :]
        over: Floats = np.exp(np.minimum(logs, FAR))
        return over

    def _whiten(self, columns: Floats) -> Floats:
        """Columns of shape (..., K), whitened."""
        flat = columns.reshape(-1, columns.shape[-1]).T
        white = solve_triangular(self.factor, flat, lower=True, check_finite=False)
        return np.asarray(white.T.reshape(columns.shape), dtype=float)

    def best_alpha(self, bounds: tuple[float, float]) -> tuple[Floats, Floats]:
        """Log of the best exponent of each family, and its standard error, shape (families,).

        ``bounds`` are those of the decay rate; the exponent of E^q is q times it.
        """
        low, high = np.log(bounds)
        scan = np.linspace(low, high, COARSE) + np.log(self.families.bends)[:, None]
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


def fan(
    center: Floats, width: Floats, low: Floats | float, high: Floats | float, half: int
) -> Floats:
    """Edges of cells from ``low`` to ``high``: fine (``width``) at a center, ever wider away.

    Shape ``(*center.shape, 2·half + 1)``; a side without room has cells of no width.
    """
    bottom, top = np.asarray(low)[..., None], np.asarray(high)[..., None]
    center, width = np.clip(center, low, high)[..., None], np.clip(width, 1e-4, 0.5)[..., None]
    steps = np.linspace(0.0, 1.0, half + 1)
    below = center - np.sinh(steps[::-1] * np.arcsinh((center - bottom) / width)) * width
    above = center + np.sinh(steps * np.arcsinh((top - center) / width)) * width
    edges = np.concatenate([below, above[..., 1:]], axis=-1)
    edges[..., 0], edges[..., -1] = low, high
    fanned: Floats = np.maximum.accumulate(np.clip(edges, bottom, top), axis=-1)
    return fanned
