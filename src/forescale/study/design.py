"""The design of a study: grid, splits and seeds, resolved once from its file and its data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forescale.errors import ConfigError
from forescale.learners import Grid
from forescale.splits import (
    Split,
    Testing,
    learner_seed,
    replicate_rng,
    split_balanced,
    split_target,
)
from forescale.study.config import Study
from forescale.study.data import StudyData
from forescale.study.sizes import SourceSizes, resolved

FEWEST_SOURCE = 5
"""Computed materials without which nothing can be learnt."""


@dataclass(frozen=True)
class Design:
    """What every replicate does.

    Parameters
    ----------
    grid
        Sizes n and m, with the largest n that every replicate has.
    splits
        Rows of each replicate: a fresh order of the source, a fresh split of the target.
    seeds
        What the learner draws by in each replicate.
    """

    grid: Grid
    splits: tuple[Split, ...]
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, study: Study, data: StudyData, known: Grid | None = None) -> Self:
        """Resolve a study.

        Parameters
        ----------
        known
            Grid of a run that is to grow: kept where every replicate has its sizes, so that
            new replicates are of the cells that are there.

        Raises
        ------
        ConfigError
            If the grid asks for more than a replicate has, or the overlap policy leaves too
            little to learn from.
        """
        splits = tuple(_split(study, data, replicate) for replicate in range(study.replicates))
        measured = min(len(split.train) for split in splits)
        splits = tuple(replace(split, train=split.train[:measured]) for split in splits)
        seeds = tuple(learner_seed(study.seed, replicate) for replicate in range(study.replicates))
        usable = min(len(split.source) for split in splits)
        grid = _grid(study, usable, len(data.source), measured)
        if known is not None and known.n_source[-1] <= usable and known.n_target[-1] <= measured:
            grid = known
        own = _of_source(study, data, splits, () if known is None else known.of_source)
        return cls(replace(grid, of_source=own), splits, seeds)


_OWN_SIZES = SourceSizes.model_validate({"count": 6})


def _of_source(
    study: Study,
    data: StudyData,
    splits: tuple[Split, ...],
    known: tuple[NDArray[np.int64], ...],
) -> tuple[NDArray[np.int64], ...]:
    """Sizes of the own curve of each of several sources; known ones are kept where they fit."""
    if data.source_of is None:
        return ()
    found = []
    for place, spec in enumerate(study.apart):
        usable = min(int((data.source_of[split.source] == place).sum()) for split in splits)
        if usable < FEWEST_SOURCE:
            raise ConfigError(
                f"source {spec.called()!r}: the splits leave {usable} of its values, expected at "
                f"least {FEWEST_SOURCE}; use more, leave it out, or overlap = 'allow'"
            )
        if place < len(known) and len(known[place]) and known[place][-1] <= usable:
            found.append(known[place])
            continue
        key = f"source {spec.called()!r}: n_source"
        told = "its values that every replicate has"
        found.append(resolved(spec.n_source or _OWN_SIZES, usable, key, told))
    return tuple(found)


def _split(study: Study, data: StudyData, replicate: int) -> Split:
    fraction, whole = study.evaluation.test_fraction, study.grid.all_measured
    most = study.grid.n_target[-1]
    if study.evaluation.test is Testing.BALANCED:
        rng, train, test = split_balanced(
            study.seed, replicate, data.groups, fraction, train_size=most, whole=whole
        )
    else:
        rng = replicate_rng(study.seed, replicate)
        train, test = split_target(rng, data.groups, fraction, train_size=most, whole=whole)
    usable = data.usable_source(test, study.evaluation.overlap)
    return Split(source=rng.permutation(usable), train=train, test=test)


def _grid(study: Study, usable: int, source: int, measured: int) -> Grid:
    """Sizes of the grid, given how many source and target materials every replicate has."""
    overlap = str(study.evaluation.overlap)
    if usable < FEWEST_SOURCE:
        raise ConfigError(
            f"evaluation.overlap = {overlap!r} leaves {usable} source materials of {source}, "
            f"expected at least {FEWEST_SOURCE}; use more computed data or overlap = 'allow'"
        )
    told = f"the source materials that every replicate has ({source} in all, overlap = {overlap!r})"
    n_source = resolved(study.grid.n_source, usable, "grid.n_source", told)
    n_target = np.array(study.grid.n_target, dtype=np.int64)
    if study.grid.all_measured:
        n_target = np.union1d(n_target, [measured])
    return Grid(n_source=n_source, n_target=n_target)
