"""Several sources keep their identity, and adding one does no harm."""

from dataclasses import replace

import numpy as np
import pytest

from forescale.learners import Grid, ModelState, TransferData, get_learner
from forescale.splits import Split

RNG = np.random.default_rng(3)
X = RNG.standard_normal((260, 5)).astype(np.float32)
TRUTH = np.sin(2 * X[:, 0]) + X[:, 1] + 0.5 * X[:, 2] * X[:, 3]
GOOD, POOR, MEASURED = np.arange(90), np.arange(60, 180), np.arange(180, 260)
SMALL = {"lengths": [1.0, 4.0], "noises": [0.003, 0.1, 0.6], "linear": [0.0]}
TREES = {**SMALL, "trees": 30}
LEARNERS = [("gp", SMALL), ("boosted", TREES), ("blend", TREES)]


def _data(poor):
    """A good source, one that ``poor`` makes of the truth, and measured values."""
    values = [TRUTH[GOOD], poor(TRUTH[POOR])]
    rows = np.concatenate([GOOD, POOR])
    measured = 2.0 + TRUTH[MEASURED] + 0.1 * RNG.standard_normal(len(MEASURED))
    data = TransferData.of_rows(
        X[rows], X[MEASURED], np.zeros(5, dtype=bool), np.concatenate(values), measured,
        np.arange(len(rows)),
    )  # fmt: skip
    # One row of features a material, as studies have it: some are in both sources.
    block = replace(
        data.blocks[0], values=X, source=rows.astype(np.int64), target=MEASURED.astype(np.int64)
    )
    return replace(data, blocks=(block,), source_of=np.repeat([0, 1], [len(GOOD), len(POOR)]))


NOISE = _data(lambda y: np.random.default_rng(0).permutation(y))
OFFSET = _data(lambda y: 0.8 * y - 3.0)
SPLIT = Split(np.random.default_rng(1).permutation(210), np.arange(40), np.arange(40, 80))
GRID = Grid(np.array([20, 210]), np.array([10, 40]), (np.array([30, 90]), np.array([15, 120])))


def _predict(data, name, options, tmp_path, grid=GRID, split=SPLIT):
    return get_learner(name, options).prepare(data, tmp_path).predict(split, grid, 0)


def _rmse(mean, data=NOISE):
    return float(np.sqrt(np.mean((mean - data.target_values[SPLIT.test]) ** 2)))


@pytest.mark.parametrize(("name", "options"), LEARNERS)
def test_each_source_has_a_curve_that_ends_where_all_are_there(name, options, tmp_path):
    found = _predict(OFFSET, name, {**options, "scales": "shared"}, tmp_path)
    assert [one.shape for one in found.of_source] == [(2, 3, 40)] * 2
    for one in found.of_source:
        np.testing.assert_allclose(one[-1], found.mean[-1], rtol=1e-9)
    assert np.isfinite(found.mean[1:]).all()


@pytest.mark.parametrize(("name", "options"), LEARNERS)
def test_a_source_that_is_noise_does_no_harm(name, options, tmp_path):
    """On the same scales, learnt from the good source: these move errors by more than noise."""
    shared = {**options, "scales": "shared"}
    both = replace(NOISE, source_only=np.arange(90))
    alone = replace(
        both, source_of=None, source_values=NOISE.source_values[:90],
        blocks=(replace(NOISE.blocks[0], source=NOISE.blocks[0].source[:90]),),
    )  # fmt: skip
    order = SPLIT.source[SPLIT.source < 90]
    grid = Grid(np.array([90]), np.array([40]))
    without = _predict(alone, name, shared, tmp_path, grid, replace(SPLIT, source=order))
    with_noise = _predict(both, name, shared, tmp_path)
    np.testing.assert_allclose(with_noise.mean[0, -1], without.mean[0, -1], rtol=1e-9)
    assert _rmse(with_noise.mean[-1, -1]) < 1.02 * _rmse(without.mean[-1, -1])


@pytest.mark.parametrize(("name", "options"), LEARNERS)
def test_later_rows_of_a_source_change_nothing_before(name, options, tmp_path):
    found = _predict(OFFSET, name, options, tmp_path)
    values = OFFSET.source_values.copy()
    poor = SPLIT.source[SPLIT.source >= 90]
    values[poor[15:]] += 50.0
    changed = _predict(replace(OFFSET, source_values=values), name, options, tmp_path)
    np.testing.assert_allclose(changed.of_source[1][0], found.of_source[1][0], rtol=1e-9)
    assert not np.allclose(changed.of_source[1][1], found.of_source[1][1])


@pytest.mark.parametrize(("name", "options"), LEARNERS)
def test_a_kept_model_of_several_is_the_last_cell(name, options, tmp_path):
    learner = get_learner(name, options)
    prepared = learner.prepare(OFFSET, tmp_path)
    last = prepared.predict(SPLIT, Grid(np.array([210]), np.array([40])), 0).mean[-1, -1]
    state = prepared.train(SPLIT.source, SPLIT.train, 0).state()
    kept = learner.restore(ModelState(dict(state.arrays), dict(state.settings)))
    new = OFFSET.target_blocks(SPLIT.test)
    np.testing.assert_allclose(kept.predict(new).mean, last, rtol=1e-6)


def test_landmarks_serve_several_sources(tmp_path):
    low = {**SMALL, "method": "low-rank", "rank": 30, "exact_rows": 20}
    found = _predict(OFFSET, "gp", low, tmp_path)
    exact = _predict(OFFSET, "gp", {**SMALL, "scales": "shared"}, tmp_path)
    assert found.half_capacity is not None
    assert np.isfinite(found.half_capacity).all()
    gap = np.abs(found.of_source[0][-1, -1] - exact.of_source[0][-1, -1])
    assert gap.mean() < 0.5 * OFFSET.target_values.std()


def test_another_property_beside_the_property_itself(tmp_path):
    """A source of another property moves no zero-shot prediction, and no slope is assumed."""
    values = OFFSET.source_values.copy()
    values[90:] *= -0.1
    data = replace(OFFSET, source_values=values, same_of=(True, False))
    found = _predict(data, "gp", {**SMALL, "scales": "shared"}, tmp_path)
    good = data.source_values[:90]
    assert good.min() - 1 < found.mean[-1, 0].min() < found.mean[-1, 0].max() < good.max() + 1
    scratch, both = _rmse(found.mean[0, -1], data), _rmse(found.mean[-1, -1], data)
    assert both < scratch


def test_a_source_without_values_yet_is_no_column(tmp_path):
    """Of 20 values of one source none is of the other: it takes no part."""
    first = np.argsort(SPLIT.source >= 90, kind="stable")
    split = replace(SPLIT, source=SPLIT.source[first])
    for name, options in LEARNERS:
        assert np.isfinite(_predict(OFFSET, name, options, tmp_path, split=split).mean[1:]).all()
