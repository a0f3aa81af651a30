"""Errors of predictions on measured test data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rmse(predicted: Floats, measured: Floats) -> Floats:
    """Root mean squared error over the last axis, in the unit of the values.

    >>> float(rmse(np.array([1.0, 3.0]), np.array([1.0, 1.0])).round(6))
    1.414214
    """
    return np.asarray(np.sqrt(np.mean((predicted - measured) ** 2, axis=-1)))


def mae(predicted: Floats, measured: Floats) -> Floats:
    """Mean absolute error over the last axis, in the unit of the values."""
    return np.asarray(np.mean(np.abs(predicted - measured), axis=-1))


def r2(predicted: Floats, measured: Floats) -> Floats:
    """Coefficient of determination over the last axis; NaN for constant measurements."""
    spread = float(np.mean((measured - measured.mean()) ** 2))
    if spread == 0:
        return np.full(predicted.shape[:-1], np.nan)
    return np.asarray(1.0 - np.mean((predicted - measured) ** 2, axis=-1) / spread)


METRICS: dict[str, Callable[[Floats, Floats], Floats]] = {"rmse": rmse, "mae": mae, "r2": r2}
