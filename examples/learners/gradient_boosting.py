"""Gradient boosting from scikit-learn as a learner: pre-train = feature, fine-tune = residual.

Trees cannot be fine-tuned as weights can. What works with any pair of estimators: the
first is fitted to the computed values; its prediction becomes one more feature of the
second, which is fitted to what the first gets wrong on the measured values.

    PYTHONPATH=examples/learners forescale run examples/learners/gradient-boosting.toml
"""

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor

from forescale.learners import CellLearner


class GradientBoosting(CellLearner):
    """Boosted trees on the computed values, boosted trees on their residual."""

    name = "gradient_boosting"

    def __init__(self, trees: int = 300, depth: int = 5, fine_tune_trees: int = 100):
        self.trees, self.depth, self.fine_tune_trees = trees, depth, fine_tune_trees

    def pretrain(self, features, values, seed):
        return self._boosting(self.trees, self.depth, seed).fit(features, values)

    def fine_tune(self, base, features, values, seed):
        if base is None:
            return self._boosting(self.trees, self.depth, seed).fit(features, values)
        computed = base.predict(features)
        offset = np.mean(values - computed)
        residual = self._boosting(self.fine_tune_trees, 3, seed)
        residual.fit(_with(features, computed), values - computed - offset)
        return Corrected(base, offset, residual)

    def _boosting(self, trees, depth, seed):
        return GradientBoostingRegressor(
            n_estimators=trees,
            max_depth=depth,
            learning_rate=0.05,
            subsample=0.7,
            max_features=0.05,
            min_samples_leaf=3,
            random_state=seed,
        )


class Corrected:
    """A pre-trained model plus what a second one says of its residual."""

    def __init__(self, base, offset, residual):
        self.base, self.offset, self.residual = base, offset, residual

    def predict(self, features):
        computed = self.base.predict(features)
        return computed + self.offset + self.residual.predict(_with(features, computed))


def _with(features, computed):
    """Features, and the computed prediction as one more."""
    return np.column_stack([features, computed])
