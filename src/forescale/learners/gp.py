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
from forescale.learners._base import Block, Floats, Grid, GridPrediction, Ints, TransferData
from forescale.learners._stages import SourceStage, TargetStage, standardised
from forescale.learners.kernels import KernelName, Metric
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
    Options = GPOptions

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

    def _prepare(self, block: Block, source_only: Ints, path: Path) -> _BlockDistances:
        reference = block.values[np.unique(block.source[source_only])]
        metric = Metric(reference, block.is_count, self.options.kernel)
        out = np.lib.format.open_memmap(
            path, mode="w+", dtype=np.float32, shape=(len(block.values), len(block.values))
        )
        metric.fill_pairwise(block.values, out, default_workers())
        out.flush()
        return _BlockDistances(path, block.source, block.target)


@dataclass(frozen=True)
class _BlockDistances:
    """Distances among the distinct sides of a block, and which side each row has."""

    path: Path
    source: Ints
    target: Ints

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
        lengths = product(self.options.lengths, repeat=len(self.blocks))
        candidates = tuple(product(lengths, self.options.noises))
        computed = [block.source[source] for block in self.blocks]
        known = [block.target[train] for block in self.blocks]
        new = [block.target[test] for block in self.blocks]
        both = [np.concatenate(sides) for sides in zip(known, new, strict=True)]
        first = SourceStage(self.options.kernel, candidates).predict(
            within=self._distances(computed, computed),
            cross=self._distances(both, computed),
            values=values,
            sizes=grid.n_source,
        )
        basis, scale = standardised(first.mean, values, grid.n_source)
        second = TargetStage(
            self.options.kernel, candidates, self.options.rho_observations
        ).predict(
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

    def _distances(self, left: list[Ints], right: list[Ints]) -> NDArray[np.float32]:
        """Distances of each block, shape (blocks, left rows, right rows)."""
        sides = zip(self.blocks, left, right, strict=True)
        return np.stack([block.between(a, b) for block, a, b in sides])
