"""Sizes at which draws of a law reach an error, and checks of what is asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forescale.errors import LawError

Floats = NDArray[np.float64]

HORIZON = 100.0
"""Times what there is: an answer that needs more is called not reachable."""
STEPS = 161


def first_crossing(grid: Floats, errors: Floats, targets: Floats) -> Floats:
    """First point of a grid at which each draw's error is down to its target.

    Parameters
    ----------
    grid
        Ascending sizes above zero, shape (G,).
    errors
        Error of each draw along the grid, shape (draws, G).
    targets
        Error to reach, shape (draws,) or (1,).

    Returns
    -------
    ndarray
        Sizes, interpolated in logarithms, shape (draws,); infinite where never reached.
    """
    goal = np.broadcast_to(np.log(targets), (len(errors),))
    logs, log_grid = np.log(errors), np.log(grid)
    reached = logs <= goal[:, None]
    index = np.argmax(reached, axis=1)
    before, rows = np.maximum(index - 1, 0), np.arange(len(index))
    above, below = logs[rows, before], logs[rows, index]
    fall = np.where(above > below, above - below, 1.0)
    part = np.clip((above - goal) / fall, 0.0, 1.0)
    size = np.exp(log_grid[before] + part * (log_grid[index] - log_grid[before]))
    return np.where(reached.any(axis=1), size, np.inf)


def above_zero(name: str, value: float) -> float:
    """Return a number that must be finite and above zero; raise `LawError` otherwise."""
    if not (np.isfinite(value) and value > 0):
        raise LawError(f"{name} must be finite and above zero, got {value}")
    return float(value)
