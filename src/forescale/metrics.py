"""Errors of predictions on measured test data, by name, with the words for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forescale.labels import LabelEnum

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


class Metric(LabelEnum):
    """How predictions are judged.

    Examples
    --------
    >>> Metric("mae").label, Metric.MAE.description, Metric.R2.is_error
    ('MAE', 'mean absolute error', False)
    """

    RMSE = "rmse", "RMSE", "root mean squared error"
    MAE = "mae", "MAE", "mean absolute error"
    R2 = "r2", "R²", "coefficient of determination"

    @property
    def is_error(self) -> bool:
        """Whether it is an error, in the unit of the values, that laws are fitted to."""
        return self is not Metric.R2

    def __call__(self, predicted: Floats, measured: Floats) -> Floats:
        """Judge predictions, shape (…, materials), by measured values, shape (materials,)."""
        judge = {Metric.RMSE: rmse, Metric.MAE: mae, Metric.R2: r2}[self]
        return judge(predicted, measured)


def label_of(metric: str) -> str:
    """How a metric is written for people; a column of somebody's own table stays as it is.

    >>> label_of("r2"), label_of("top-1 error")
    ('R²', 'top-1 error')
    """
    return Metric(metric).label if metric in set(Metric) else metric
