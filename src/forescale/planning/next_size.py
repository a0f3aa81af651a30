"""Which size to run next to make the forecast sharper."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np

from forescale.laws import Law
from forescale.laws.drift import drift_covariance
from forescale.planning.levels import Floats, above_zero

RATIOS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class NextSize:
    """What one more run would tell.

    Attributes
    ----------
    n_source
        Size of the run.
    sd_before, sd_after
        Standard deviation of the log error that is forecast.
    reduction
        Part of the variance of the forecast that the run takes off.
    """

    n_source: float
    sd_before: float
    sd_after: float
    reduction: float

    def to_json(self) -> dict[str, float]:
        """Return plain JSON values."""
        return asdict(self)


def next_sizes(
    law: Law, forecast_at: float | None = None, candidates: Floats | None = None
) -> list[NextSize]:
    """Rank sizes by how much a run there would sharpen a forecast.

    The joint draws give the covariance of the log errors at a candidate and at the size
    forecast, and the drift beyond the data is that of the forecasts; conditioning on one
    more mean as precise as the last ones gives what is left.

    Parameters
    ----------
    law
        A fitted law.
    forecast_at
        Size of the forecast; default 8 times the largest seen.
    candidates
        Sizes that could be run; default 1/4 to 4 times the largest seen.

    Returns
    -------
    list of NextSize
        Best first.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> n = 100 * 2.0 ** np.arange(5)
    >>> noise = np.exp([0.02, -0.03, 0.01, 0.02, -0.02])
    >>> next_sizes(fit_law(n, (3 * n**-0.5 + 0.2) * noise))[0].n_source
    6400.0
    """
    last = float(law.curve.n[-1])
    goal = 8 * last if forecast_at is None else above_zero("forecast_at", forecast_at)
    sizes = last * np.array(RATIOS) if candidates is None else np.asarray(candidates, dtype=float)
    sizes = np.array([above_zero("candidate", float(size)) for size in sizes])
    where = np.concatenate([[goal], sizes])
    still = replace(law.draws, shock=np.zeros_like(law.draws.shock))
    joint = np.cov(still.log_curves(where).T) + _drift(law, np.log(where / last))
    before, shared = joint[0, 0], joint[0, 1:]
    own = np.diag(joint)[1:] + float(np.mean(law.draws.noise**2))
    reduction = np.clip(shared**2 / np.maximum(own * before, 1e-300), 0.0, 1.0)
    return [
        NextSize(
            float(sizes[k]),
            float(np.sqrt(before)),
            float(np.sqrt(before * (1 - reduction[k]))),
            float(reduction[k]),
        )
        for k in np.argsort(-reduction, kind="stable")
    ]


def _drift(law: Law, reach: Floats) -> Floats:
    """Covariance, over all draws, of the drift beyond the data."""
    step, bend = np.sqrt(np.mean(law.draws.step**2)), np.sqrt(np.mean(law.draws.bend**2))
    return drift_covariance(float(step), float(bend), reach)
