"""Fit one law to one learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forescale._threads import one_thread
from forescale.errors import LawError
from forescale.laws.backtest import run_backtest
from forescale.laws.curve import LearningCurve, read_curve
from forescale.laws.flags import find_flags
from forescale.laws.law import Law, Quantity
from forescale.laws.posterior import Posterior
from forescale.laws.profile import Profile
from forescale.laws.shapes import ALPHA_RANGE


@one_thread
def fit_law(
    n: ArrayLike,
    error: ArrayLike,
    replicate: Sequence[Any] | NDArray[Any] | None = None,
    se: ArrayLike | None = None,
    *,
    level: float = 0.9,
    seed: int = 0,
    draws: int = 2000,
    at: ArrayLike | None = None,
    noise_floor: float | None = None,
    metric: str | None = None,
    n_target: int | None = None,
) -> Law:
    """Fit E(n) = D·n^(-alpha) + C to learning-curve points.

    Parameters
    ----------
    n, error
        Size and error of each point, shape (P,); any order, repeats allowed. Errors are
        lower-is-better and above zero, in the metric's unit.
    replicate
        Identifier of the replicate each point belongs to, shape (P,). Replicates may
        differ in their sizes.
    se
        Standard error of each point, shape (P,), in the unit of ``error``.
    level
        Nominal level of every interval.
    seed, draws
        Seed and number of joint draws.
    at
        Sizes for the forecast in ``to_json``; default 2, 4 and 8 times the largest.
    noise_floor
        Scatter of repeated measurements, in the unit of ``error``; a limit below it is
        flagged.
    metric, n_target
        Carried into the JSON.

    Returns
    -------
    Law

    Raises
    ------
    LawError
        If a point is not finite and positive, lengths differ, or there are no points.

    References
    ----------
    Minami et al., npj Comput. Mater. 11, 146 (2025), doi 10.1038/s41524-025-01606-5.

    Examples
    --------
    >>> n = 100 * 2.0 ** np.arange(8)
    >>> law = fit_law(n, 3 * n**-0.5 + 0.2)
    >>> round(law.transfer_gap.estimate, 1)
    0.2
    """
    if not 0 < level < 1:
        raise LawError(f"level must lie between 0 and 1, got {level}")
    if draws < 100:
        raise LawError(f"draws must be at least 100, got {draws}")
    curve = read_curve(n, error, replicate, se)
    sizes = () if at is None else tuple(float(v) for v in np.atleast_1d(np.asarray(at, float)))
    if not all(np.isfinite(v) and v > 0 for v in sizes):
        raise LawError("sizes to forecast at must be finite and above zero")
    rng = np.random.default_rng(seed)
    posterior = Posterior.of(curve)
    drawn = posterior.sample(draws, rng, within=True)
    return Law(
        curve=curve,
        draws=drawn,
        decay_rate=Quantity.of(drawn.alpha, level),
        scale=Quantity.of(drawn.scale, level),
        transfer_gap=Quantity.of(drawn.gap, level),
        r_squared=_r_squared(curve),
        flags=find_flags(curve, drawn, level, noise_floor),
        forms=posterior.form_probabilities(),
        backtest=run_backtest(curve, level, max(draws // 4, 100), rng),
        level=level,
        n_target=n_target,
        metric=metric,
        noise_floor=noise_floor,
        at=sizes,
    )


def _r_squared(curve: LearningCurve) -> float:
    """Share of variance explained by the least-squares law; NaN for a constant curve."""
    error = curve.error / curve.error.max()
    total = float(np.sum((error - error.mean()) ** 2))
    if total <= 1e-24:
        return float("nan")
    profile = Profile.of(curve.n, curve.log_error, np.eye(len(curve.n)))
    alpha = np.exp(profile.best_alpha(ALPHA_RANGE)[0][:, None])
    share = profile.solve(alpha)[0][0, 0]
    shape = (1 - share) * np.exp(-alpha[0, 0] * profile.log_u[0]) + share
    fitted = shape * float(np.sum(error * shape) / np.sum(shape**2))
    return max(0.0, 1.0 - float(np.sum((error - fitted) ** 2)) / total)
