"""The Gaussian-process curve: a whole (n × m) grid from two factorisations.

The computed values are one Gaussian process; the measured ones are a constant plus rho
times its prediction plus a second process (Kennedy and O'Hagan 2000, doi
10.1093/biomet/87.1.1). Both are :class:`~forescale.learners.prefix.PrefixGP`, so that each
costs one factorisation per candidate of the kernel's hyper-parameters and none per size.
Beyond ``max_rows`` computed values the first stage goes on with
:mod:`~forescale.learners.lowrank`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Gt, Le, MinLen
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from forescale.errors import ConfigError
from forescale.learners._base import (
    Floats,
    Grid,
    GridPrediction,
    Ints,
    ModelState,
    TransferData,
)
from forescale.learners._distances import (
    SQUARE_SIDES,
    LandmarkDistances,
    SideDistances,
    choose_landmarks,
)
from forescale.learners._low_rank_stage import LowRankStage
from forescale.learners._pair_stage import MOST_OPERATIONS, PairStage, operations
from forescale.learners._stages import (
    RACE_ROWS,
    Candidate,
    SourceStage,
    StagePrediction,
    TargetStage,
    standardised,
)
from forescale.learners.gp_model import GPModel, KernelMean, KernelPosterior
from forescale.learners.kernels import KernelName, kernel
from forescale.splits import Split

_Positive = Annotated[float, Gt(0)]
_Share = Annotated[float, Gt(0), Le(1)]


_EXACT_PAIRS = 8_000


class GPOptions(BaseModel):
    """Options of ``learner.name = "gp"``.

    Parameters
    ----------
    kernel
        ``laplacian``, ``rbf``, ``matern32`` or ``matern52``.
    lengths
        Candidate length scales, in units of the median distance between materials.
    noises
        Candidate shares of noise in the variance, for both stages.
    target_noises
        Those of the measured values, if they are others.
    rho_observations
        Strength of the prior "measured = computed + constant", as a number of
        measurements of materials one standard deviation apart.
    method
        ``exact``; ``pairs``, exact too, where materials have two sides; ``low-rank``; or
        ``auto``: exact up to ``max_rows``, beyond it the first of the others that applies.
    max_rows
        Most source materials for the exact method. Each process needs about 12 bytes times
        their square (2.7 GB for 15,000), and time grows as their cube.
    rank
        Landmarks of the low-rank method. Memory is about 40 bytes times their square; time
        for n rows grows as n times their square.
    exact_rows
        Sizes of n up to this are solved as in the exact method whatever the method. By
        default 8,000 for pairs, which are exact beyond it too, and ``rank`` for landmarks:
        were it more, the curve would step up where fewer landmarks than rows take over.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kernel: KernelName = "laplacian"
    lengths: Annotated[tuple[_Positive, ...], MinLen(1)] = (0.5, 1.0, 2.0, 4.0)
    noises: Annotated[tuple[_Share, ...], MinLen(1)] = (0.003, 0.02, 0.1, 0.3, 0.6, 1.0)
    target_noises: Annotated[tuple[_Share, ...], MinLen(1)] | None = None
    rho_observations: _Positive = 5.0
    method: Literal["auto", "exact", "pairs", "low-rank"] = "auto"
    max_rows: Annotated[int, Gt(0)] = 15_000
    rank: Annotated[int, Gt(1)] = 3_000
    exact_rows: Annotated[int, Gt(0)] | None = None


class GPLearner:
    """Gaussian-process learner; see :class:`GPOptions`."""

    name = "gp"
    Options = GPOptions

    def __init__(self, options: GPOptions | None = None) -> None:
        self.options = options or GPOptions()

    def prepare(self, data: TransferData, folder: Path) -> PreparedGP:
        """Compute what distances all replicates share; they only pick rows of them."""
        options, size = self.options, len(data.source_values)
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
        blocks = tuple(
            SideDistances.prepare(
                block, data.source_only, options.kernel, folder, place, always_square=exact
            )
            for place, block in enumerate(data.blocks)
        )
        landmarks = None
        pairs = not exact and options.method != "low-rank" and not unfit
        if not exact and not pairs:
            chosen = choose_landmarks(data, options.rank)
            landmarks = tuple(
                LandmarkDistances.prepare(block, chosen, folder, place)
                for place, block in enumerate(blocks)
            )
        return PreparedGP(
            options,
            blocks,
            landmarks,
            pairs,
            data.source_values,
            data.target_values,
            data.same_property,
        )

    def restore(self, state: ModelState) -> GPModel:
        """A model that was kept; see :class:`~forescale.learners.RestoresModel`."""
        return GPModel.restore(state)


@dataclass(frozen=True)
class PreparedGP:
    """Distances and values of a study; picks rows of them for each replicate."""

    options: GPOptions
    blocks: tuple[SideDistances, ...]
    landmarks: tuple[LandmarkDistances, ...] | None
    pairs: bool
    source_values: Floats
    target_values: Floats
    same_property: bool = True

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """See :class:`~forescale.learners.PreparedLearner`. Nothing here is random."""
        del seed
        source = split.source[: grid.n_source[-1]]
        train, test = split.train[: grid.n_target[-1]], split.test
        values = self.source_values[source]
        known = [block.target[train] for block in self.blocks]
        new = [block.target[test] for block in self.blocks]
        both = [np.concatenate(sides) for sides in zip(known, new, strict=True)]
        first, half = self._source(source, both, values, grid.n_source)
        basis, scale = standardised(first.mean, values, grid.n_source)
        if half is not None:  # before the last, whose intervals and notes are kept
            basis = np.insert(basis, -1, standardised(half[None], values, grid.n_source[-1:])[0], 0)
            scale = np.insert(scale, -1, scale[-1])
        second = self._target_stage.predict(
            within=self._distances(known, known),
            cross=self._distances(new, known),
            values=self.target_values[train],
            basis=basis,
            scale=scale,
            sizes=grid.n_target,
        )
        tuned, half_capacity = second.mean, None
        if half is not None:
            zero_shot = half[None, len(train) :]
            half_capacity = np.concatenate([zero_shot, tuned[-2]])
            tuned = np.delete(tuned, -2, axis=0)
        shape = (1 + len(grid.n_source), 1 + len(grid.n_target), len(test))
        mean = np.full(shape, np.nan)
        mean[1:, 0] = first.mean[:, len(train) :]
        mean[:, 1:] = tuned
        return GridPrediction(mean, second.std, half_capacity, {**first.notes, **second.notes})

    @property
    def _exact_rows(self) -> int:
        return self.options.exact_rows or (_EXACT_PAIRS if self.pairs else self.options.rank)

    def _candidates(self, noises: tuple[float, ...]) -> tuple[Candidate, ...]:
        lengths = product(self.options.lengths, repeat=len(self.blocks))
        return tuple(product(lengths, noises))

    def _source(
        self, source: Ints, wanted: list[Ints], values: Floats, sizes: Ints
    ) -> tuple[StagePrediction, Floats | None]:
        """Predictions for some sides from each size; at the last also with half the rank."""
        big = self.pairs or self.landmarks is not None
        small = sizes[sizes <= self._exact_rows] if big else sizes
        # Where no size is exact, the first rows still choose the kernel's length scales.
        rows = max(small.max(initial=0), min(RACE_ROWS, self._exact_rows, len(source)))
        computed = [block.source[source[:rows]] for block in self.blocks]
        exact = SourceStage(self.options.kernel, self._candidates(self.options.noises)).predict(
            within=self._distances(computed, computed),
            cross=self._distances(wanted, computed),
            values=values[:rows],
            sizes=small,
        )
        half = None
        if len(small) == len(sizes):
            return exact, None
        assert exact.candidate is not None
        if self.pairs:
            rest = self._on_pairs(source, wanted, values, sizes[len(small) :], exact.candidate)
        else:
            lengths = exact.candidate[0]
            rest, half = self._on_landmarks(source, wanted, values, sizes[len(small) :], lengths)
        means = np.concatenate([exact.mean, rest.mean])
        notes = {**exact.notes, **rest.notes}
        return replace(rest, mean=means, notes=notes, candidate=exact.candidate), half

    @property
    def _target_stage(self) -> TargetStage:
        options = self.options
        candidates = self._candidates(options.target_noises or options.noises)
        return TargetStage(options.kernel, candidates, options.rho_observations, self.same_property)

    def train(self, source: Ints, target: Ints, seed: int) -> GPModel:
        """See :class:`~forescale.learners.TrainsModel`. Nothing here is random."""
        del seed
        values = self.source_values[source]
        known = [block.target[target] for block in self.blocks]
        mean, rows, at_known = self._train_source(source, known, values)
        (basis,), (scale,) = standardised(at_known[None], values, np.array([len(values)]))
        scratch, transfer, weight = self._target_stage.train(
            within=self._distances(known, known),
            values=self.target_values[target],
            basis=basis,
            scale=scale,
        )
        # Anchors are the sides in use, and rows point to their places among those.
        used = [np.union1d(a, b) for a, b in zip(rows, known, strict=True)]
        measured = _places(used, known)
        return GPModel(
            kernel=self.options.kernel,
            anchors=[block.anchors(sides) for block, sides in zip(self.blocks, used, strict=True)],
            source=replace(mean, sides=_places(used, rows)),
            location=float(np.cumsum(values)[-1] / len(values)),
            scale=float(scale),
            scratch=KernelPosterior.of(scratch, measured),
            transfer=KernelPosterior.of(transfer, measured),
            transfer_weight=weight,
        )

    def _train_source(
        self, source: Ints, known: list[Ints], values: Floats
    ) -> tuple[KernelMean, list[Ints], Floats]:
        """The mean of all computed values, the sides of its rows, and its values at other sides."""
        rows = [block.source[source] for block in self.blocks]
        big = self.pairs or self.landmarks is not None
        if not big or len(source) <= self._exact_rows:
            stage = SourceStage(self.options.kernel, self._candidates(self.options.noises)).train(
                within=self._distances(rows, rows), values=values
            )
            mean = KernelMean.of(stage, np.stack(rows))
            k = kernel(self.options.kernel, self._distances(known, rows), mean.lengths)
            return mean, rows, mean.mean(k, np.ones((len(k), 1)))
        last, _ = self._source(source, known, values, np.array([len(source)]))
        assert last.candidate is not None
        assert last.weights is not None
        lengths, noise = last.candidate
        if self.landmarks is not None:
            rows = [mark.distinct[mark.side] for mark in self.landmarks]
            noise = 0.0  # the weights of landmarks have it
        coefficients = np.array([last.centre])
        return (
            KernelMean(np.stack(rows), lengths, noise, last.weights, coefficients),
            rows,
            last.mean[-1],
        )

    def _on_pairs(
        self,
        source: Ints,
        wanted: list[Ints],
        values: Floats,
        sizes: Ints,
        candidate: Candidate,
    ) -> StagePrediction:
        """Sizes beyond the exact ones where rows are pairs."""
        lengths, noise = candidate
        nearness = np.ones(len(wanted[0]))
        vary = []
        for place, block in enumerate(self.blocks):
            if np.ptp(block.source):
                vary.append(place)
            else:
                same = block.between(wanted[place], block.source[:1])[None, :, 0]
                nearness *= kernel(self.options.kernel, same, (lengths[place],))
        a, b = vary
        left, right = self.blocks[a], self.blocks[b]
        return PairStage(self.options.kernel, (lengths[a], lengths[b]), noise).predict(
            distances=(left.square(), right.square()),
            rows=(left.source[source], right.source[source]),
            wanted=(wanted[a], wanted[b]),
            nearness=nearness,
            values=values,
            sizes=sizes,
        )

    def _on_landmarks(
        self,
        source: Ints,
        wanted: list[Ints],
        values: Floats,
        sizes: Ints,
        lengths: tuple[float, ...],
    ) -> tuple[StagePrediction, Floats]:
        """Sizes beyond the exact ones on landmarks; at the last also with half of them."""

        def to_landmarks(sides: list[Ints]) -> NDArray[np.float32]:
            assert self.landmarks is not None
            return np.stack([m.to(side) for m, side in zip(self.landmarks, sides, strict=True)])

        def rows_to_landmarks(start: int, stop: int) -> NDArray[np.float32]:
            return to_landmarks([block.source[source[start:stop]] for block in self.blocks])

        assert self.landmarks is not None
        return LowRankStage(self.options.kernel, lengths, self.options.noises).predict(
            within=to_landmarks([mark.distinct[mark.side] for mark in self.landmarks]),
            cross=to_landmarks(wanted),
            rows=rows_to_landmarks,
            values=values,
            sizes=sizes,
        )

    def _distances(self, left: list[Ints], right: list[Ints]) -> NDArray[np.float32]:
        """Distances of each block, shape (blocks, left rows, right rows)."""
        sides = zip(self.blocks, left, right, strict=True)
        return np.stack([block.between(a, b) for block, a, b in sides])


def _places(used: list[Ints], rows: list[Ints]) -> Ints:
    """Where the sides of rows are among the sorted ones in use, shape (blocks, rows)."""
    return np.stack([np.searchsorted(a, b) for a, b in zip(used, rows, strict=True)])


def pairs_unfit(data: TransferData) -> str:
    """Why rows cannot be taken as pairs, or nothing."""
    sides = [len(block.values) for block in data.blocks if np.ptp(block.source)]
    if len(sides) != 2:
        return f"{len(sides)} of the materials' sides vary, expected two"
    if max(sides) > SQUARE_SIDES or operations((sides[0], sides[1])) > MOST_OPERATIONS:
        return f"a table of {sides[0]} × {sides[1]} sides is too large"
    return ""
