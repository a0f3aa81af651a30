"""Fit one law to one learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forescale._machine.threads import one_thread
from forescale.errors import LawError
from forescale.laws.backtest import ORIGINS, early_fits, pooled_coverage, run_backtest
from forescale.laws.curve import LearningCurve, read_curve
from forescale.laws.distribution import Distribution
from forescale.laws.draws import Draws
from forescale.laws.flags import backtest_flags, find_flags, in_order, looks_like_score
from forescale.laws.law import Law
from forescale.laws.pooling import share_drift
from forescale.laws.posterior import Posterior

FEWEST = 3  # sizes without which there is no law
SHORT = 0.05  # by how much backtests may hold less than the level before drift is not shared


@one_thread()
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
        If a point is not finite and positive, lengths differ, or there are fewer than three
        sizes.

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
    curve = read_curve(n, error, replicate, se)
    if len(curve.n) < FEWEST:
        raise LawError(
            f"a law needs at least {FEWEST} different sizes n, got {len(curve.n)};"
            " measure the error at further sizes"
        )
    asked = Asked(level, seed, draws, _sizes(at))
    law = laws_of_curves([curve], asked, [noise_floor])[0]
    if metric is None and looks_like_score(curve):
        law = replace(law, flags=in_order((*law.flags, "perhaps_a_score")))
    return law.labelled(metric=metric, n_target=n_target)


@dataclass(frozen=True)
class Asked:
    """How laws are wanted: level of intervals, seed, number of draws, sizes to forecast at."""

    level: float = 0.9
    seed: int = 0
    draws: int = 2000
    at: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if not 0 < self.level < 1:
            raise LawError(f"level must lie between 0 and 1, got {self.level}")
        if self.draws < 100:
            raise LawError(f"draws must be at least 100, got {self.draws}")
        if not isinstance(self.seed, int) or self.seed < 0:
            raise LawError(f"seed must be a whole number from 0 up, got {self.seed!r}")


def laws_of_curves(
    curves: Sequence[LearningCurve], asked: Asked, noise_floors: Sequence[float | None]
) -> list[Law]:
    """Fit the curves of one study, which share the sizes of their drift.

    A curve alone shares nothing. Of several, sharing is given up where the intervals of the
    backtests then hold less than they should.
    """
    fits = [(Posterior.of(curve), early_fits(curve)) for curve in curves]
    tests = _backtests(curves, [early for _, early in fits], asked)
    if len(curves) > 1:
        shared = _shared(curves, fits)
        again = _backtests(curves, [early for _, early in shared], asked)
        held, before = pooled_coverage(again), pooled_coverage(tests)
        if held is None or before is None:
            pass  # nothing speaks for sharing
        elif held >= min(asked.level - SHORT, before):
            fits, tests = shared, again
    return [
        _law(curve, fit, test, asked, floor)
        for curve, (fit, _), test, floor in zip(curves, fits, tests, noise_floors, strict=True)
    ]


Fits = list[tuple[Posterior, dict[float, Posterior]]]


def _shared(curves: Sequence[LearningCurve], fits: Fits) -> Fits:
    """Re-weight fits by each other, those to smaller sizes by what was known up to there."""
    early = [own for _, own in fits]
    whole = share_drift(curves, [fit for fit, _ in fits], early)
    shared: list[dict[float, Posterior]] = [{} for _ in fits]
    for ratio in ORIGINS:
        there = [k for k, own in enumerate(early) if ratio in own]
        again = share_drift(
            [early[k][ratio].curve for k in there],
            [early[k][ratio] for k in there],
            [early[k] for k in there],
        )
        for k, fit in zip(there, again, strict=True):
            shared[k][ratio] = fit
    return list(zip(whole, shared, strict=True))


def _backtests(
    curves: Sequence[LearningCurve], early: list[dict[float, Posterior]], asked: Asked
) -> list[dict[str, Any]]:
    draws = max(asked.draws // 4, 100)
    return [
        run_backtest(curve, fits, asked.level, draws, np.random.default_rng((asked.seed, 1)))
        for curve, fits in zip(curves, early, strict=True)
    ]


def _law(
    curve: LearningCurve,
    posterior: Posterior,
    backtest: dict[str, Any],
    asked: Asked,
    noise_floor: float | None,
) -> Law:
    drawn = posterior.sample(asked.draws, np.random.default_rng(asked.seed), within=True)
    anywhere, level = drawn.new_materials(), asked.level
    flags = find_flags(curve, posterior, drawn, level, noise_floor)
    return Law(
        curve=curve,
        draws=drawn,
        decay_rate=Distribution(anywhere.alpha, level),
        scale=Distribution(anywhere.scale, level),
        transfer_gap=Distribution(anywhere.gap, level),
        r_squared=_r_squared(curve, drawn),
        flags=in_order((*flags, *backtest_flags(backtest))),
        forms=posterior.form_probabilities(),
        backtest=backtest,
        level=level,
        noise_floor=noise_floor,
        at=asked.at,
    )


def _sizes(at: ArrayLike | None) -> tuple[float, ...]:
    sizes = () if at is None else tuple(float(v) for v in np.atleast_1d(np.asarray(at, float)))
    if not all(np.isfinite(v) and v > 0 for v in sizes):
        raise LawError("sizes to forecast at must be finite and above zero")
    return sizes


def _r_squared(curve: LearningCurve, draws: Draws) -> float:
    """Share of variance explained by the line that is drawn; NaN for a constant curve."""
    error = curve.error / curve.error.max()
    total = float(np.sum((error - error.mean()) ** 2))
    if total <= 1e-24:
        return float("nan")
    line = np.median(draws.curves(curve.n), axis=0) / curve.error.max()
    return max(0.0, 1.0 - float(np.sum((error - line) ** 2)) / total)
