"""Splits: no group on both sides, the same numbers for the same seed."""

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ConfigError
from forescale.splits import replicate_rng, split_target, usable_source
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


def test_replicates_and_seeds_differ_and_repeat():
    draws = {
        (seed, replicate): tuple(replicate_rng(seed, replicate).integers(0, 2**40, 4))
        for seed in range(3)
        for replicate in range(3)
    }
    assert len(set(draws.values())) == 9
    assert draws[1, 2] == tuple(replicate_rng(1, 2).integers(0, 2**40, 4))


def test_overlap_policies():
    source, test = np.array(["a", "b", "c"], object), np.array(["b", "z"], object)
    assert usable_source(source, test, "exclude").tolist() == [0, 2]
    assert usable_source(source, test, "allow").tolist() == [0, 1, 2]
    measured = np.append(test, source[0])
    assert usable_source(source, test, "disjoint", None, measured).tolist() == [2]
    initials = np.array(["ax", "bx", "by", "cx"], object)
    test = np.array(["bz", "ax"], object)
    assert usable_source(initials, test, "exclude", lambda key: key[0]).tolist() == [1, 2, 3]
    assert usable_source(initials, test, "exclude-group", lambda key: key[0]).tolist() == [3]


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
