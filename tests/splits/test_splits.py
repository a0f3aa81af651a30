"""Splits: no group on both sides, the same numbers for the same seed."""

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ConfigError
from forescale.splits import (
    Overlap,
    SharedMaterials,
    SplitRule,
    replicate_rng,
    split_balanced,
    split_target,
)
from forescale.splits.groups import cluster_groups, column_groups


@pytest.mark.parametrize("replicate", range(8))
def test_no_group_straddles_and_the_test_share_is_reached(replicate):
    groups = np.repeat(np.arange(40), np.arange(40) % 7 + 1)
    train, test = split_target(replicate_rng(0, replicate), groups, 0.25, train_size=60)
    assert len(train) == 60
    assert not set(groups[train]) & set(groups[test])
    wanted = round(0.25 * len(groups))
    assert wanted <= len(test) < wanted + 7
    for group in set(groups[test]):
        assert (groups[test] == group).sum() == (groups == group).sum()


def test_single_rows_split_exactly():
    train, test = split_target(replicate_rng(0, 0), np.arange(50), 0.2, train_size=40)
    assert sorted([*train, *test]) == list(range(50))
    assert len(test) == 10


@pytest.mark.parametrize(("groups", "size"), [(np.arange(10), 9), (np.zeros(10, int), 1)])
def test_too_few_rows_for_training_are_refused(groups, size):
    with pytest.raises(ConfigError, match=r"grid.n_target: got up to \d, expected at most \d"):
        split_target(replicate_rng(0, 0), groups, 0.2, train_size=size)


@pytest.mark.parametrize("fraction", [0.2, 0.25, 0.3, 0.5, 0.07])
def test_a_block_of_balanced_replicates_tests_every_row_once_and_groups_whole(fraction):
    groups = np.repeat(np.arange(60), np.arange(60) % 5 + 1)
    folds = int(np.ceil(1 / fraction - 1e-9))
    for block in range(2):
        tests = []
        for replicate in range(block * folds, (block + 1) * folds):
            _, train, test = split_balanced(3, replicate, groups, fraction, train_size=20)
            assert not set(groups[train]) & set(groups[test])
            assert abs(len(test) - len(groups) / folds) <= 5
            tests.append(test)
        assert sorted(np.concatenate(tests)) == list(range(len(groups)))


def test_balanced_replicates_follow_the_seed_and_blocks_differ():
    def tested(seed, replicate):
        return tuple(split_balanced(seed, replicate, np.arange(50), 0.2, train_size=30)[2])

    assert tested(0, 3) == tested(0, 3)
    assert len({frozenset(tested(s, r)) for s in (0, 1) for r in (0, 5, 10)}) == 6


def test_fewer_groups_than_folds_are_each_tested_once():
    groups = np.repeat(np.arange(3), 10)
    tests = [split_balanced(0, r, groups, 0.1, train_size=5)[2] for r in range(3)]
    assert sorted(groups[test[0]] for test in tests) == [0, 1, 2]
    with pytest.raises(ConfigError, match="expected at most"):
        split_balanced(0, 0, np.zeros(10, int), 0.2, train_size=1)


def test_balanced_test_sets_leave_less_scatter_in_the_mean_of_replicates():
    squares = np.random.default_rng(0).pareto(2.5, 400)  # heavy tails, as squared errors have
    spread = {}
    for name in ("random", "balanced"):
        means = []
        for seed in range(40):
            errors = []
            for replicate in range(10):
                if name == "random":
                    rng = replicate_rng(seed, replicate)
                    test = split_target(rng, np.arange(400), 0.2, train_size=100)[1]
                else:
                    test = split_balanced(seed, replicate, np.arange(400), 0.2, train_size=100)[2]
                errors.append(np.sqrt(squares[test].mean()))
            means.append(np.mean(errors))
        spread[name] = np.std(means) / np.mean(means)
    assert spread["balanced"] < spread["random"] / 2


def test_replicates_and_seeds_differ_and_repeat():
    draws = {
        (seed, replicate): tuple(replicate_rng(seed, replicate).integers(0, 2**40, 4))
        for seed in range(3)
        for replicate in range(3)
    }
    assert len(set(draws.values())) == 9
    assert draws[1, 2] == tuple(replicate_rng(1, 2).integers(0, 2**40, 4))


def test_overlap_policies():
    shared = SharedMaterials.of(["a", "b", "c"], ["b", "z", "a"])
    test = np.array([0, 1])
    assert shared.usable(test, Overlap.EXCLUDE).tolist() == [0, 2]
    assert shared.usable(test, Overlap.ALLOW).tolist() == [0, 1, 2]
    assert shared.usable(test, Overlap.DISJOINT).tolist() == [2]
    assert shared.source_only.tolist() == [2]
    assert shared.on_both_sides == 2


def test_whole_groups_may_be_hidden():
    shared = SharedMaterials.of(["ax", "bx", "by", "cx"], ["bz", "ax"], lambda key: key[0])
    test = np.array([0, 1])
    assert shared.usable(test, Overlap.EXCLUDE).tolist() == [1, 2, 3]
    assert shared.usable(test, Overlap.EXCLUDE_GROUP).tolist() == [3]


@pytest.mark.parametrize("text", ["random", "cluster", "group:lab", "group:a:b"])
def test_a_rule_of_splitting_is_read_and_written(text):
    assert str(SplitRule.parse(text)) == text


@pytest.mark.parametrize("text", ["group:", "group", "random:x", "cluster:lab", "scaffold", ""])
def test_another_rule_of_splitting_is_refused(text):
    with pytest.raises(ValueError, match='"group:COLUMN"'):
        SplitRule.parse(text)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_label_is_a_label(missing):
    groups = column_groups(pd.Series(["a", missing, "b", missing, "a"], dtype=object))
    assert groups[1] == groups[3]
    assert len(set(groups)) == 3
    assert groups.min() == 0


def test_clusters_are_of_near_materials():
    rng = np.random.default_rng(0)
    centers = 10.0 * rng.standard_normal((4, 6))
    truth = np.repeat(np.arange(4), 25)
    features = (centers[truth] + 0.1 * rng.standard_normal((100, 6))).astype(np.float32)
    features[:, 5] = 1.0  # a constant column says nothing
    groups = cluster_groups(features, seed=0)
    assert pd.Series(truth).groupby(groups).nunique().max() == 1
    assert np.array_equal(groups, cluster_groups(features, seed=0))
    assert set(groups) == set(range(groups.max() + 1))


def test_materials_that_do_not_differ_are_one_cluster():
    assert set(cluster_groups(np.ones((60, 3), np.float32), seed=0)) == {0}
