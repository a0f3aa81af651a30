"""The law of several sources: what a value of each is worth in values of the best one.

Two forms, fitted to the mean errors of all cells (each source growing with the others all
there, and all growing together):

    effective   E = D·(sum_k w_k·n_k)^(-alpha) + C,   w = 1 for the best source
    separate    E = sum_k D_k·n_k^(-alpha) + C

The first says that data of one source can stand for data of another, the second that each
lowers a part of the error of its own. Which one forecasts cells left out better is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from forescale.laws.arrays import Floats
from forescale.laws.distribution import Distribution

_ALPHAS = np.geomspace(0.05, 2.0, 24)
_WORTHS = np.concatenate([[0.0], np.geomspace(1e-4, 100.0, 49)])
_ROUNDS = 3
_DRAWS = 200
FEWEST = 6
"""Cells without which there is no law of several sources."""


@dataclass(frozen=True)
class SeveralLaw:
    """The law of several sources for one metric, with all measured values at hand.

    Attributes
    ----------
    metric, n_target
        What it is about.
    names
        Of the sources.
    worth
        Values of the best source that one value of each is worth; resampled replicates.
    decay_rate, transfer_gap
        alpha and C of the effective form.
    miss_effective, miss_separate
        Root-mean-square relative error at cells left out, one after another.
    """

    metric: str
    n_target: int
    names: tuple[str, ...]
    worth: tuple[Distribution, ...]
    decay_rate: float
    transfer_gap: float
    miss_effective: float
    miss_separate: float

    @property
    def best(self) -> str:
        """The source whose values are worth most."""
        return self.names[int(np.argmax([one.estimate for one in self.worth]))]

    @property
    def form(self) -> str:
        """Which form foresees cells left out better."""
        return "effective" if self.miss_effective <= self.miss_separate else "separate"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "metric": self.metric,
            "n_target": self.n_target,
            "worth": {n: w.to_answer() for n, w in zip(self.names, self.worth, strict=True)},
            "decay_rate": self.decay_rate,
            "transfer_gap": self.transfer_gap,
            "miss": {"effective": self.miss_effective, "separate": self.miss_separate},
            "form": self.form,
        }


def fit_several(
    counts: Floats,
    errors: Floats,
    names: Sequence[str],
    *,
    metric: str,
    n_target: int,
    level: float = 0.9,
    seed: int = 0,
) -> SeveralLaw | None:
    """Fit the law of several sources.

    Parameters
    ----------
    counts
        Values of each source in each cell, shape (cells, sources).
    errors
        Of each replicate in each cell, shape (replicates, cells), above zero.

    Returns
    -------
    SeveralLaw or None
        None with fewer than six cells.

    Examples
    --------
    >>> n = 2.0 ** np.arange(5, 12)
    >>> counts = np.concatenate([np.column_stack([n, 0 * n + n[-1]]),
    ...                          np.column_stack([0 * n + n[-1], n])])
    >>> errors = 3 * (counts @ [1.0, 0.1]) ** -0.5 + 0.1
    >>> law = fit_several(counts, errors[None], ["good", "poor"], metric="rmse", n_target=9)
    >>> law.best, round(law.worth[1].estimate, 2)
    ('good', 0.1)
    """
    if len(counts) < FEWEST:
        return None
    mean = errors.mean(axis=0)
    drawn = np.random.default_rng(seed).integers(0, len(errors), (_DRAWS, len(errors)))
    draws = errors[drawn].mean(axis=1)
    found = [_with_best(counts, mean, best) for best in range(len(names))]
    best = int(np.argmin([sse for sse, *_ in found]))
    _, worth, alpha, gap = found[best]
    spread = []
    for source in range(len(names)):
        values = np.ones(1) if source == best else _resampled(counts, draws, worth, source)
        spread.append(Distribution(values, level, at=float(worth[source])))
    return SeveralLaw(
        metric, n_target, tuple(names), tuple(spread), alpha, gap,
        _left_out(counts, mean, worth), _left_out_separate(counts, mean),
    )  # fmt: skip


def _with_best(counts: Floats, mean: Floats, best: int) -> tuple[float, Floats, float, float]:
    """The effective form with w = 1 for one source and at most 1 elsewhere: miss, w, alpha, C."""
    worth = np.ones(counts.shape[1])
    others = [k for k in range(len(worth)) if k != best]
    result = (np.inf, worth, 1.0, 0.0)
    for _ in range(_ROUNDS):
        for k in others:
            for trial in _WORTHS[_WORTHS <= 1.0]:
                tried = worth.copy()
                tried[k] = trial
                sse, place, gap = _best_alpha(counts @ tried, mean[None])
                if sse[0] < result[0]:
                    result = (float(sse[0]), tried, float(_ALPHAS[place[0]]), float(gap[0]))
            worth = result[1]
    return result


def _best_alpha(effective: Floats, errors: Floats) -> tuple[Floats, Any, Floats]:
    """Least relative squares over alpha: miss, place of alpha, and C, shapes (draws,)."""
    basis = np.maximum(effective, 1.0)[None] ** -_ALPHAS[:, None]
    sse, gap = _line(basis, errors)
    place = sse.argmin(axis=0)
    at = place, np.arange(len(errors))
    return sse[at], place, gap[at]


def _line(basis: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Relative least squares of D·basis + C, neither below zero: miss and C, (alphas, draws)."""
    weight = 1.0 / errors**2  # (draws, cells)
    w, wy = weight.sum(axis=1), (weight * errors).sum(axis=1)
    wyy = np.full(len(errors), errors.shape[1], dtype=float)
    wx, wxx, wxy = basis @ weight.T, basis**2 @ weight.T, basis @ (weight * errors).T
    det = np.maximum(w * wxx - wx**2, 1e-300)
    slope, gap = (w * wxy - wx * wy) / det, (wxx * wy - wx * wxy) / det
    flat, bare = slope < 0, gap < 0
    slope = np.where(bare, wxy / wxx, np.where(flat, 0.0, slope))
    gap = np.where(bare, 0.0, np.where(flat, wy / w, gap))
    fit = slope**2 * wxx + gap**2 * w + 2 * slope * gap * wx - 2 * (slope * wxy + gap * wy)
    return np.maximum(wyy + fit, 0.0), gap


def _resampled(counts: Floats, draws: Floats, worth: Floats, source: int) -> Floats:
    """What one source is worth in each draw, the others as they are."""
    scores = []
    for trial in _WORTHS:
        tried = worth.copy()
        tried[source] = trial
        scores.append(_best_alpha(counts @ tried, draws)[0])
    return np.asarray(_WORTHS[np.argmin(scores, axis=0)])


def _left_out(counts: Floats, mean: Floats, worth: Floats) -> float:
    """Relative miss of the effective form at each cell, fitted without it."""
    effective = np.maximum(counts @ worth, 1.0)
    misses = []
    for cell in range(len(mean)):
        kept = np.delete(np.arange(len(mean)), cell)
        _, place, gap = _best_alpha(effective[kept], mean[kept][None])
        power = effective ** -_ALPHAS[place[0]]
        rest = (mean[kept] - gap[0]) * power[kept] / mean[kept] ** 2
        slope = max(float(rest.sum() / np.sum((power[kept] / mean[kept]) ** 2)), 0.0)
        misses.append((slope * power[cell] + gap[0]) / mean[cell] - 1.0)
    return float(np.sqrt(np.mean(np.square(misses))))


def _left_out_separate(counts: Floats, mean: Floats) -> float:
    misses = []
    for cell in range(len(mean)):
        kept = np.delete(np.arange(len(mean)), cell)
        least, at = np.inf, 0.0
        for alpha in _ALPHAS:
            powers = np.column_stack([np.maximum(counts, 1.0) ** -alpha, np.ones(len(mean))])
            factors, miss = nnls(powers[kept] / mean[kept, None], np.ones(len(kept)))
            if miss < least:
                least, at = miss, float(powers[cell] @ factors)
        misses.append(at / mean[cell] - 1.0)
    return float(np.sqrt(np.mean(np.square(misses))))


def several_of_run(
    errors: pd.DataFrame, own: pd.DataFrame, cards: Sequence[Any], *, level: float, seed: int
) -> tuple[SeveralLaw, ...]:
    """The laws of several sources of a run, one for each error that has enough cells.

    Parameters
    ----------
    errors, own
        Of all sources growing together, and of each by itself (column ``source``); sources
        grow together in proportion to what there is of each.
    cards
        Name and number of values (``materials``) of each source.
    """
    if len(cards) < 2 or own.empty:
        return ()
    names = [card.name for card in cards]
    share = np.array([card.materials for card in cards], dtype=float)
    m = int(own["n_target"].max())
    full = np.array([own[own["source"] == name]["n_source"].max() for name in names], dtype=float)
    if not np.isfinite(full).all():
        return ()
    found = []
    for metric in dict.fromkeys(own["metric"]):
        if metric not in {"rmse", "mae"}:
            continue
        together = _pivot(errors[errors["n_source"] > 0], metric, m)
        parts = [together]
        counts = [n * share / share.sum() for n in together.columns]
        for k, name in enumerate(names):
            alone = _pivot(own[own["source"] == name], metric, m)
            parts.append(alone)
            counts += [np.where(np.arange(len(names)) == k, n, full) for n in alone.columns]
        whole = pd.concat(parts, axis=1).dropna()
        values = whole.to_numpy(dtype=float)
        if not len(values) or not (values > 0).all():
            continue
        law = fit_several(
            np.array(counts), values, names, metric=str(metric), n_target=m, level=level, seed=seed
        )
        if law is not None:
            found.append(law)
    return tuple(found)


def _pivot(errors: pd.DataFrame, metric: str, m: int) -> pd.DataFrame:
    kept = errors[(errors["metric"] == metric) & (errors["n_target"] == m)]
    return kept.pivot(index="replicate", columns="n_source", values="value")
