"""Laws of a whole table: many curves by a column, or the errors of a study."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from forescale.errors import DataError, LawError
from forescale.laws.ambiguity import refuse_merging
from forescale.laws.curve import read_curve
from forescale.laws.fit import Asked, fit_law, laws_of_curves
from forescale.laws.flags import in_order
from forescale.laws.joint import FEWEST, JointLaw, fit_joint
from forescale.laws.law import Law
from forescale.laws.published import PublishedLaw, fit_published
from forescale.metrics import Metric

LOWER_IS_BETTER = tuple(metric.value for metric in Metric if metric.is_error)


def fit_table(
    frame: pd.DataFrame,
    *,
    curve: str | None = None,
    n: str = "n",
    error: str = "error",
    replicate: str | None = None,
    se: str | None = None,
    m: str | None = None,
    at: Sequence[float] = (),
    **options: Any,
) -> dict[str, Law]:
    """Fit a law to every curve of a table.

    Parameters
    ----------
    frame
        One row per point.
    curve
        Column that names the curve a point belongs to; without it the table is one curve,
        named ``"curve"``.
    n, error, replicate, se, m
        Columns of size, error, replicate, standard error and number of measured values.
        With ``m`` each m of a curve is fitted by itself, under the name ``"CURVE m=M"``.
    at
        Sizes to forecast at.
    **options
        Passed to `fit_law` (``level``, ``seed``, ``draws``, ``noise_floor``, ``metric``).

    Returns
    -------
    dict
        Name of the curve to its law, in the order of the table.

    Raises
    ------
    DataError
        If a column is missing or the table has no rows.
    LawError
        If a curve cannot be fitted; the message names it.

    Examples
    --------
    >>> table = pd.DataFrame({"n": [10, 100, 1000, 10000], "error": [4.1, 2.2, 1.4, 1.1]})
    >>> list(fit_table(table))
    ['curve']
    """
    _check(frame, [curve, n, error, replicate, se, m], keys=[curve, m, replicate])
    refuse_merging(frame, curve=curve, n=n, error=error, replicate=replicate, se=se, m=m)
    keys = [name for name in (curve, m) if name is not None]
    laws = {}
    groups: Any = frame.groupby(keys, sort=False) if keys else [(("curve",), frame)]
    for key, part in groups:
        name = _name(key, has_curve=curve is not None, has_m=m is not None)
        try:
            law = fit_law(
                part[n],
                part[error],
                None if replicate is None else part[replicate].to_numpy(),
                None if se is None else part[se],
                at=at or None,
                n_target=int(key[-1]) if m is not None and float(key[-1]).is_integer() else None,
                **options,
            )
        except LawError as reason:
            raise LawError(f"curve {name!r}: {reason}") from None
        laws[name] = replace(law, name=name)
    return laws


def fit_joint_table(
    frame: pd.DataFrame,
    *,
    curve: str | None = None,
    n: str = "n",
    error: str = "error",
    replicate: str | None = None,
    se: str | None = None,
    m: str = "m",
    **options: Any,
) -> dict[str, JointLaw]:
    """Fit the joint law to every curve of a table that has at least three n and three m.

    Parameters are those of `fit_table`; options are passed to `fit_joint`. Rows with m = 0
    (zero-shot) are left out. Curves with too few n or m are left out.

    Raises
    ------
    DataError
        If a column is missing or the table has no rows.
    """
    _check(frame, [curve, n, error, replicate, se, m], keys=[curve, m, replicate])
    kept = frame[pd.to_numeric(frame[m], errors="coerce") > 0]
    groups: Any = kept.groupby(curve, sort=False) if curve else [("curve", kept)]
    laws = {}
    for key, part in groups:
        if min(part[n].nunique(), part[m].nunique()) < FEWEST:
            continue
        try:
            laws[str(key)] = fit_joint(
                part[n],
                part[m],
                part[error],
                None if replicate is None else part[replicate].to_numpy(),
                None if se is None else part[se],
                **options,
            )
        except LawError as reason:
            raise LawError(f"curve {str(key)!r}: {reason}") from None
    return laws


def published_table(
    frame: pd.DataFrame,
    *,
    curve: str | None = None,
    n: str = "n",
    error: str = "error",
    replicate: str | None = None,
    m: str | None = None,
    **options: Any,
) -> dict[str, PublishedLaw]:
    """Fit every curve of a table the published way, by the names of `fit_table`.

    Parameters are those of `fit_table`; options are passed to `fit_published`.
    """
    _check(frame, [curve, n, error, replicate, m], keys=[curve, m, replicate])
    keys = [name for name in (curve, m) if name is not None]
    groups: Any = frame.groupby(keys, sort=False) if keys else [(("curve",), frame)]
    laws = {}
    for key, part in groups:
        name = _name(key, has_curve=curve is not None, has_m=m is not None)
        trial = None if replicate is None else part[replicate].to_numpy()
        try:
            laws[name] = fit_published(part[n], part[error], trial, **options)
        except LawError as reason:
            raise LawError(f"curve {name!r}: {reason}") from None
    return laws


CAPACITY_MATTERS = 0.01
"""Relative change of the error with half the capacity beyond which the learner may be the limit."""


def study_laws(
    errors: pd.DataFrame,
    *,
    noise_floor: float | None = None,
    level: float = 0.9,
    seed: int = 0,
    at: Sequence[float] = (),
    half_capacity: pd.DataFrame | None = None,
    test_fraction: float | None = None,
    block: int | None = None,
    left_out: dict[tuple[int, str], str] | None = None,
) -> list[Law]:
    """Fit one law per (n_target, metric) of a study's errors.

    Curves of one study share how much they wander about their laws; see `laws.pooling`.

    Parameters
    ----------
    errors
        Columns ``replicate``, ``n_source``, ``n_target``, ``metric``, ``value``. Rows with
        ``n_source`` 0 (the scratch baseline) are left out; so are metrics for which lower
        is not better. Cells that failed have no value; laws are of the others, and have
        the flag ``cells_lost``.
    noise_floor
        Scatter of repeated measurements (RMSE-like, in the metric's unit).
    level, seed, at
        As in `fit_law`.
    half_capacity
        Errors of the same replicates at the largest n with half the learner's capacity,
        same columns: where they differ by more than 1 %, a law is ``capacity_limited``.
    test_fraction
        Share of the measured materials that each replicate tests. More replicates than its
        inverse test the same materials again, and tell no more of *other* materials.
    block
        Replicates whose test sets divide the measured materials; see `read_curve`.
    left_out
        Takes the curves that no law can be fitted to, by (n_target, metric), each with the
        reason; without it the first of them is an error, which tells of all.

    Raises
    ------
    DataError
        If a column is missing or nothing is left to fit.
    """
    kept, lost = _study_rows(errors)
    groups, curves = [], []
    bad = {} if left_out is None else left_out
    for key, part in kept.groupby(["n_target", "metric"], sort=True):
        try:
            replicate = part["replicate"].to_numpy()
            curve = read_curve(part["n_source"], part["value"], replicate, block=block)
        except LawError as error:
            if left_out is None:
                raise
            bad[int(key[0]), str(key[1])] = _bad_rows(part) or str(error)
            continue
        groups.append(key)
        curves.append(curve if test_fraction is None else curve.tested_on(test_fraction))
    if not curves:
        raise DataError(f"no curve can be fitted: {'; '.join(bad.values())}")
    floors = [noise_floor if key[1] == "rmse" else None for key in groups]
    fitted = laws_of_curves(curves, Asked(level, seed, at=tuple(map(float, at))), floors)
    changes = _half_capacity_changes(kept, half_capacity)
    laws = []
    for key, fit in zip(groups, fitted, strict=True):
        law = fit.labelled(metric=str(key[1]), n_target=int(key[0]))
        change = changes.get(key)
        flags = list(law.flags)
        if change is not None and abs(change) > CAPACITY_MATTERS:
            flags.append("capacity_limited")
        if key in lost:
            flags.append("cells_lost")
        laws.append(replace(law, flags=in_order(flags), half_capacity_change=change))
    return laws


def _half_capacity_changes(
    errors: pd.DataFrame, half: pd.DataFrame | None
) -> dict[tuple[int, str], float]:
    """Relative change of the error at the largest n with half the capacity, for each curve."""
    if half is None or half.empty:
        return {}
    by = ["n_target", "metric"]
    largest = errors[errors["n_source"] == errors["n_source"].max()]
    full = largest.groupby(by)["value"].mean()
    change = half.groupby(by)["value"].mean() / full - 1.0
    return dict(change.dropna().items())


def study_joint(
    errors: pd.DataFrame,
    *,
    noise_floor: float | None = None,
    level: float = 0.9,
    seed: int = 0,
    block: int | None = None,
    backtest: bool = True,
) -> list[JointLaw]:
    """Fit the joint law per metric of a study's errors, where it has enough n and m.

    Parameters are those of `study_laws`; zero-shot rows (``n_target`` 0) are left out.
    """
    kept, _ = _study_rows(errors)
    kept = kept[kept["n_target"] > 0]
    laws = []
    for metric, part in kept.groupby("metric", sort=True):
        if min(part["n_source"].nunique(), part["n_target"].nunique()) < FEWEST:
            continue
        laws.append(
            fit_joint(
                part["n_source"],
                part["n_target"],
                part["value"],
                part["replicate"].to_numpy(),
                level=level,
                seed=seed,
                block=block,
                noise_floor=noise_floor if metric == Metric.RMSE else None,
                metric=str(metric),
                backtest=backtest,
            )
        )
    return laws


def _bad_rows(part: pd.DataFrame) -> str:
    """Which rows of a curve are no errors, as a run folder keeps them; empty if all are."""
    bad = part[~(np.isfinite(part["value"]) & (part["value"] > 0))]
    if bad.empty:
        return ""
    first = bad.iloc[0]
    more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
    return (
        f"got an error of {first['value']:g} (errors/part-{int(first['replicate']):05d}.parquet, "
        f"n = {int(first['n_source'])}{more}), expected finite ones above zero"
    )


def _study_rows(errors: pd.DataFrame) -> tuple[pd.DataFrame, set[Hashable]]:
    """Rows with source data, a value, and a metric for which lower is better.

    Also the (n_target, metric) of which some row has no value.
    """
    columns = ("replicate", "n_source", "n_target", "metric", "value")
    missing = [name for name in columns if name not in errors.columns]
    if missing:
        raise DataError(f"study errors lack the column {', '.join(missing)}")
    kept = errors[(errors["n_source"] > 0) & errors["metric"].isin(LOWER_IS_BETTER)]
    failed = kept["value"].isna()
    lost = set(kept.loc[failed, ["n_target", "metric"]].itertuples(index=False, name=None))
    kept = kept[~failed]
    if kept.empty:
        raise DataError("no errors with n_source > 0 and a metric among rmse, mae")
    return kept, lost


def _check(
    frame: pd.DataFrame, columns: Sequence[str | None], *, keys: Sequence[str | None]
) -> None:
    missing = [name for name in columns if name is not None and name not in frame.columns]
    if missing:
        raise DataError(
            f"no column {', '.join(map(repr, missing))}; the table has "
            + ", ".join(map(repr, frame.columns))
        )
    if frame.empty:
        raise DataError("the table has no rows")
    _refuse_missing(frame, [name for name in keys if name is not None])


def _name(key: tuple[Hashable, ...], *, has_curve: bool, has_m: bool) -> str:
    parts = [str(key[0])] if has_curve or not has_m else []
    if has_m:
        parts.append(f"m={_whole(key[-1])}")
    return " ".join(parts)


def _whole(value: Hashable) -> Hashable:
    """Return 20 for 20.0: a column with a hole or a power of ten reads as floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _refuse_missing(frame: pd.DataFrame, columns: list[str]) -> None:
    for name in columns:
        empty = frame.index[frame[name].isna()]
        if len(empty):
            raise DataError(f"column {name!r} is empty in {len(empty)} rows, first {empty[0]!r}")
