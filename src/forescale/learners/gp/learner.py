"""The Gaussian-process curve: a whole (n × m) grid from two factorisations.

The computed values are one Gaussian process; the measured ones are a constant plus rho
times its prediction plus a second process (Kennedy and O'Hagan 2000, doi
10.1093/biomet/87.1.1). Both are :class:`~forescale.learners.gp.prefix.PrefixGP`, so that each
costs one factorisation per candidate of the kernel's hyper-parameters and none per size.
Beyond ``max_rows`` computed values the first stage goes on with
:mod:`~forescale.learners.gp.lowrank`.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np

from forescale.errors import ConfigError
from forescale.learners.contract import ModelState, TransferData
from forescale.learners.gp.columns import combinations, sources_of
from forescale.learners.gp.distances import (
    SQUARE_SIDES,
    LandmarkDistances,
    SideDistances,
    choose_landmarks,
)
from forescale.learners.gp.exact import ExactSource
from forescale.learners.gp.form import Combination
from forescale.learners.gp.kernels import Candidate
from forescale.learners.gp.low_rank_stage import LandmarkSource
from forescale.learners.gp.model import KERNEL_MEANS, TransferModel
from forescale.learners.gp.options import GPOptions, ProcessOptions
from forescale.learners.gp.pair_stage import MOST_OPERATIONS, PairSource, operations
from forescale.learners.gp.source import SourceStage, Stack
from forescale.learners.gp.target import TargetStage
from forescale.learners.gp.transfer import PreparedTransfer

_EXACT_PAIRS = 8_000


class GPLearner:
    """Gaussian-process learner; see :class:`~forescale.learners.gp.options.GPOptions`."""

    name = "gp"
    Options = GPOptions
    takes_sources: Literal[True] = True

    def __init__(self, options: GPOptions | None = None) -> None:
        self.options = options or GPOptions()

    def prepare(self, data: TransferData, folder: Path) -> PreparedTransfer:
        """Compute what distances all replicates share; they only pick rows of them."""
        options, size = self.options, max(sizes_of(data))
        if options.method == "exact" and size > options.max_rows:
            raise ConfigError(
                f"learner.max_rows: got {size} source materials, expected at most "
                f"{options.max_rows} with method = 'exact'; leave the method out, draw fewer with "
                f"sample = {options.max_rows} in the source, or raise it where memory allows "
                "12 bytes times their square"
            )
        unfit = pairs_unfit(data)
        if options.method == "pairs" and unfit:
            raise ConfigError(f"learner.method: got 'pairs', but {unfit}; leave it out")
        exact = options.method == "exact" or (options.method == "auto" and size <= options.max_rows)
        most = None if exact else SQUARE_SIDES
        if exact and options.scales == "prefix":
            most = 0  # every replicate has distances of its own
        blocks = side_distances(data, options, folder, most)
        stage: SourceStage = ExactSource(options.kernel, source_candidates(options, blocks), blocks)
        assert isinstance(stage, ExactSource)
        if not exact and options.method != "low-rank" and not unfit:
            # A product of kernels of the sides has no linear part.
            plain = tuple(one for one in stage.candidates if not one.linear)
            pairs = ExactSource(options.kernel, plain, blocks)
            stage = PairSource(pairs, options.exact_rows or _EXACT_PAIRS)
        elif not exact:
            chosen = choose_landmarks(data, options.rank)
            marks = tuple(
                LandmarkDistances.prepare(block, chosen, folder, place)
                for place, block in enumerate(blocks)
            )
            rows = options.exact_rows or options.rank
            stage = LandmarkSource(stage, rows, marks, options.noises)
        shared = not isinstance(stage, ExactSource)
        return prepared(data, options, blocks, (stage,), ((0,),), folder, shared=shared)

    def restore(self, state: ModelState) -> TransferModel:
        """A model that was kept; see :class:`~forescale.learners.RestoresModel`."""
        return TransferModel.restore(state, KERNEL_MEANS)


def side_distances(
    data: TransferData, options: ProcessOptions, folder: Path, most: int | None
) -> tuple[SideDistances, ...]:
    """What distances between materials all replicates share."""
    return tuple(
        SideDistances.prepare(block, data.source_only, options.kernel, folder, place, most=most)
        for place, block in enumerate(data.blocks)
    )


def source_candidates(
    options: ProcessOptions, blocks: tuple[SideDistances, ...]
) -> tuple[Candidate, ...]:
    """Hyper-parameters of the first stage."""
    lengths = product(options.lengths, repeat=len(blocks))
    return tuple(
        Candidate(own, noise, linear)
        for own, noise, linear in product(lengths, options.noises, options.linear)
    )


def prepared(
    data: TransferData,
    options: ProcessOptions,
    blocks: tuple[SideDistances, ...],
    sources: tuple[SourceStage, ...],
    models: tuple[Combination, ...],
    folder: Path,
    *,
    shared: bool = False,
    stack: Stack | None = None,
) -> PreparedTransfer:
    """The second stage on top of some first ones.

    Parameters
    ----------
    models
        Stages of each model of a single source; see
        :func:`~forescale.learners.gp.columns.combinations`.
    shared
        Whether scales of features must be the same for all replicates.
    stack
        What learns from one of several sources atop the others.
    """
    further = tuple(
        SideDistances.cumulative(block, data.source_only, folder, place)
        for place, block in enumerate(data.blocks)
        if block.cumulative is not None
    )
    cumulative = tuple(one or np.inf for one in options.cumulative)
    choices = [*[options.lengths] * len(blocks), *[cumulative] * len(further)]
    noises = options.target_noises or options.noises
    candidates = tuple(
        Candidate(lengths, noise, linear)
        for lengths, noise, linear in product(product(*choices), noises, options.linear)
    )
    number = len(sizes_of(data))
    stack = stack if number > 1 else None
    same = data.same_of or (data.same_property,) * number
    layout = sources_of(number, len(sources), stacked=stack is not None)
    target = TargetStage(
        options.kernel,
        candidates,
        combinations(number, len(sources), models, stacked=stack is not None),
        options.rho_observations,
        tuple(same[place] for place in layout),
        options.averaged,
        options.bends,
    )
    leave_out = data.leave_out and options.leave_out
    return PreparedTransfer(
        blocks,
        further,
        sources,
        target,
        data.source_values,
        data.target_values,
        leave_out,
        prefix_scales=options.scales == "prefix" and not shared,
        groups=data.groups if leave_out else None,
        tested_together=data.tested_together if options.held_out else None,
        source_of=data.source_of,
        stack=stack,
    )


def sizes_of(data: TransferData) -> tuple[int, ...]:
    """How many computed values each source has."""
    if data.source_of is None:
        return (len(data.source_values),)
    return tuple(np.bincount(data.source_of).tolist())


def pairs_unfit(data: TransferData) -> str:
    """Why rows cannot be taken as pairs, or nothing."""
    sides = [len(block.values) for block in data.blocks if np.ptp(block.source)]
    if len(sides) != 2:
        return f"{len(sides)} of the materials' sides vary, expected two"
    if max(sides) > SQUARE_SIDES or operations((sides[0], sides[1])) > MOST_OPERATIONS:
        return f"a table of {sides[0]} × {sides[1]} sides is too large"
    return ""
