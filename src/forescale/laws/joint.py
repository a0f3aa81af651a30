"""The joint law: error against the numbers of computed and of measured values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forescale._machine.threads import one_thread
from forescale.errors import LawError
from forescale.laws.arrays import Floats
from forescale.laws.curve import read_points
from forescale.laws.distribution import Distribution, band
from forescale.laws.joint_posterior import JointDraws, Surface, sample_joint
from forescale.laws.law import Forecast

FEWEST = 3  # sizes n, and sizes m, without which a surface says nothing


@dataclass(frozen=True)
class JointLaw:
    """Error against (n, m), with everything said about it.

    Attributes
    ----------
    surface
        The points it was fitted to.
    draws
        Joint draws of the surface; planning uses them.
    forms
        Probability of each form that is combined.
    backtest
        Along n and along m: how well fits without the larger sizes foresaw them.
    """

    surface: Surface
    draws: JointDraws
    forms: dict[str, float]
    backtest: dict[str, Any] = field(default_factory=dict)
    level: float = 0.9
    metric: str | None = None
    noise_floor: float | None = None

    def predict(self, n: ArrayLike, m: ArrayLike) -> Forecast:
        """Forecast the error a further mean would show at (n, m), broadcast to shape (P,).

        Raises
        ------
        LawError
            If a size is not finite and positive.
        """
        n_values, m_values = np.broadcast_arrays(
            np.atleast_1d(np.asarray(n, float)), np.atleast_1d(np.asarray(m, float))
        )
        for values in (n_values, m_values):
            if values.ndim != 1 or not np.all(np.isfinite(values) & (values > 0)):
                raise LawError("sizes to forecast at must be finite, above zero, one-dimensional")
        low, median, high = band(self.draws.measured(n_values, m_values), self.level)
        return Forecast(n_values, median, low, high)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; parameters are those of the product form, or null."""
        parameters = self.draws.product_parameters()
        return {
            "metric": self.metric,
            "level": self.level,
            "forms": self.forms,
            "product": None
            if parameters is None
            else {k: Distribution(v, self.level).to_json() for k, v in parameters.items()},
            "backtest": self.backtest,
        }


@one_thread()
def fit_joint(
    n: ArrayLike,
    m: ArrayLike,
    error: ArrayLike,
    replicate: Sequence[Any] | NDArray[Any] | None = None,
    se: ArrayLike | None = None,
    *,
    level: float = 0.9,
    seed: int = 0,
    draws: int = 2000,
    noise_floor: float | None = None,
    metric: str | None = None,
    block: int | None = None,
    backtest: bool = True,
) -> JointLaw:
    """Fit the joint law E(n, m), combining three forms by their probability.

    Parameters
    ----------
    n, m, error
        Sizes and error of each point, shape (P,); all above zero.
    replicate, se
        As in `fit_law`.
    level, seed, draws, noise_floor, metric
        As in `fit_law`.
    block
        Replicates whose test sets divide the measured materials; see `read_curve`.
    backtest
        Also refit without the larger n, and without the larger m.

    Raises
    ------
    LawError
        If a point is unusable or there are fewer than three sizes n or m.

    References
    ----------
    Product form: Minami et al. (2025), doi 10.1038/s41524-025-01606-5; separate and
    effective-data forms: Hernandez et al. (2021), arXiv 2102.01293.

    Examples
    --------
    >>> n, m = (g.ravel() for g in np.meshgrid([100, 300, 900, 2700], [10, 30, 90]))
    >>> law = fit_joint(n, m, (2 * n**-0.5 + 0.3) * m**-0.4 + 0.05, backtest=False)
    >>> round(float(law.predict([2700], [90]).median[0]), 3)
    0.106
    """
    read = read_points({"n": n, "m": m}, error, replicate, se, block=block)
    surface = Surface(read.sizes[:, 0], read.sizes[:, 1], read.mean, read.noise)
    for name, values in (("n", surface.n), ("m", surface.m)):
        if len(np.unique(values)) < FEWEST:
            raise LawError(
                f"a joint law needs at least {FEWEST} different {name},"
                f" got {len(np.unique(values))}"
            )
    rng = np.random.default_rng(seed)
    drawn, forms = sample_joint(surface, draws, rng)
    found = _backtest(surface, level, rng) if backtest else {}
    return JointLaw(surface, drawn, forms, found, level, metric, noise_floor)


def _backtest(surface: Surface, level: float, rng: np.random.Generator) -> dict[str, Any]:
    """Leave out the upper half (in logs) of n, then of m, and foresee it."""
    return {
        "along_n": _foresee(surface, surface.n, level, rng),
        "along_m": _foresee(surface, surface.m, level, rng),
    }


def _foresee(
    surface: Surface, sizes: Floats, level: float, rng: np.random.Generator
) -> dict[str, Any] | None:
    unique = np.unique(sizes)
    cut = np.sqrt(unique[0] * unique[-1])
    seen = sizes <= cut
    head = surface.kept(seen)
    if min(len(np.unique(head.n)), len(np.unique(head.m))) < FEWEST:
        return None
    drawn, _ = sample_joint(head, 400, rng)
    logs = np.log(drawn.measured(surface.n[~seen], surface.m[~seen]))
    low, median, high = band(logs, level)
    truth = np.log(surface.error[~seen])
    return {
        "fitted_up_to": float(sizes[seen].max()),
        "points": len(truth),
        "rmsle": float(np.sqrt(np.mean((median - truth) ** 2))),
        "coverage": float(np.mean((truth >= low) & (truth <= high))),
    }
