"""The neural learner: replicates together, recipes, and what goes astray."""

from dataclasses import replace

import numpy as np
import pytest
from bare_runs import run_without_laws

from forescale.errors import ForescaleError
from forescale.learners import Grid, get_learner
from forescale.learners.testing import transfer_data
from forescale.splits import Split

pytest.importorskip("jax", reason="the extra nn")

QUICK = {"width": 16, "layers": 1, "inputs": 8, "min_steps": 200, "epochs": 1}
# Crowds of two and of four models only: each further size would compile once more.
QUICK_RATE = 2e-3  # the default
GRID = Grid(n_source=np.array([5, 60]), n_target=np.array([3, 25]))


def split_of(seed):
    rng = np.random.default_rng(seed)
    target = rng.permutation(60)
    return Split(rng.permutation(120), target[:30], target[30:])


SPLITS = [split_of(seed) for seed in range(4)]


def prepared(folder, data=None, **options):
    learner = get_learner("mlp", {**QUICK, **options})
    return learner.prepare(transfer_data() if data is None else data, folder)


def together(model, splits, seeds, grid=GRID):
    found = dict(model.predict_many(splits, grid, seeds))
    return [found[place] for place in range(len(splits))]


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """Four replicates, trained together."""
    return together(prepared(tmp_path_factory.mktemp("four")), SPLITS, range(4))


def test_a_replicate_is_the_same_whatever_trains_beside_it(four, tmp_path):
    model = prepared(tmp_path)
    for places in ([1], [3, 2]):
        found = together(model, [SPLITS[p] for p in places], places)
        for place, prediction in zip(places, found, strict=True):
            np.testing.assert_array_equal(prediction.mean, four[place].mean)
            np.testing.assert_array_equal(prediction.std, four[place].std)


def test_crowds_of_any_size_give_the_same(four, tmp_path):
    found = together(prepared(tmp_path, together=2), SPLITS, range(4))
    for prediction, expected in zip(found, four, strict=True):
        np.testing.assert_array_equal(prediction.mean, expected.mean)


def test_seeds_differ(four, tmp_path):
    (other,) = together(prepared(tmp_path), SPLITS[:1], [77])
    assert not np.allclose(other.mean[1:], four[0].mean[1:], rtol=1e-3, equal_nan=True)


def test_where_memory_is_short_crowds_become_smaller(four, tmp_path, monkeypatch, capsys):
    import jax

    from forescale.learners.mlp import net as _net

    pretrain, tried = _net.pretrain, []

    def small_memory(first, *rest, **options):
        tried.append(len(first[0][0]))
        if tried[-1] > 2:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating")
        return pretrain(first, *rest, **options)

    monkeypatch.setattr(_net, "pretrain", small_memory)
    found = together(prepared(tmp_path), SPLITS, range(4))
    assert tried[0] == 4
    assert set(tried[1:]) == {2}
    for prediction, expected in zip(found, four, strict=True):
        np.testing.assert_array_equal(prediction.mean, expected.mean)
    assert "memory is short for 4 replicates together; now 2 at a time" in capsys.readouterr().err


def test_no_memory_at_all_is_told(tmp_path, monkeypatch):
    from forescale.learners.mlp import net as _net

    def no_memory(*_, **__):
        raise MemoryError

    monkeypatch.setattr(_net, "pretrain", no_memory)
    with pytest.raises(ForescaleError, match=r"a single replicate; lower learner\.width"):
        together(prepared(tmp_path), SPLITS, range(4))


def test_other_errors_are_not_taken_for_a_lack_of_memory(tmp_path, monkeypatch):
    import jax

    from forescale.learners.mlp import net as _net

    def broken(*_, **__):
        raise jax.errors.JaxRuntimeError("INVALID_ARGUMENT: no")

    monkeypatch.setattr(_net, "pretrain", broken)
    with pytest.raises(jax.errors.JaxRuntimeError, match="INVALID"):
        together(prepared(tmp_path), SPLITS, range(4))


def test_what_diverges_is_told_and_trains_again_with_smaller_steps(tmp_path, monkeypatch, capsys):
    from forescale.learners.mlp import net as _net

    slower = together(prepared(tmp_path, rate=QUICK_RATE / 4), SPLITS, range(4))
    pretrain = _net.pretrain

    def diverging(first, rows, held, recipe, *rest, **options):
        """As if every second model went astray at the full step."""
        found = pretrain(first, rows, held, recipe, *rest, **options)
        astray = (recipe.rate > QUICK_RATE / 2) & (np.arange(len(recipe.rate)) % 2 == 0)
        return found._replace(finite=np.asarray(found.finite) & ~astray)

    normal = together(prepared(tmp_path), SPLITS, range(4))
    monkeypatch.setattr(_net, "pretrain", diverging)
    found = together(prepared(tmp_path), SPLITS, range(4))
    assert "training diverged in 2 of 4 replicates; again with steps of 0.0005" in (
        capsys.readouterr().err
    )
    for k in range(4):
        expected = slower[k] if k % 2 == 0 else normal[k]
        np.testing.assert_array_equal(found[k].mean, expected.mean)
        assert (found[k].notes["retries"] > 0) == (k % 2 == 0)
        assert not found[k].lost


def test_what_no_step_mends_is_lost_with_the_reason(tmp_path):
    found = together(prepared(tmp_path, rate=1e30), SPLITS[:2], [0, 1])
    for prediction in found:
        assert np.isnan(prediction.mean).all()
        assert set(prediction.lost) == {(n, m) for n in (0, 5, 60) for m in (0, 3, 25)} - {(0, 0)}
        assert all("diverged, down to steps of" in why for why in prediction.lost.values())
        assert prediction.half_capacity is None


def test_fine_tuning_that_diverges_leaves_zero_shot_and_scratch(tmp_path):
    (found,) = together(prepared(tmp_path, fine_tune_rate=1e30), SPLITS[:1], [0])
    assert np.isfinite(found.mean[1:, 0]).all()
    assert np.isfinite(found.mean[0, 1:]).all()
    assert np.isnan(found.mean[1:, 1:]).all()
    assert set(found.lost) == {(5, 3), (5, 25), (60, 3), (60, 25)}
    assert found.std is None


def test_the_last_layer_alone_moves_less_than_all(tmp_path, four):
    last = together(prepared(tmp_path, fine_tune="last"), SPLITS, range(4))
    tied = together(prepared(tmp_path, fine_tune="pull", pull=1e6), SPLITS, range(4))
    for k in range(4):
        np.testing.assert_array_equal(last[k].mean[:, 0], four[k].mean[:, 0])
        shift = [found[k].mean[2, 2] - found[k].mean[2, 0] for found in (four, last, tied)]
        assert 0 < np.std(shift[2]) < np.std(shift[1]) < np.std(shift[0])


def test_choosing_takes_one_of_the_three_in_every_cell(tmp_path, four):
    ways = [four, *(together(prepared(tmp_path, fine_tune=w), SPLITS, range(4))
                    for w in ("last", "pull"))]  # fmt: skip
    chosen = together(prepared(tmp_path, fine_tune="choose"), SPLITS, range(4))
    taken = set()
    for k in range(4):
        for n in (1, 2):
            for m in (1, 2):
                equal = [np.array_equal(chosen[k].mean[n, m], w[k].mean[n, m]) for w in ways]
                assert any(equal)
                taken.add(equal.index(True))
    assert len(taken) > 1


def test_members_average_and_scatter(tmp_path, four):
    pair = together(prepared(tmp_path, ensemble=2), SPLITS[:2], [0, 1])
    for k in range(2):
        assert np.ptp(four[k].std) == 0, "one network knows of no scatter"
        assert np.ptp(pair[k].std) > 0
        assert pair[k].notes["ensemble"] == 2
        assert not np.allclose(pair[k].mean[1:], four[k].mean[1:], rtol=1e-4, equal_nan=True)
        miss = pair[k].mean[-1, -1] - transfer_data().target_values[SPLITS[k].test]
        assert 0.6 < np.mean(np.abs(miss) < 1.645 * pair[k].std) <= 1.0


def test_a_source_that_does_not_vary_leaves_the_scale_to_the_target(tmp_path):
    data = transfer_data()
    flat = replace(data, source_values=np.full_like(data.source_values, 5.0))
    (found,) = together(prepared(tmp_path, flat), SPLITS[:1], [0])
    np.testing.assert_allclose(found.mean[1:, 0], 5.0)
    truth = data.target_values[SPLITS[0].test]
    assert np.sqrt(np.mean((found.mean[2, 2] - truth) ** 2)) < 2 * truth.std()


def test_further_properties_are_learnt_beside_and_only_as_far_as_known(tmp_path, four):
    data = transfer_data()
    known = np.where(np.arange(120) % 2, np.nan, 7.0 * data.source_values**2)
    beside = replace(data, source_tasks=np.stack([known, np.full(120, np.nan)], axis=1))
    found = together(prepared(tmp_path, beside), SPLITS, range(4))
    assert not np.allclose(found[0].mean[1:, 1:], four[0].mean[1:, 1:], rtol=1e-4)
    later = known.copy()
    later[SPLITS[0].source[5:]] = 1e6  # beyond the first n of the first replicate
    changed = replace(beside, source_tasks=np.stack([later, np.full(120, np.nan)], axis=1))
    again = together(prepared(tmp_path, changed), SPLITS, range(4))
    np.testing.assert_array_equal(again[0].mean[1], found[0].mean[1])
    assert not np.allclose(again[0].mean[2], found[0].mean[2])


def test_half_capacity_is_of_a_narrower_network(four, tmp_path):
    narrow = together(prepared(tmp_path, width=8), SPLITS, range(4))
    for found, half in zip(four, narrow, strict=True):
        np.testing.assert_allclose(found.half_capacity, half.mean[-1], rtol=1e-6)


@pytest.mark.slow
def test_a_study_runs_and_resumes_to_the_same_numbers(edited, tmp_path):
    from forescale.study import RunFolder

    study = edited({"learner": {"name": "mlp", **QUICK}})
    run_without_laws(study, tmp_path / "run", model=False)
    folder = RunFolder(tmp_path / "run")
    before = folder.errors()
    assert len(folder.half_capacity_errors())
    for kind in ("errors", "predictions"):
        (tmp_path / "run" / kind / "part-00002.parquet").unlink()
    run_without_laws(study, tmp_path / "run", model=False)
    assert folder.errors().equals(before)
