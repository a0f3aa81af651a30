"""Own computed values are left out of what predicts training materials, where asked for."""

from dataclasses import replace

import numpy as np
import pytest

from forescale.learners import Block, Grid, TransferData, get_learner
from forescale.learners.gp.kernels import kernel
from forescale.learners.gp.prefix import PrefixGP, Prior
from forescale.splits import Split


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


def overlapping(rows=80, measured=60, shared=40, seed=1):
    """Forty of sixty measured materials are computed too; computed values are rough."""
    rng = np.random.default_rng(seed)
    sides = rows + measured - shared
    x = rng.standard_normal((sides, 4)).astype(np.float32)
    truth = np.sin(x[:, 0]) + 0.5 * x[:, 1]
    target = np.concatenate([np.arange(shared), np.arange(rows, sides)])
    block = Block(x, np.zeros(4, bool), np.arange(rows), target)
    noise = rng.standard_normal((2, sides))
    computed = truth + 0.8 * noise[0]
    return TransferData(
        (block,),
        computed[:rows].astype(float),
        (truth + 0.1 * noise[1])[target].astype(float),
        np.arange(shared, rows),
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gp", {}),
        ("gp", {"method": "low-rank", "rank": 30, "exact_rows": 20}),
        ("boosted", {"trees": 20}),
        ("blend", {"trees": 20}),
    ],
)
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
