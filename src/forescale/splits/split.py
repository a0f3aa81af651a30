"""One replicate's fine-tuning and test rows, and its order of the source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.errors import ConfigError

Rows = NDArray[np.int64]


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

    Raises
    ------
    ConfigError
        If too few rows remain for fine-tuning, or none for testing.
    """
    shuffled = rng.permutation(len(np.unique(groups)))
    sizes = np.bincount(groups)[shuffled]
    wanted = max(1, round(test_fraction * len(groups)))
    tested = shuffled[: int(np.searchsorted(np.cumsum(sizes), wanted)) + 1]
    in_test = np.isin(groups, tested)
    test = rng.permutation(np.flatnonzero(in_test))
    train = rng.permutation(np.flatnonzero(~in_test))
    if len(train) < train_size:
        raise ConfigError(
            f"grid.n_target: got up to {train_size}, expected at most {len(train)}: so many of the "
            f"target's {len(groups)} materials are left once {len(test)} are set aside for testing "
            f"(evaluation.test_fraction = {test_fraction:g}; groups are never divided)"
        )
    return train[:train_size], test
