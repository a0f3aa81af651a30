"""Prediction intervals that cover: conformal correction of a learner's own standard deviation.

A learner's intervals hold if its model of the data does. These hold if new materials are
like the measured ones: each measured value is predicted by a model that has not seen it, and
the intervals are widened or narrowed until they hold the wanted share of those values (split
conformal prediction, Lei et al. 2018, doi 10.1080/01621459.2017.1307116, with scores from
cross-validation, Vovk 2015, doi 10.1007/s10472-013-9368-4).

They hold in parts of the domain, too, not only on average: scores are taken apart by the
distance to training, and those of unusual materials (rare elements, extreme sizes) are kept
for such ones (Mondrian categories, Vovk et al. 2003, doi 10.1007/978-3-540-39857-8_39).
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le, MinLen
from numpy.typing import NDArray
from scipy.special import ndtri

from forescale.prediction.record import Record

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LEVEL = 0.9
_LEVELS = (0.5, 0.8, 0.9, 0.95)
_MANY = 200  # measured rows from which five folds leave enough to learn from
MIN_SCORES = 30
"""Held-out values below which a kind of material has no calibration of its own."""
_BAND = 50  # scores in a band of distances, at least
_BANDS = 10
_UNUSUAL = 10  # scores of unusual materials that tell how far intervals of such must reach

_NotNegative = Annotated[float, Ge(0)]
_Share = Annotated[float, Ge(0), Le(1)]


def folds(groups: Ints, rng: np.random.Generator, most: int = 10) -> Ints:
    """Number of the fold that tests each row; no group is divided.

    Ten folds of about equal size, five from 200 rows on, fewer where there are fewer groups.

    Parameters
    ----------
    groups
        Group of each row, shape (rows,); all different for a random split.
    most
        No more folds than this.

    Examples
    --------
    >>> folds(np.array([0, 0, 1, 2]), np.random.default_rng(0)).shape
    (4,)
    """
    sizes = np.bincount(groups)
    names = np.flatnonzero(sizes)
    count = min(len(names), 5 if len(groups) >= _MANY else 10, most)
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


class Level(Record):
    """Coverage and mean width of intervals at a level, the learner's own and the corrected."""

    level: _Share
    raw_coverage: _Share | None
    raw_width: _NotNegative | None
    coverage: _Share
    width: _NotNegative


class Band(Record):
    """How far intervals reach at some distances from training.

    Parameters
    ----------
    up_to
        Largest distance; None for all beyond the band before.
    rows
        Held-out values.
    reach
        See :class:`Calibration`.
    """

    up_to: _NotNegative | None
    rows: Annotated[int, Gt(0)]
    reach: _NotNegative


class Kind(Record):
    """How the corrected 90 % intervals did on a kind of held-out material.

    Parameters
    ----------
    by, name
        What materials are told apart by (``distance``, ``size``, ``element``,
        ``unusual``), and which of them.
    """

    by: str
    name: str
    rows: Annotated[int, Gt(0)]
    coverage: _Share
    width: _NotNegative
    rmse: _NotNegative


class Calibration(Record):
    """How far intervals reach, and how that was found.

    Parameters
    ----------
    policy
        ``exclude``: for materials without a computed value; ``allow``: for others.
    reach
        Half width of the 90 % interval, in standard deviations of the prediction; in the
        unit of the values if the learner gives none. Of all materials together.
    rows, folds
        Held-out measured values, and folds that held them out.
    rmse, mae
        Their errors, in the unit of the values.
    levels
        Coverage and width at several levels, each fold corrected by the scores of the
        other folds.
    bands
        Reach by distance, nearest first; none in models of the first format.
    unusual
        Reach of unusual materials, no less than their band's; None where too few were
        held out to tell.
    kinds
        Coverage on kinds of material.
    """

    policy: str
    reach: _NotNegative
    rows: Annotated[int, Gt(0)]
    folds: Annotated[int, Gt(0)]
    rmse: _NotNegative
    mae: _NotNegative
    levels: Annotated[tuple[Level, ...], MinLen(1)]
    bands: tuple[Band, ...] = ()
    unusual: _NotNegative | None = None
    kinds: tuple[Kind, ...] = ()

    @classmethod
    def of(cls, held_out: pd.DataFrame, policy: str) -> Calibration:
        """Calibrate on held-out predictions.

        Parameters
        ----------
        held_out
            Columns fold, measured, predicted, std (NaN where the learner gives none), and,
            where they are known, distance to training, unusual (whether it is), size, and
            elements (text, separated by spaces).
        """
        residual = (held_out["predicted"] - held_out["measured"]).to_numpy(dtype=float)
        given = held_out["std"].to_numpy(dtype=float)
        has_std = bool(np.isfinite(given).all())
        least = np.finfo(float).tiny  # a learner that is sure of a value is never divided by
        std = np.maximum(given, least) if has_std else np.ones(len(residual))
        scores, fold = np.abs(residual) / std, held_out["fold"].to_numpy()
        where = _Where.of(held_out)
        bands, unusual = _reaches(scores, where, LEVEL)
        levels, half = [], std
        for level in _LEVELS:
            reach = _crossed(scores, fold, where, level)
            levels.append(_level(scores, std, reach, level, has_std))
            if level == LEVEL:
                half = reach * std
        return cls(
            policy=policy,
            reach=conformal_quantile(scores, LEVEL),
            rows=len(scores),
            folds=len(np.unique(fold)),
            rmse=float(np.sqrt(np.mean(residual**2))),
            mae=float(np.mean(np.abs(residual))),
            levels=tuple(levels),
            bands=bands,
            unusual=unusual,
            kinds=tuple(_kinds(held_out, residual, half)),
        )

    @property
    def coverage(self) -> float:
        """Share of held-out values within the corrected 90 % intervals."""
        return next(row.coverage for row in self.levels if row.level == LEVEL)

    def half_width(
        self,
        std: Floats | None,
        rows: int,
        distance: Floats | None = None,
        unusual: Bools | None = None,
    ) -> Floats:
        """Half widths of the 90 % intervals, in the unit of the values, shape (rows,)."""
        reach = np.full(rows, self.reach)
        if self.bands and distance is not None:
            odd = np.zeros(rows, dtype=bool) if unusual is None else unusual
            reach = _reach_of(self.bands, self.unusual, distance, odd)
        return reach * (np.ones(rows) if std is None else std)


class _Where:
    """Where held-out materials lie: their distance to training, and which are unusual."""

    def __init__(self, distance: Floats, unusual: Bools) -> None:
        self.distance, self.unusual = distance, unusual

    @classmethod
    def of(cls, held_out: pd.DataFrame) -> _Where:
        rows = len(held_out)
        distance = held_out.get("distance", pd.Series(np.zeros(rows))).to_numpy(dtype=float)
        odd = held_out.get("unusual", pd.Series(np.zeros(rows, dtype=bool))).to_numpy(dtype=bool)
        return cls(distance, odd)

    def part(self, rows: Bools) -> _Where:
        return _Where(self.distance[rows], self.unusual[rows])


def _reaches(scores: Floats, where: _Where, level: float) -> tuple[tuple[Band, ...], float | None]:
    """The reach of each band of distances, and of unusual materials."""
    count = int(np.clip(len(scores) // _BAND, 1, _BANDS))
    inner = np.quantile(where.distance, np.arange(1, count) / count, method="higher")
    edges = np.unique(inner[inner < where.distance.max(initial=0.0)])
    place = np.searchsorted(edges, where.distance, side="left")
    # New materials are nearer to a model of all data than held-out ones to their fold's, so
    # that a band near to training holds scores of ones that were nearer still: no band
    # reaches less far than all together.
    least = conformal_quantile(scores, level)
    bands = tuple(
        Band(
            up_to=float(edges[band]) if band < len(edges) else None,
            rows=int((place == band).sum()),
            reach=max(least, conformal_quantile(scores[place == band], level)),
        )
        for band in range(len(edges) + 1)
    )
    odd = scores[where.unusual]
    return bands, conformal_quantile(odd, level) if len(odd) >= _UNUSUAL else None


def _reach_of(
    bands: tuple[Band, ...], unusual: float | None, distance: Floats, odd: Bools
) -> Floats:
    edges = [band.up_to for band in bands[:-1]]
    reach = np.array([band.reach for band in bands])
    found = reach[np.searchsorted(np.array(edges, dtype=float), distance, side="left")]
    # What too few were held out to tell is taken from the part of the domain that is worst.
    least = reach.max() if unusual is None else unusual
    return np.asarray(np.where(odd, np.maximum(found, least), found))


def _crossed(scores: Floats, fold: Ints, where: _Where, level: float) -> Floats:
    """The reach for each held-out value by the scores of the other folds."""
    reach = np.empty(len(scores))
    for one in np.unique(fold):
        held = fold == one
        others = ~held if (~held).any() else held
        bands, unusual = _reaches(scores[others], where.part(others), level)
        mine = where.part(held)
        reach[held] = _reach_of(bands, unusual, mine.distance, mine.unusual)
    return reach


def _level(scores: Floats, std: Floats, reach: Floats, level: float, has_std: bool) -> Level:
    z = float(ndtri(0.5 + level / 2))
    return Level(
        level=level,
        raw_coverage=float(np.mean(scores <= z)) if has_std else None,
        raw_width=float(np.mean(2 * z * std)) if has_std else None,
        coverage=float(np.mean(scores <= reach)),
        width=float(np.mean(2 * reach * std)),
    )


def _kinds(held_out: pd.DataFrame, residual: Floats, half: Floats) -> list[Kind]:
    """Coverage by decile of distance, by size, by element and of unusual materials."""
    found: list[Kind] = []

    def tell(by: str, name: str, rows: Bools) -> None:
        if rows.sum() >= MIN_SCORES or (by == "unusual" and rows.any()):
            error, reach = residual[rows], half[rows]
            found.append(
                Kind(
                    by=by,
                    name=name,
                    rows=int(rows.sum()),
                    coverage=float(np.mean(np.abs(error) <= reach)),
                    width=float(np.mean(2 * reach)),
                    rmse=float(np.sqrt(np.mean(error**2))),
                )
            )

    for column, parts in (("distance", _BANDS), ("size", 4)):
        if column in held_out:
            values = held_out[column].to_numpy(dtype=float)
            edges = np.unique(np.quantile(values, np.linspace(0, 1, parts + 1), method="higher"))
            place = np.maximum(np.searchsorted(edges, values, side="left"), 1)
            for one in range(1, len(edges)):
                tell(column, f"{edges[one - 1]:.3g} to {edges[one]:.3g}", place == one)
    if "elements" in held_out:
        each = [set(text.split()) for text in held_out["elements"]]
        for symbol in sorted(set().union(*each)):
            tell("element", symbol, np.array([symbol in one for one in each]))
    if "unusual" in held_out:
        odd = held_out["unusual"].to_numpy(dtype=bool)
        tell("unusual", "rare elements, extreme sizes", odd)
    return found
