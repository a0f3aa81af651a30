"""The exact Gaussian-process curve: a whole (n × m) grid from two factorisations.

The computed values are one Gaussian process; the measured ones are a constant plus rho
times its prediction plus a second process (Kennedy and O'Hagan 2000, doi
10.1093/biomet/87.1.1). Both are :class:`~forescale.learners.prefix.PrefixGP`, so that each
costs one factorisation per candidate of the kernel's hyper-parameters and none per size.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Gt, Le, MinLen
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from forescale._workers import default_workers
from forescale.errors import ConfigError
from forescale.learners._base import (
    Block,
    Floats,
    Grid,
    GridPrediction,
    Ints,
    ModelState,
    TransferData,
)
from forescale.learners._stages import Candidate, SourceStage, TargetStage, standardised
from forescale.learners.gp_model import GPModel, KernelMean, KernelPosterior
from forescale.learners.kernels import Anchors, KernelName, Metric
from forescale.splits import Split

_Positive = Annotated[float, Gt(0)]
_Share = Annotated[float, Gt(0), Le(1)]


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
    rho_observations
        Strength of the prior "measured = computed + constant", as a number of
        measurements of materials one standard deviation apart.
    max_rows
        Most source materials taken. Each process needs about 12 bytes times their square
        (2.7 GB for 15,000), and time grows as their cube.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kernel: KernelName = "laplacian"
    lengths: Annotated[tuple[_Positive, ...], MinLen(1)] = (0.5, 1.0, 2.0, 4.0)
    noises: Annotated[tuple[_Share, ...], MinLen(1)] = (0.003, 0.02, 0.1, 0.3, 0.6, 1.0)
    rho_observations: _Positive = 5.0
    max_rows: Annotated[int, Gt(0)] = 15_000


class GPLearner:
    """Exact Gaussian-process learner; see :class:`GPOptions`."""

    name = "gp"

    def __init__(self, options: GPOptions | None = None) -> None:
        self.options = options or GPOptions()

    def prepare(self, data: TransferData, folder: Path) -> PreparedGP:
        """Compute all distances once; replicates only pick rows of them."""
        size = len(data.source_values)
        if size > self.options.max_rows:
            raise ConfigError(
                f"learner.max_rows: got {size} source materials, expected at most "
                f"{self.options.max_rows}; draw fewer with sample = {self.options.max_rows} in the "
                "source, or raise it where memory allows 12 bytes times their square"
            )
        blocks = tuple(
            self._prepare(block, data.source_only, folder / f"distances-{place}.npy")
            for place, block in enumerate(data.blocks)
        )
        return PreparedGP(self.options, blocks, data.source_values, data.target_values)

    def restore(self, state: ModelState) -> GPModel:
        """A model that was kept; see :class:`~forescale.learners.RestoresModel`."""
        return GPModel.restore(state)

    def _prepare(self, block: Block, source_only: Ints, path: Path) -> _BlockDistances:
        reference = block.values[np.unique(block.source[source_only])]
        metric = Metric(reference, block.is_count, self.options.kernel)
        out = np.lib.format.open_memmap(
            path, mode="w+", dtype=np.float32, shape=(len(block.values), len(block.values))
        )
        metric.fill_pairwise(block.values, out, default_workers())
        out.flush()
        features = path.with_name(f"features-{path.name}")
        np.save(features, block.values)
        return _BlockDistances(path, features, metric, block.source, block.target)


@dataclass(frozen=True)
class _BlockDistances:
    """Distances among the distinct sides of a block, and which side each row has."""

    path: Path
    features: Path
    metric: Metric
    source: Ints
    target: Ints

    def anchors(self, sides: Ints) -> Anchors:
        """Some of the sides, to take distances of new ones to."""
        return Anchors(self.metric, np.load(self.features, mmap_mode="r")[sides])

    def between(self, left: Ints, right: Ints) -> NDArray[np.float32]:
        """Distances between sides, shape (left, right)."""
        return np.asarray(np.load(self.path, mmap_mode="r")[np.ix_(left, right)])


@dataclass(frozen=True)
class PreparedGP:
    """Distances and values of a study; picks rows of them for each replicate."""

    options: GPOptions
    blocks: tuple[_BlockDistances, ...]
    source_values: Floats
    target_values: Floats

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """See :class:`~forescale.learners.PreparedLearner`. Nothing here is random."""
        del seed
        source = split.source[: grid.n_source[-1]]
        train, test = split.train[: grid.n_target[-1]], split.test
        values = self.source_values[source]
        computed = [block.source[source] for block in self.blocks]
        known = [block.target[train] for block in self.blocks]
        new = [block.target[test] for block in self.blocks]
        both = [np.concatenate(sides) for sides in zip(known, new, strict=True)]
        first = self._source_stage.predict(
            within=self._distances(computed, computed),
            cross=self._distances(both, computed),
            values=values,
            sizes=grid.n_source,
        )
        basis, scale = standardised(first.mean, values, grid.n_source)
        second = self._target_stage.predict(
            within=self._distances(known, known),
            cross=self._distances(new, known),
            values=self.target_values[train],
            basis=basis,
            scale=scale,
            sizes=grid.n_target,
        )
        shape = (1 + len(grid.n_source), 1 + len(grid.n_target), len(test))
        mean = np.full(shape, np.nan)
        mean[1:, 0] = first.mean[:, len(train) :]
        mean[:, 1:] = second.mean
        return GridPrediction(mean=mean, std=second.std, notes={**first.notes, **second.notes})

    def train(self, source: Ints, target: Ints, seed: int) -> GPModel:
        """See :class:`~forescale.learners.TrainsModel`. Nothing here is random."""
        del seed
        values = self.source_values[source]
        computed = [block.source[source] for block in self.blocks]
        known = [block.target[target] for block in self.blocks]
        first = self._source_stage.train(within=self._distances(computed, computed), values=values)
        # Anchors are the sides in use, and rows point to their places among those.
        used = [np.union1d(a, b) for a, b in zip(computed, known, strict=True)]
        places = [np.array([np.searchsorted(*pair) for pair in zip(used, sides, strict=True)])
                  for sides in (computed, known)]  # fmt: skip
        mean = KernelMean.of(first, places[0])
        sides = zip(self.blocks, known, used, strict=True)
        k = mean.kernel(self.options.kernel, [block.between(a, b) for block, a, b in sides])
        at_known = mean.mean(k, np.ones((len(target), 1)))
        size = np.array([len(values)])
        (basis,), (scale,) = standardised(at_known[None, :], values, size)
        scratch, transfer, weight = self._target_stage.train(
            within=self._distances(known, known),
            values=self.target_values[target],
            basis=basis,
            scale=scale,
        )
        return GPModel(
            kernel=self.options.kernel,
            anchors=[block.anchors(sides) for block, sides in zip(self.blocks, used, strict=True)],
            source=mean,
            location=float(np.cumsum(values)[-1] / len(values)),
            scale=float(scale),
            scratch=KernelPosterior.of(scratch, places[1]),
            transfer=KernelPosterior.of(transfer, places[1]),
            transfer_weight=weight,
        )

    @property
    def _candidates(self) -> tuple[Candidate, ...]:
        lengths = product(self.options.lengths, repeat=len(self.blocks))
        return tuple(product(lengths, self.options.noises))

    @property
    def _source_stage(self) -> SourceStage:
        return SourceStage(self.options.kernel, self._candidates)

    @property
    def _target_stage(self) -> TargetStage:
        options = self.options
        return TargetStage(options.kernel, self._candidates, options.rho_observations)

    def _distances(self, left: list[Ints], right: list[Ints]) -> NDArray[np.float32]:
        """Distances of each block, shape (blocks, left rows, right rows)."""
        sides = zip(self.blocks, left, right, strict=True)
        return np.stack([block.between(a, b) for block, a, b in sides])
