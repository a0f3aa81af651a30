"""One replicate's fine-tuning and test rows, and its order of the source."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.errors import ConfigError
from forescale.labels import LabelEnum

Rows = NDArray[np.int64]


class Testing(LabelEnum):
    """Which materials the replicates test.

    ``balanced``: test sets of a block of replicates divide the measured materials, so that each
    is tested equally often. ``random``: each replicate draws its own.
    """

    BALANCED = "balanced", "balanced", "test sets of a block of replicates divide the materials"
    RANDOM = "random", "random", "each replicate draws its test materials anew"


@dataclass(frozen=True)
class Split:
    """Rows of one replicate.

    Parameters
    ----------
    source
        Rows of the source in the order in which the database grows.
    train
        Rows of the target for fine-tuning, in the order in which they are measured.
    test
        Rows of the target that are never learnt from.
    """

    source: Rows
    train: Rows
    test: Rows


def replicate_rng(seed: int, replicate: int) -> np.random.Generator:
    """The random numbers of one replicate: the same whoever computes it, and when."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(replicate,)))


def learner_seed(seed: int, replicate: int) -> int:
    """What a learner draws by in one replicate, apart from the draws of its split."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replicate, 1))
    return int(sequence.generate_state(1)[0])


def split_target(
    rng: np.random.Generator,
    groups: NDArray[np.int64],
    test_fraction: float,
    *,
    train_size: int,
    whole: bool = False,
) -> tuple[Rows, Rows]:
    """Shuffle the target into ``(train, test)``, no group on both sides.

    Parameters
    ----------
    groups
        Group number of each target row, shape (rows,); all different for a random split.
    test_fraction
        Share of the rows to test on. Whole groups are drawn until it is reached.
    train_size
        Rows needed for fine-tuning.
    whole
        Return every row that is left for fine-tuning, of which the first ``train_size`` are
        those returned otherwise.

    Raises
    ------
    ConfigError
        If too few rows remain for fine-tuning, or none for testing.
    """
    shuffled = rng.permutation(len(np.unique(groups)))
    sizes = np.bincount(groups)[shuffled]
    wanted = max(1, round(test_fraction * len(groups)))
    tested = shuffled[: int(np.searchsorted(np.cumsum(sizes), wanted)) + 1]
    return _divided(rng, np.isin(groups, tested), test_fraction, train_size, whole)


def split_balanced(
    seed: int,
    replicate: int,
    groups: NDArray[np.int64],
    test_fraction: float,
    *,
    train_size: int,
    whole: bool = False,
) -> tuple[np.random.Generator, Rows, Rows]:
    """Split the target into ``(rng, train, test)`` so that replicates test all of it equally.

    Replicates come in blocks of 1 / test_fraction (rounded up) whose test sets divide the
    target: in a whole block each row is tested once. Groups stay whole, so test sets differ
    in size by up to one group. Which rows go together, and in which order they are measured,
    is drawn anew in every block from ``seed``. What a test set happens to hold then hardly
    moves the mean over replicates, which random test sets leave as its largest part.

    Parameters
    ----------
    groups
        Group number of each target row, shape (rows,); all different for a random split.
    test_fraction, train_size, whole
        As in `split_target`.

    Returns
    -------
    rng
        The replicate's random numbers, to draw the rest of it by.
    train, test
        Rows, shuffled.

    Raises
    ------
    ConfigError
        If too few rows remain for fine-tuning.

    Examples
    --------
    >>> tests = [split_balanced(0, r, np.arange(10), 0.2, train_size=8)[2] for r in range(5)]
    >>> sorted(row for test in tests for row in test.tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    sizes = np.bincount(groups)
    folds = max(2, min(folds_of(test_fraction), int(np.count_nonzero(sizes))))
    block, place = divmod(replicate, folds)
    dealt = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block, 2)))
    fold_of, held = np.full(len(sizes), -1), np.zeros(folds, dtype=np.int64)
    for group in dealt.permutation(np.flatnonzero(sizes)):
        fold_of[group] = np.argmin(held)
        held[fold_of[group]] += sizes[group]
    rng = replicate_rng(seed, replicate)
    train, test = _divided(rng, fold_of[groups] == place, test_fraction, train_size, whole)
    return rng, train, test


def folds_of(test_fraction: float) -> int:
    """Number of replicates whose balanced test sets divide the target: 1 / test_fraction.

    >>> folds_of(0.3)
    4
    """
    return max(2, math.ceil(1 / test_fraction - 1e-9))


def _divided(
    rng: np.random.Generator,
    in_test: NDArray[np.bool_],
    test_fraction: float,
    train_size: int,
    whole: bool,
) -> tuple[Rows, Rows]:
    """Shuffle both sides, and refuse a training side that is too small."""
    test = rng.permutation(np.flatnonzero(in_test))
    train = rng.permutation(np.flatnonzero(~in_test))
    if len(train) < train_size:
        raise ConfigError(
            f"grid.n_target: got up to {train_size}, expected at most {len(train)}: so many of the "
            f"target's {len(in_test)} materials are left once {len(test)} are set aside for "
            f"testing (evaluation.test_fraction = {test_fraction:g}; groups are never divided)"
        )
    return train if whole else train[:train_size], test
