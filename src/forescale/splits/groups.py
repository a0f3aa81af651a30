"""Groups of target rows that stay on one side of a split."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2


def column_groups(labels: pd.Series) -> NDArray[np.int64]:
    """Numbers of equal labels; missing ones are a label too.

    >>> column_groups(pd.Series(["a", "b", "a"])).tolist()
    [0, 1, 0]
    """
    return np.asarray(pd.factorize(labels, use_na_sentinel=False)[0], dtype=np.int64)


def cluster_groups(features: NDArray[np.float32], seed: int, size: int = 25) -> NDArray[np.int64]:
    """Groups of about ``size`` materials near each other in descriptor space (k-means).

    Parameters
    ----------
    features
        Shape (rows, features).
    """
    spread = features.std(axis=0, dtype=float)
    varies = spread > 0
    center = features.mean(axis=0, dtype=float)
    scaled = np.clip((features[:, varies] - center[varies]) / spread[varies], -4.0, 4.0)
    count = max(2, len(features) // size)
    rng = np.random.default_rng(seed)
    if not scaled.shape[1]:
        return np.zeros(len(features), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an empty cluster is no loss
        _, groups = kmeans2(scaled, count, minit="++", rng=rng, missing="warn", iter=20)
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)
