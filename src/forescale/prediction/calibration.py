"""Prediction intervals that cover: conformal correction of a learner's own standard deviation.

A learner's intervals hold if its model of the data does. These hold if new materials are
like the measured ones: each measured value is predicted by a model that has not seen it, and
the intervals are widened or narrowed until they hold the wanted share of those values (split
conformal prediction, Lei et al. 2018, doi 10.1080/01621459.2017.1307116, with scores from
cross-validation, Vovk 2015, doi 10.1007/s10472-013-9368-4).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 0.9
_LEVELS = (0.5, 0.8, 0.9, 0.95)
_MANY = 200  # measured rows from which five folds leave enough to learn from
MIN_SCORES = 30
"""Held-out values below which a kind of material has no calibration of its own."""


def folds(groups: Ints, rng: np.random.Generator) -> Ints:
    """Number of the fold that tests each row; no group is divided.

    Ten folds of about equal size, five from 200 rows on, fewer where there are fewer groups.

    Parameters
    ----------
    groups
        Group of each row, shape (rows,); all different for a random split.

    Examples
    --------
    >>> folds(np.array([0, 0, 1, 2]), np.random.default_rng(0)).shape
    (4,)
    """
    sizes = np.bincount(groups)
    names = np.flatnonzero(sizes)
    count = min(len(names), 5 if len(groups) >= _MANY else 10)
    shuffled = rng.permutation(names)
    largest_first = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    fold_of, load = np.zeros(len(sizes), dtype=np.int64), np.zeros(count, dtype=np.int64)
    for group in largest_first:
        fold_of[group] = load.argmin()
        load[load.argmin()] += sizes[group]
    return np.asarray(fold_of[groups])


def conformal_quantile(scores: Floats, level: float) -> float:
    """The score that a new one exceeds with probability at most 1 - level.

    That is the ⌈(k + 1)·level⌉-th smallest of k scores. With too few scores for that, the
    largest is taken: it covers with probability k / (k + 1) only.

    >>> conformal_quantile(np.arange(1.0, 20.0), 0.9)
    18.0
    """
    place = min(math.ceil((len(scores) + 1) * level - 1e-9), len(scores))
    return float(np.sort(scores)[place - 1])


@dataclass(frozen=True)
class Calibration:
    """How far intervals reach, and how that was found.

    Parameters
    ----------
    policy
        ``exclude``: for materials without a computed value; ``allow``: for others.
    reach
        Half width of the 90 % interval, in standard deviations of the prediction; in the
        unit of the values if the learner gives none.
    rows, folds
        Held-out measured values, and folds that held them out.
    rmse, mae
        Their errors, in the unit of the values.
    levels
        Coverage and mean width of intervals at several levels: columns level, raw_coverage,
        raw_width (the learner's own), coverage, width (each fold corrected by the scores of
        the other folds).
    """

    policy: str
    reach: float
    rows: int
    folds: int
    rmse: float
    mae: float
    levels: list[dict[str, float | None]]

    @classmethod
    def of(cls, held_out: pd.DataFrame, policy: str) -> Calibration:
        """Calibrate on held-out predictions.

        Parameters
        ----------
        held_out
            Columns fold, measured, predicted, std (NaN where the learner gives none).
        """
        residual = (held_out["predicted"] - held_out["measured"]).to_numpy(dtype=float)
        given = held_out["std"].to_numpy(dtype=float)
        has_std = bool(np.isfinite(given).all())
        std = given if has_std else np.ones(len(residual))
        scores, fold = np.abs(residual) / std, held_out["fold"].to_numpy()
        return cls(
            policy=policy,
            reach=conformal_quantile(scores, LEVEL),
            rows=len(scores),
            folds=len(np.unique(fold)),
            rmse=float(np.sqrt(np.mean(residual**2))),
            mae=float(np.mean(np.abs(residual))),
            levels=[_level(scores, std, fold, level, has_std) for level in _LEVELS],
        )

    @property
    def coverage(self) -> float:
        """Share of held-out values within the corrected 90 % intervals."""
        return float(next(row for row in self.levels if row["level"] == LEVEL)["coverage"] or 0)

    def half_width(self, std: Floats | None, rows: int) -> Floats:
        """Half widths of the 90 % intervals, in the unit of the values, shape (rows,)."""
        return self.reach * (np.ones(rows) if std is None else std)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``model.json``."""
        return asdict(self)


def _level(
    scores: Floats, std: Floats, fold: Ints, level: float, has_std: bool
) -> dict[str, float | None]:
    reach = np.empty(len(scores))
    for one in np.unique(fold):
        held = fold == one
        others = scores[~held] if (~held).any() else scores
        reach[held] = conformal_quantile(others, level)
    z = float(norm.ppf(0.5 + level / 2))
    return {
        "level": level,
        "raw_coverage": float(np.mean(scores <= z)) if has_std else None,
        "raw_width": float(np.mean(2 * z * std)) if has_std else None,
        "coverage": float(np.mean(scores <= reach)),
        "width": float(np.mean(2 * reach * std)),
    }
