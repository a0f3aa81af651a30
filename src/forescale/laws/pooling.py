"""What curves of one study share: the sizes of the drift.

A dozen points cannot tell how much a curve wanders, so its prior does, and an exact law gets
intervals as wide as any. Curves of one study (one learner, one database; several m and
metrics) wander alike. So each takes from the others how well every size of drift foresaw
*their* larger sizes from their smaller ones,

    P_j(d) ∝ prior(d)·L_j(d)·prod_{i ≠ j} F_i(d)^SHARE,

L the likelihood of a curve's points and F the predictive density of points beyond an origin.
(With L of the others in F's place, the way curves bend at small n, which says little of how
they go on, decides.) It is tempered, as curves share replicates. Nothing is fitted anew:
masses are re-weighted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forescale.laws.curve import LearningCurve
from forescale.laws.posterior import Posterior

SHARE = 0.5  # of the others' log predictive density
FAINT = -10.0  # relative log density of drifts that a fit did not keep
MOST = 4  # points beyond an origin at which a drift is judged

Sizes = dict[tuple[float, float], float]


def share_drift(
    curves: Sequence[LearningCurve],
    fits: Sequence[Posterior],
    early: Sequence[Mapping[float, Posterior]],
) -> list[Posterior]:
    """Return the fits of one study's curves, each re-weighted by what the others foresaw.

    Parameters
    ----------
    curves, fits
        Curves, and their fits.
    early
        Of each curve, fits to its smaller sizes; see `backtest.early_fits`. Those that leave
        no size of ``curves`` beyond them are passed over.
    """
    told = [_foresight(curve, own) for curve, own in zip(curves, early, strict=True)]
    shared = []
    for j, fit in enumerate(fits):
        log_weight = np.zeros(len(fit.hypotheses))
        for i, found in enumerate(told):
            if i != j and found:
                log_weight += [max(found.get(h.drift, FAINT), FAINT) for h in fit.hypotheses]
        shared.append(fit.reweighted(np.exp(SHARE * (log_weight - log_weight.max()))))
    return shared


def _foresight(curve: LearningCurve, early: Mapping[float, Posterior]) -> Sizes:
    """Log predictive density by size of drift, summed over origins, relative to the best."""
    total: Sizes = {}
    for fit in early.values():
        beyond = np.flatnonzero(curve.n > fit.largest)
        if not len(beyond):
            continue
        judged = beyond[np.unique(np.linspace(0, len(beyond) - 1, MOST).round().astype(int))]
        found = fit.foresight(curve.n[judged], curve.log_error[judged])
        top = max(found.values())
        for drift in {*total, *found}:
            total[drift] = total.get(drift, 0.0) + max(found.get(drift, -np.inf) - top, FAINT)
    return total
