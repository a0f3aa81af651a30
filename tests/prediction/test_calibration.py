"""Intervals hold the share of new measurements that they say."""

import numpy as np
import pandas as pd
import pytest

from forescale.learners import NewBlock, get_learner
from forescale.prediction import Calibration, conformal_quantile
from forescale.prediction.calibration import folds
from forescale.prediction.training import _tasks, train


def held_out(rng, rows, factor):
    """Predictions that are right but for noise of known scatter, and a std wrong by a factor."""
    scatter = rng.uniform(0.2, 3.0, rows)
    measured = rng.normal(50, 10, rows)
    return pd.DataFrame(
        {
            "fold": np.arange(rows) % 5,
            "measured": measured,
            "predicted": measured + scatter * rng.standard_t(4, rows),
            "std": scatter * factor,
        }
    )


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0])
def test_whatever_the_learner_thinks_of_itself(factor):
    rng, inside = np.random.default_rng(0), []
    for _ in range(200):
        calibration = Calibration.of(held_out(rng, 80, factor), "exclude")
        new = held_out(rng, 200, factor)
        residual = np.abs(new["predicted"] - new["measured"])
        inside.append(np.mean(residual <= calibration.half_width(new["std"].to_numpy(), 200)))
    assert 0.89 < np.mean(inside) < 0.92  # at least 0.9, at most 1/81 more


def test_the_table_of_levels_is_honest_too():
    calibration = Calibration.of(held_out(np.random.default_rng(1), 4000, 0.5), "exclude")
    for row in calibration.levels:
        assert row.coverage == pytest.approx(row.level, abs=0.015)
        assert row.raw_coverage < row.level - 0.1
        assert row.raw_width < row.width
    assert calibration.coverage == calibration.levels[2].coverage
    assert (calibration.rows, calibration.folds) == (4000, 5)


def test_without_a_standard_deviation_all_intervals_are_as_wide():
    frame = held_out(np.random.default_rng(2), 500, 1.0).assign(std=np.nan)
    calibration = Calibration.of(frame, "exclude")
    residual = (frame["predicted"] - frame["measured"]).abs().to_numpy()
    assert calibration.reach == conformal_quantile(residual, 0.9)
    assert np.ptp(calibration.half_width(None, 3)) == 0
    assert calibration.levels[0].raw_coverage is None


def test_the_quantile_counts_the_new_value():
    scores = np.arange(1.0, 100.0)  # 99 of them: the 90th, not the 89.1th
    assert conformal_quantile(scores, 0.9) == 90
    assert conformal_quantile(scores[:8], 0.9) == 8  # too few for 90 %: the largest


@pytest.mark.parametrize(("rows", "count"), [(7, 7), (60, 10), (199, 10), (200, 5), (1000, 5)])
def test_folds_are_even(rows, count):
    fold = folds(np.arange(rows), np.random.default_rng(0))
    sizes = np.bincount(fold)
    assert len(sizes) == count
    assert np.ptp(sizes) <= 1


def test_folds_keep_groups_together():
    groups = np.repeat(np.arange(12), np.arange(1, 13) * 3)
    fold = folds(groups, np.random.default_rng(0))
    assert all(len(np.unique(fold[groups == group])) == 1 for group in range(12))
    assert np.ptp(np.bincount(fold)) < 12
    assert folds(np.array([0, 0, 0, 1]), np.random.default_rng(0)).max() == 1


def test_folds_of_a_model_respect_groups_and_overlap(numeric):
    study, data, _, _ = numeric(lambda x: 1.0, split="cluster", overlap="allow")
    data.target.frame.loc[:99, "key"] = data.source.keys[:100]
    tasks = _tasks(study, data, np.random.default_rng(0), 150)
    assert len(tasks.pop("model")[0].source) == 150
    assert {policy for policy, _ in tasks} == {"exclude", "allow"}
    for (policy, _), (split, _) in tasks.items():
        assert not set(data.groups[split.train]) & set(data.groups[split.test])
        shared = set(data.source.keys[split.source]) & set(data.target.keys[split.test])
        assert bool(shared) == (policy == "allow")
        assert len(split.train) + len(split.test) == 200
    tested = [split.test for (policy, _), (split, _) in tasks.items() if policy == "exclude"]
    assert sorted(np.concatenate(tested)) == list(range(200))


@pytest.mark.parametrize(
    "noise",
    [lambda x: np.full(len(x), 0.3), lambda x: 0.1 + 0.8 * np.abs(x[:, 2])],
    ids=["even noise", "heteroscedastic"],
)
def test_a_trained_model_covers_new_measurements(numeric, noise, tmp_path):
    coverage, width = [], []
    for seed in range(4):
        study, data, features, values = numeric(lambda x: noise(np.asarray(x)), seed=seed)
        made = train(study, data, tmp_path, show_progress=False)
        model = get_learner("gp", study.learner.options).restore(made.state)
        result = model.predict([NewBlock(features, np.arange(len(features)))])
        half = made.calibrations["exclude"].half_width(result.std, len(values))
        coverage.append(np.mean(np.abs(result.mean - values) <= half))
        width.append(np.mean(half))
    assert min(coverage) > 0.85
    assert max(coverage) < 0.95
    scatter = np.mean(noise(features))
    assert np.mean(width) < 2.2 * scatter * 1.645  # no wider than the noise asks for, nearly
