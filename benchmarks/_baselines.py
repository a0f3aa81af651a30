"""What others would do with both databases: the same descriptors, one model, all rows.

Each baseline sees, for every measured pair, the descriptors of both sides (and the
temperature, where there is one) and the prediction of a model of the computed values that
was trained without test pairs: the same one, our zero-shot model, for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from forescale.learners import Grid, get_learner
from forescale.learners.contract import PreparedLearner
from forescale.metrics import Metric
from forescale.splits import Split
from forescale.study import Design, Study
from forescale.study.data import StudyData

Floats = NDArray[np.float64]


def boosted(train: Floats, values: Floats, test: Floats, seed: int) -> Floats:
    """Gradient boosting; rounds chosen on a held-out tenth of the training rows."""
    model = HistGradientBoostingRegressor(
        learning_rate=0.05, max_iter=1500, early_stopping=True, n_iter_no_change=30,
        l2_regularization=1.0, random_state=seed,
    )  # fmt: skip
    return np.asarray(model.fit(train, values).predict(test))


def ridge(train: Floats, values: Floats, test: Floats, seed: int) -> Floats:
    """Ridge regression on standardised columns, its strength by leave-one-out error."""
    del seed
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 5, 15)))
    return np.asarray(model.fit(train, values).predict(test))


MODELS = {"gradient boosting": boosted, "ridge": ridge}


@dataclass(frozen=True)
class Baselines:
    """Errors of the baselines in the replicates of a study, at full m.

    Parameters
    ----------
    n_source
        Computed values behind the computed prediction, as few as a size of the study's grid.
    """

    study: Study
    data: StudyData
    n_source: int

    def errors(self, replicates: int, metrics: tuple[str, ...]) -> dict[str, Floats]:
        """Errors by name of baseline, shape (replicates, metrics)."""
        design = Design.of(self.study, self.data)
        arrays, grid = self.data.arrays(), design.grid
        features = arrays.target_features.astype(float)
        features = features[:, features.std(axis=0) > 0]
        found: dict[str, list[list[float]]] = {}
        with TemporaryDirectory() as scratch:
            options = self.study.learner.options
            learner = get_learner(self.study.learner.name, options)
            prepared = learner.prepare(arrays, Path(scratch))
            for replicate in range(replicates):
                split = design.splits[replicate]
                computed = _computed(prepared, split, self.n_source, len(self.data.target))
                inputs = {"": features, " + computed": np.column_stack([features, computed])}
                for name, model in MODELS.items():
                    for suffix, columns in inputs.items():
                        train, test = split.train[: grid.n_target[-1]], split.test
                        values = self.data.target.values
                        got = model(columns[train], values[train], columns[test], replicate)
                        row = [float(Metric(m)(got[None], values[test])[0]) for m in metrics]
                        found.setdefault(name + suffix, []).append(row)
        return {name: np.array(rows) for name, rows in found.items()}


def _computed(prepared: PreparedLearner, split: Split, n_source: int, rows: int) -> Floats:
    """Zero-shot prediction of every measured row by the computed values of one replicate."""
    everything = np.concatenate([split.train, split.test])
    few = Split(source=split.source, train=split.train[:3], test=everything)
    sizes = Grid(n_source=np.array([n_source]), n_target=np.array([3]))
    out = np.full(rows, np.nan)
    out[everything] = prepared.predict(few, sizes, 0).mean[1, 0]
    return out
