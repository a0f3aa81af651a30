"""The published way to fit a law, for comparison with papers.

D·n^(-alpha) + C by least squares on the mean error, its interval by bootstrap over trials:
Minami et al., npj Comput. Mater. 11, 146 (2025), doi 10.1038/s41524-025-01606-5. No drift, no
noise, one form: its intervals say how the trials scatter, not whether the form goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forescale.errors import LawError
from forescale.laws.arrays import Floats
from forescale.laws.curve import read_curve
from forescale.laws.distribution import Distribution, band, finite
from forescale.laws.law import Forecast
from forescale.laws.noise import replicate_matrix
from forescale.laws.shapes import ALPHA_RANGE

AT_EDGE = "alpha is at an end of what is searched: the curve is flat or does not bend; no law"
COARSE, FINE, ROUNDS = 80, 21, 3  # alphas scanned, then around the best, and how often


@dataclass(frozen=True)
class PublishedLaw:
    """Least-squares law with its bootstrap; see `fit_published`.

    Attributes
    ----------
    n, error
        Sizes and mean errors it was fitted to, shape (K,).
    decay_rate, scale, transfer_gap
        alpha, D and C: the fit to the mean, and what the resampled trials make of it.
    r_squared
        Share of the variance of the mean errors that the fit explains.
    trials
        How many trials were resampled; 0 where there were none, and intervals say nothing.
    """

    n: Floats
    error: Floats
    decay_rate: Distribution
    scale: Distribution
    transfer_gap: Distribution
    r_squared: float
    trials: int
    level: float = 0.9

    def predict(self, n_grid: ArrayLike) -> Forecast:
        """Error by the fit to the mean, with the bootstrap's interval, shape (P,)."""
        n = np.atleast_1d(np.asarray(n_grid, dtype=float))
        if n.ndim != 1 or not np.all(np.isfinite(n) & (n > 0)):
            raise LawError("sizes to forecast at must be finite, above zero and one-dimensional")
        drawn = _law(self.scale.draws, self.decay_rate.draws, self.transfer_gap.draws, n)
        scale, alpha, gap = (
            np.array([q.estimate]) for q in (self.scale, self.decay_rate, self.transfer_gap)
        )
        low, _, high = band(drawn, self.level)
        return Forecast(n, _law(scale, alpha, gap, n)[0], low, high)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; what is not known is null."""
        return {
            "equation": self.equation,
            "at_edge": self.at_edge,
            "decay_rate": self.decay_rate.to_json(),
            "scale": self.scale.to_json(),
            "transfer_gap": self.transfer_gap.to_json(),
            "r_squared": finite(self.r_squared),
            "trials": self.trials,
            "forecast": self.predict(self.n[-1] * np.array([2.0, 4.0, 8.0])).to_json(),
        }

    @property
    def at_edge(self) -> bool:
        """Whether alpha stands at an end of what is searched: flat, or bending the wrong way."""
        low, high = ALPHA_RANGE
        return not 1.001 * low < self.decay_rate.estimate < high / 1.001

    @property
    def equation(self) -> str:
        """The law in one line, as it is printed beside a figure."""
        scale, alpha, gap = (q.estimate for q in (self.scale, self.decay_rate, self.transfer_gap))
        return f"E(n) = {scale:.3g}·n^(-{alpha:.3g}) + {gap:.3g}"


def fit_published(
    n: ArrayLike,
    error: ArrayLike,
    replicate: Sequence[Any] | NDArray[Any] | None = None,
    *,
    level: float = 0.9,
    resamples: int = 500,
    seed: int = 0,
) -> PublishedLaw:
    """Fit D·n^(-alpha) + C as papers do.

    Parameters
    ----------
    n, error
        Size and error of each point, shape (P,), as in `fit_law`.
    replicate
        Trial that each point belongs to, shape (P,); whole trials are resampled.
    level, resamples, seed
        Level of the intervals, number of resamples, and their seed.

    Returns
    -------
    PublishedLaw

    Raises
    ------
    LawError
        If a point is unusable or there are fewer than three sizes.

    References
    ----------
    Minami et al. (2025), doi 10.1038/s41524-025-01606-5.

    Examples
    --------
    >>> n = 100 * 2.0 ** np.arange(8)
    >>> fit_published(n, 3 * n**-0.5 + 0.2).equation
    'E(n) = 3·n^(-0.5) + 0.2'
    """
    if not 0 < level < 1:
        raise LawError(f"level must lie between 0 and 1, got {level}")
    curve = read_curve(n, error, replicate)
    if len(curve.n) < 3:
        raise LawError(f"a law needs at least 3 different sizes n, got {len(curve.n)}")
    mean, trials = curve.error[None, :], 0
    if replicate is not None:
        between = np.sqrt(curve.n[1:] * curve.n[:-1])
        position = np.searchsorted(between, np.asarray(n, dtype=float))
        values, ids = np.asarray(error, dtype=float), np.asarray(replicate)
        matrix = replicate_matrix(position, values, ids, len(curve.n))
        trials = len(matrix)
    if trials > 1:
        rng = np.random.default_rng(seed)
        drawn = matrix[rng.integers(0, trials, (resamples, trials))]
        counted = np.isfinite(drawn).sum(axis=1)
        means = np.nansum(drawn, axis=1) / np.maximum(counted, 1)
        mean = np.vstack([mean, np.where(counted > 0, means, curve.error)])
    alpha, scale, gap = _least_squares(curve.n, mean)
    fitted = _law(scale[:1], alpha[:1], gap[:1], curve.n)[0]
    around = curve.error - curve.error.mean()
    total = float(around @ around)
    left = float(np.sum((curve.error - fitted) ** 2))
    share = 1 - left / total if total > 0 else float("nan")

    def quantity(draws: Floats) -> Distribution:
        resampled = draws[1:] if trials > 1 else np.full(2, np.nan)
        return Distribution(resampled, level, float(draws[0]))

    return PublishedLaw(
        curve.n,
        curve.error,
        quantity(alpha),
        quantity(scale),
        quantity(gap),
        share,
        trials,
        level,
    )


def _law(scale: Floats, alpha: Floats, gap: Floats, n: Floats) -> Floats:
    law: Floats = scale[:, None] * n ** -alpha[:, None] + gap[:, None]
    return law


def _least_squares(n: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """Alpha, D and C of each row of ``errors`` (B, K): D, C ≥ 0 in closed form for every alpha."""
    u = n / n[-1]
    low, high = np.log(ALPHA_RANGE)
    scan = np.tile(np.linspace(low, high, COARSE), (len(errors), 1))
    rows = np.arange(len(errors))
    for _ in range(ROUNDS + 1):
        scale, gap, misfit = _linear(np.exp(scan), u, errors)
        best = np.argmin(misfit, axis=1)
        chosen = np.exp(scan[rows, best]), scale[rows, best], gap[rows, best]
        left = scan[rows, np.maximum(best - 1, 0)]
        right = scan[rows, np.minimum(best + 1, scan.shape[1] - 1)]
        scan = np.linspace(left, right, FINE, axis=1)
    alpha, scale, gap = chosen
    return alpha, scale * n[-1] ** alpha, gap


def _linear(alphas: Floats, u: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """Best (D, C) ≥ 0 of each row for each of its alphas, shape (B, A), and the misfit."""
    x = u ** -alphas[..., None]
    y = errors[:, None, :]
    mean_x, mean_y = x.mean(axis=2), y.mean(axis=2)
    spread = np.maximum(np.sum((x - mean_x[..., None]) ** 2, axis=2), 1e-300)
    scale = np.sum((x - mean_x[..., None]) * (y - mean_y[..., None]), axis=2) / spread
    gap = mean_y - scale * mean_x
    through = np.sum(x * y, axis=2) / np.sum(x * x, axis=2)  # C = 0
    scale, gap = np.where(gap < 0, through, scale), np.maximum(gap, 0.0)
    gap = np.where(scale < 0, mean_y, gap)
    scale = np.maximum(scale, 0.0)
    misfit = np.sum((scale[..., None] * x + gap[..., None] - y) ** 2, axis=2)
    return scale, gap, misfit


def marginal_worth(
    law: Any, n: float, m: float, *, step: float = 0.05, level: float = 0.9
) -> Distribution:
    """Computed values that one more measured value is worth at (n, m).

    The marginal equivalent sample size (∂E/∂m) / (∂E/∂n) of a joint law; infinite where
    more computed values no longer help.

    Parameters
    ----------
    law
        A `JointLaw`.
    n, m
        Where, both above zero.
    step
        Relative step of the central differences.
    level
        Level of the interval.

    Raises
    ------
    LawError
        If a size is not finite and positive.
    """
    if not all(np.isfinite(v) and v > 0 for v in (n, m)):
        raise LawError(f"n and m must be finite and above zero, got {n:g} and {m:g}")
    up, down = 1 + step, 1 - step
    at_n, at_m = np.array([n * up, n * down, n, n]), np.array([m, m, m * up, m * down])
    errors = law.draws.errors(at_n, at_m, smooth=True)
    by_n = (errors[:, 0] - errors[:, 1]) / (2 * step * n)
    by_m = (errors[:, 2] - errors[:, 3]) / (2 * step * m)
    worth = np.full(len(by_n), np.inf)
    np.divide(by_m, by_n, out=worth, where=by_n < 0)
    return Distribution(np.where(by_m >= 0, 0.0, worth), level)
