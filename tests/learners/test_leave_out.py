"""Own computed values are left out of what predicts training materials, where asked for."""

from dataclasses import replace

import numpy as np
import pytest

from forescale.learners import Block, Grid, TransferData, get_learner
from forescale.learners.gp.kernels import kernel
from forescale.learners.gp.lowrank import Landmarks, Sums
from forescale.learners.gp.prefix import PrefixGP, Prior
from forescale.learners.gp.transfer import _Replicate
from forescale.splits import Split

every_learner = pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gp", {}),
        ("gp", {"method": "low-rank", "rank": 30, "exact_rows": 20}),
        ("boosted", {"trees": 20}),
        ("blend", {"trees": 20}),
    ],
)


def test_left_out_means_are_those_of_fits_without_the_value():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    distance = np.abs(x[:, None] - x[None]).sum(axis=2).astype(np.float32)
    k = kernel("laplacian", distance[None], (2.0,))
    gp, one = PrefixGP(k, 0.1), np.ones((30, 1))
    rows = np.array([2, 25])
    found = gp.left_out(gp.fit(y, one, Prior.flat(1), np.array([12, 30])), y, rows)
    assert np.isnan(found[0, 1])
    for place, size, row in ((0, 12, 0), (1, 30, 0), (1, 30, 1)):
        rest = np.setdiff1d(np.arange(size), rows[row])
        without = PrefixGP(k[np.ix_(rest, rest)], 0.1)
        fit = without.fit(y[rest], one[rest], Prior.flat(1), np.array([len(rest)]))
        expected = without.mean(fit, k[rows[[row]]][:, rest], one[:1])
        assert found[place, row] == pytest.approx(expected[0, 0], abs=1e-10)


def test_groups_left_out_are_those_of_fits_without_their_values():
    rng = np.random.default_rng(1)
    x, y, new = rng.standard_normal((30, 3)), rng.standard_normal(30), rng.standard_normal((4, 3))
    everything = np.concatenate([x, new])
    distance = np.abs(everything[:, None] - everything[None]).sum(axis=2).astype(np.float32)
    k = kernel("laplacian", distance[None], (2.0,))
    gp, one = PrefixGP(k[:30, :30].copy(), 0.1), np.ones((30, 1))
    groups = np.where(np.arange(30) < 14, 9, np.arange(30) // 3)
    own, sizes = np.array([9, 7, 8, 9]), np.array([12, 23, 30])
    fit = gp.fit(y, one, Prior.flat(1), sizes)
    found = gp.groups_left_out(fit, k[30:, :30], own, groups)
    some = gp.groups_left_out(fit.at(np.array([True, True, False])), k[30:, :23], own, groups)
    np.testing.assert_allclose(some, found[:2], rtol=1e-10)
    assert np.isnan(found[0]).all()  # the group of two is all there is, others are not yet there
    assert np.isnan(found[1, 2])
    for place, row in ((1, 0), (1, 1), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3)):
        rest = np.flatnonzero(groups[: sizes[place]] != own[row])
        without = PrefixGP(k[np.ix_(rest, rest)], 0.1)
        alone = without.fit(y[rest], one[rest], Prior.flat(1), np.array([len(rest)]))
        expected = without.mean(alone, k[[30 + row]][:, rest], one[:1])
        assert found[place, row] == pytest.approx(expected[0, 0], abs=1e-10)


def test_landmarks_leave_out_groups_as_sums_without_them_do():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((40, 2)), rng.standard_normal(40)
    distance = np.abs(x[:, None] - x[None]).sum(axis=2).astype(np.float32)
    k = kernel("laplacian", distance[None], (2.0,))
    marks = Landmarks(k[:10, :10].copy())
    sums, rest = Sums(10), Sums(10)
    sums.add(k[:, :10].copy(), y)
    rest.add(k[6:, :10].copy(), y[6:])
    fit, without = (one.fit(marks, (0.1,), 10) for one in (sums, rest))
    features = marks.features(k[:, :10])
    found = fit.rows_left_out(features[:3], features[:6], y[:6])
    np.testing.assert_allclose(found, without.predict(features[:3]), atol=1e-8)


def overlapping(rows=80, measured=60, shared=40, seed=1, rough=0.8):
    """Forty of sixty measured materials are computed too; computed values are rough."""
    rng = np.random.default_rng(seed)
    sides = rows + measured - shared
    x = rng.standard_normal((sides, 4)).astype(np.float32)
    truth = np.sin(x[:, 0]) + 0.5 * x[:, 1]
    target = np.concatenate([np.arange(shared), np.arange(rows, sides)])
    block = Block(x, np.zeros(4, bool), np.arange(rows), target)
    noise = rng.standard_normal((2, sides))
    computed = truth + rough * noise[0]
    return TransferData(
        (block,),
        computed[:rows].astype(float),
        (truth + 0.1 * noise[1])[target].astype(float),
        np.arange(shared, rows),
    )


@every_learner
def test_a_training_material_does_not_see_its_own_value(tmp_path, name, options):
    """What the first stage says of a training material stays as its own value changes."""
    data = replace(overlapping(), leave_out=True)
    learner = get_learner(name, {**options, "lengths": [1.0], "noises": [0.1]})
    train, test = np.arange(20), np.arange(50, 60)
    split = Split(np.arange(80), train, test)
    changed = data.source_values.copy()
    changed[3] += 5.0
    seen = []
    for one in (data, replace(data, source_values=changed)):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        prepared = learner.prepare(one, folder)
        model = prepared.train(split.source, np.array([3, 41, 42, 43]), 0)
        stages = [s.predict(_task(prepared, split, one)) for s in prepared.sources]
        seen.append(np.stack([stage.mean[-1] for stage in stages]))
        assert np.isfinite(model.predict(one.target_blocks(test)).mean).all()
    np.testing.assert_allclose(seen[1][:, 3], seen[0][:, 3], atol=0.05)
    grid = Grid(np.array([30, 80]), np.array([10, 20]))
    assert np.isfinite(prepared.predict(split, grid, 0).mean[1:]).all()


@every_learner
def test_a_training_material_does_not_see_its_group(tmp_path, name, options):
    """Nor any value of its group, where test materials have none of theirs."""
    data = overlapping(rough=0.3)  # trees of rougher ones may be none
    groups = np.arange(80) // 4, data.blocks[0].target // 4
    data = replace(data, leave_out=True, groups=groups)
    one_kernel = {"lengths": [1.0], "noises": [0.1], "linear": [0.0]}  # or values choose it
    learner = get_learner(name, {**options, **one_kernel})
    train = np.arange(20)
    split = Split(np.arange(80), train, np.arange(50, 60))
    changed = data.source_values.copy()
    changed[[4, 5, 6, 7]] += [5.0, -2.0, 3.0, 4.0]
    seen = []
    for one in (data, replace(data, source_values=changed)):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        prepared = learner.prepare(one, folder)
        job = _Replicate(split, (split.source,), np.array([20]), 0, {})
        task = prepared._task(split.source, train, 0, job).of(np.array([60, 80]))
        seen.append(np.concatenate([stage.predict(task).mean for stage in prepared.sources]))
    np.testing.assert_allclose(seen[1][:, 4:8], seen[0][:, 4:8], atol=0.05)
    assert np.abs(seen[1] - seen[0]).max() > 0.2  # others are told of them
    grid = Grid(np.array([30, 80]), np.array([10, 20]))
    assert np.isfinite(prepared.predict(split, grid, 0).mean[1:]).all()


def _task(prepared, split, data):
    from forescale.learners.gp.source import SourceTask

    block = data.blocks[0]
    return SourceTask(
        rows=split.source,
        values=data.source_values[split.source],
        sizes=np.array([30, 80]),
        wanted=[block.target[split.train]],
        own=prepared._own(split.source, split.train),
    )
