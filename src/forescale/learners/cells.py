"""The short way to a learner: say how to pre-train and how to fine-tune, cell by cell.

What fails in one cell (n, m) is lost there alone, with the reason.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from forescale._machine.plugins import told
from forescale.learners.contract import (
    Floats,
    Grid,
    GridPrediction,
    Ints,
    StoredBlock,
    TransferData,
)
from forescale.splits import Split

Features = NDArray[np.float32]


class Model(Protocol):
    """Anything that predicts: every fitted scikit-learn regressor is one."""

    def predict(self, features: Features) -> Floats:
        """Values for rows of features, shape (rows,)."""
        ...


class CellLearner(ABC):
    """A learner that fits each number of computed and of measured values by itself.

    Subclass it and give :meth:`pretrain` and :meth:`fine_tune`; both see values without
    unit: less the mean of the computed values learnt from, divided by their scatter
    (scratch: of the measured ones). Slower than a learner that shares work between cells,
    but any estimator will do.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> class Line(CellLearner):
    ...     name = "line"
    ...     def pretrain(self, features, values, seed):
    ...         return Ridge().fit(features, values)
    ...     def fine_tune(self, base, features, values, seed):
    ...         known = features if base is None else base.predict(features)[:, None]
    ...         fitted = Ridge().fit(known, values)
    ...         return fitted if base is None else Chained(base, fitted)
    >>> class Chained:
    ...     def __init__(self, base, fitted):
    ...         self.base, self.fitted = base, fitted
    ...     def predict(self, features):
    ...         return self.fitted.predict(self.base.predict(features)[:, None])
    >>> Line().name
    'line'
    """

    name: str

    @abstractmethod
    def pretrain(self, features: Features, values: Floats, seed: int) -> Model:
        """Learn from n computed values: the model of zero-shot predictions.

        Parameters
        ----------
        features, values
            Shapes (n, features) and (n,).
        seed
            For whatever is drawn at random; differs between cells and replicates.
        """

    @abstractmethod
    def fine_tune(self, base: Model | None, features: Features, values: Floats, seed: int) -> Model:
        """Learn from m measured values, from a pre-trained model or from scratch (None)."""

    def prepare(self, data: TransferData, folder: Path) -> PreparedCells:
        """Lay the features where worker processes read them."""
        blocks = tuple(
            block.stored(folder / f"features-{place}.npy")
            for place, block in enumerate(data.blocks)
        )
        return PreparedCells(self, blocks, data.source_values, data.target_values)


@dataclass(frozen=True)
class PreparedCells:
    """A :class:`CellLearner` with the data of a study."""

    learner: CellLearner
    blocks: tuple[StoredBlock, ...]
    source_values: Floats
    target_values: Floats

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """See :class:`~forescale.learners.PreparedLearner`."""
        rows = split.source[: grid.n_source[-1]]
        train = split.train[: grid.n_target[-1]]
        replicate = _Replicate(
            learner=self.learner,
            source=self._rows("source", rows),
            source_values=self.source_values[rows],
            train=self._rows("target", train),
            train_values=self.target_values[train],
            test=self._rows("target", split.test),
            seed=seed,
        )
        shape = (1 + len(grid.n_source), 1 + len(grid.n_target), len(split.test))
        mean = np.full(shape, np.nan)
        for row, n in enumerate([0, *map(int, grid.n_source)]):
            mean[row] = replicate.row(n, grid)
        return GridPrediction(mean=mean, lost=replicate.lost)

    def _rows(self, side: Literal["source", "target"], rows: Ints) -> Features:
        return np.concatenate(
            [
                block.features((block.source if side == "source" else block.target)[rows])
                for block in self.blocks
            ],
            axis=1,
        )


@dataclass(frozen=True)
class _Replicate:
    """Rows of one replicate, and what was lost on the way."""

    learner: CellLearner
    source: Features
    source_values: Floats
    train: Features
    train_values: Floats
    test: Features
    seed: int
    lost: dict[tuple[int, int], str] = field(default_factory=dict)

    def row(self, n: int, grid: Grid) -> Floats:
        """Predictions with n computed values, shape (1 + sizes of m, test rows)."""
        sizes = [0, *map(int, grid.n_target)]
        mean = np.full((len(sizes), len(self.test)), np.nan)
        base: Model | None = None
        if n:
            try:
                scaler = _Scaler.of(self.source_values[:n])
                base = self.learner.pretrain(
                    self.source[:n], scaler.apply(self.source_values[:n]), self._seed(n, 0)
                )
            except Exception as error:  # whatever somebody's code does
                self.lost.update({(n, m): told(error) for m in sizes})
                return mean
        for column, m in enumerate(sizes):
            if n + m == 0:
                continue
            try:
                scaler = _Scaler.of(self.source_values[:n] if n else self.train_values[:m])
                mean[column] = scaler.undo(self._cell(base, scaler, n, m))
            except Exception as error:
                self.lost[n, m] = told(error)
        return mean

    def _cell(self, base: Model | None, scaler: _Scaler, n: int, m: int) -> Floats:
        model = base
        if m:
            values = scaler.apply(self.train_values[:m])
            model = self.learner.fine_tune(base, self.train[:m], values, self._seed(n, m))
        assert model is not None
        found = np.asarray(model.predict(self.test), dtype=float)
        if found.shape != (len(self.test),):
            raise ValueError(f"predictions have shape {found.shape}, expected ({len(self.test)},)")
        if not np.isfinite(found).all():
            bad = np.count_nonzero(~np.isfinite(found))
            raise ValueError(f"{bad} of {len(found)} predictions are not finite")
        return found

    def _seed(self, n: int, m: int) -> int:
        return int(np.random.SeedSequence([self.seed, n, m]).generate_state(1)[0])


@dataclass(frozen=True)
class _Scaler:
    """Mean and scatter of the values learnt from: learners see no unit."""

    mean: float
    scatter: float

    @classmethod
    def of(cls, values: Floats) -> _Scaler:
        spread = float(np.std(values))
        return cls(float(np.mean(values)), spread if spread > 0 else 1.0)

    def apply(self, values: Floats) -> Floats:
        return (values - self.mean) / self.scatter

    def undo(self, values: Floats) -> Floats:
        return values * self.scatter + self.mean
