"""One replicate of a study: its learner's predictions become errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.errors import ForescaleError
from forescale.learners import Grid
from forescale.learners.contract import GridPrediction
from forescale.metrics import Metric
from forescale.splits import Split


def judge(
    result: GridPrediction,
    split: Split,
    grid: Grid,
    measured: NDArray[np.float64],
    metrics: tuple[Metric, ...],
    *,
    replicate: int,
    same_property: bool = True,
    sources: tuple[str, ...] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Errors of every cell of the grid, and test predictions at its far corner.

    Parameters
    ----------
    result
        What a learner made of the split.
    measured
        Measured values of all target rows, shape (rows,).
    same_property
        Whether zero-shot predictions are of the property that was measured.
    sources
        Names of several sources, each with cells of its own.

    Returns
    -------
    errors
        Columns replicate, n_source, n_target, metric, value, half_capacity, lost.
        ``n_source`` 0 is the scratch baseline, ``n_target`` 0 the zero-shot one; rows with
        ``half_capacity`` are of the learner with half its capacity at the largest n; the
        value is NaN where the cell failed, and ``lost`` says why. Where there are several
        sources also ``source``: the one whose values ``n_source`` counts, the others' all
        there; empty where it counts all values, whatever their source.
    predictions
        Columns replicate, row, measured, predicted, std, scratch.

    Raises
    ------
    ForescaleError
        If predictions have not the shape of the grid, or none is finite.
    """
    truth = measured[split.test]
    shape = (1 + len(grid.n_source), 1 + len(grid.n_target), len(truth))
    if result.mean.shape != shape:
        raise ForescaleError(
            f"the learner returned predictions of shape {result.mean.shape}, expected {shape}"
        )
    if not np.isfinite(result.mean).any():
        why = next(iter(result.lost.values()), "it returned no finite prediction")
        raise ForescaleError(f"every cell was lost; the first: {why}")
    errors = _errors(result, truth, grid, metrics, replicate)
    if sources:
        own = zip(sources, grid.of_source, result.of_source, strict=True)
        parts = [_of_source(*one, truth, grid, metrics, replicate) for one in own]
        errors = pd.concat([errors.assign(source=""), *parts], ignore_index=True)
    zero_shot = result.mean[-1, 0]
    if not same_property:
        errors = errors[errors["n_target"] > 0].reset_index(drop=True)
        zero_shot = np.full(len(truth), np.nan)
    return (
        errors,
        pd.DataFrame(
            {
                "replicate": replicate,
                "row": split.test,
                "measured": truth,
                "predicted": result.mean[-1, -1],
                "std": np.full(len(truth), np.nan) if result.std is None else result.std,
                "scratch": result.mean[0, -1],
                "zero_shot": zero_shot,
            }
        ),
    )


def _of_source(
    name: str,
    sizes: NDArray[np.int64],
    mean: NDArray[np.float64],
    truth: NDArray[np.float64],
    grid: Grid,
    metrics: tuple[Metric, ...],
    replicate: int,
) -> pd.DataFrame:
    """Errors of one source's own cells."""
    wanted = (len(sizes), 1 + len(grid.n_target), len(truth))
    if mean.shape != wanted:
        raise ForescaleError(
            f"the learner returned predictions of shape {mean.shape} for the source {name!r}, "
            f"expected {wanted}"
        )
    scratch = np.full((1, *wanted[1:]), np.nan)
    found = GridPrediction(np.concatenate([scratch, mean]))
    errors = _errors(found, truth, Grid(sizes, grid.n_target), metrics, replicate)
    return errors[errors["n_source"] > 0].assign(source=name)


def _errors(
    result: GridPrediction,
    truth: NDArray[np.float64],
    grid: Grid,
    metrics: tuple[Metric, ...],
    replicate: int,
) -> pd.DataFrame:
    sizes_n = np.concatenate([[0], grid.n_source])
    sizes_m = np.concatenate([[0], grid.n_target])
    n, m = np.meshgrid(sizes_n, sizes_m, indexing="ij")
    asked = (n + m) > 0
    n, m, mean = n[asked], m[asked], result.mean[asked]
    half = np.zeros(len(n), dtype=bool)
    cells = zip(n.tolist(), m.tolist(), mean, strict=True)
    lost = [_why(result, (size, measured), row) for size, measured, row in cells]
    if result.half_capacity is not None:
        n = np.concatenate([n, np.full(len(sizes_m), sizes_n[-1])])
        m, mean = np.concatenate([m, sizes_m]), np.concatenate([mean, result.half_capacity])
        half = np.concatenate([half, np.ones(len(sizes_m), dtype=bool)])
        lost += [None] * len(sizes_m)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "replicate": replicate,
                    "n_source": n,
                    "n_target": m,
                    "metric": metric.value,
                    "value": metric(mean, truth),
                    "half_capacity": half,
                    "lost": pd.array(lost, dtype="string"),
                }
            )
            for metric in metrics
        ],
        ignore_index=True,
    )


def _why(result: GridPrediction, cell: tuple[int, int], mean: NDArray[np.float64]) -> str | None:
    """Why a cell has no error, if it has none."""
    if np.isfinite(mean).all():
        return None
    return result.lost.get(cell, "some predictions are not finite")
