"""Trees of computed values that have nothing to do with the materials."""

import numpy as np
import pytest

from forescale.learners import Grid, TransferData, get_learner
from forescale.learners.boosted.options import TreeOptions
from forescale.learners.boosted.stage import foretell
from forescale.splits import Split


def materials(seed, noise):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((500, 6)).astype(np.float32)
    truth = x[:, 0] + 0.5 * x[:, 1]
    computed = truth + noise * rng.standard_normal(500)
    return x, truth, computed


def test_noise_foretells_nothing_and_rough_values_do():
    found = {0.0: [], 1.0: [], np.inf: []}
    for seed in range(20):
        for noise, told in found.items():
            x, truth, computed = materials(seed, 0.0 if np.isinf(noise) else noise)
            values = np.random.default_rng(seed).permutation(truth) if np.isinf(noise) else computed
            told.append(foretell(x[:60], values[:60], TreeOptions(), seed))
    assert sum(found[0.0]) == 20
    assert sum(found[1.0]) >= 14
    assert sum(found[np.inf]) <= 4


@pytest.mark.parametrize("name", ["boosted", "blend"])
def test_a_source_of_noise_leaves_scratch_as_it_is(tmp_path, name):
    x, truth, _ = materials(0, 0.0)
    shuffled = np.random.default_rng(1).permutation(truth[:400])
    data = TransferData.of_rows(
        x[:400], x[400:], np.zeros(6, bool), shuffled, truth[400:], np.arange(400)
    )
    split = Split(np.arange(400), np.arange(20), np.arange(20, 100))
    prepared = get_learner(name, {"trees": 50}).prepare(data, tmp_path)
    mean = prepared.predict(split, Grid(np.array([400]), np.array([20])), 0).mean
    miss = np.sqrt(np.mean((mean[:, 1] - data.target_values[split.test]) ** 2, axis=1))
    assert miss[1] < 1.01 * miss[0]
