"""The contract of a learner, and what it is given and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from forescale.splits import Split

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class TransferData:
    """Both sides of a study as arrays, in one unit.

    Parameters
    ----------
    source_features, target_features
        Shape (rows, features), finite.
    is_count
        Which features count something, shape (features,).
    source_values, target_values
        Computed and measured values in the same unit, shape (rows,).
    source_only
        Rows of the source whose material is not in the target, so never a test
        material: anything learnt from inputs alone (scales, say) is learnt from these.
    """

    source_features: NDArray[np.float32]
    target_features: NDArray[np.float32]
    is_count: NDArray[np.bool_]
    source_values: Floats
    target_values: Floats
    source_only: Ints


@dataclass(frozen=True)
class Grid:
    """Sizes at which errors are wanted, ascending, without zero."""

    n_source: Ints
    n_target: Ints


@dataclass(frozen=True)
class GridPrediction:
    """Predictions for the test rows of a split, for every cell of a grid.

    Parameters
    ----------
    mean
        Shape (1 + sizes of n, 1 + sizes of m, test rows). Index 0 of the first axis is
        *scratch* (no source), index 0 of the second *zero-shot* (no measured values);
        the cell [0, 0] is NaN.
    std
        Standard deviation of a new measurement at the largest n and m, shape (test
        rows,), or None if the learner has no opinion.
    notes
        What the learner chose or met, as plain numbers.
    """

    mean: Floats
    std: Floats | None = None
    notes: Mapping[str, float] = field(default_factory=dict)


class PreparedLearner(Protocol):
    """A learner that has seen a study's inputs. Picklable: workers receive copies."""

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """Learn from every prefix of the split's rows; the same seed gives the same numbers."""
        ...


@runtime_checkable
class Learner(Protocol):
    """Knows how to learn from n computed and m measured values.

    ``forescale.learners.testing`` holds the tests that every implementation passes.
    """

    name: str

    def prepare(self, data: TransferData, folder: Path) -> PreparedLearner:
        """Do what all replicates share; large arrays may be kept in ``folder``."""
        ...
