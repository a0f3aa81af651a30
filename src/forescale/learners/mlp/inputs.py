"""Inputs of a network: scaled features, rotated to their leading components.

Scales and components are learnt from inputs alone, of materials that are never tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.learners.contract import Block, Floats, TransferData
from forescale.learners.mlp.options import MLPOptions

Inputs = NDArray[np.float32]
_FARTHEST = 4.0
"""Standard deviations from the mean at which real features are clipped."""
_COUNT_SHARE = 0.3
"""Share of counts in the squared distance between materials, beside real features."""
_WHITENING = 0.5
"""Components are divided by their standard deviation to this power: 0 leaves the leading
ones to dominate, 1 lets the noise of the last ones in."""


@dataclass(frozen=True)
class Components:
    """From features to components.

    Parameters
    ----------
    is_count
        Which features are taken as square roots of counts, shape (features,).
    centre, spread
        What is taken off each, and what the rest is divided by, shape (features,).
    rotation
        Shape (features, components).
    """

    is_count: NDArray[np.bool_]
    centre: Floats
    spread: Floats
    rotation: Floats

    @classmethod
    def learn(cls, values: Inputs, is_count: NDArray[np.bool_], most: int) -> Components:
        """Learn from the features of reference materials; keep at most so many components."""
        raw = _rooted(values, is_count)
        spread = np.where(is_count, 1.0, raw.std(axis=0))
        spread[spread == 0] = 1.0
        first = cls(is_count, raw.mean(axis=0), spread, np.eye(values.shape[1]))
        scaled = first._scaled(values)
        shares = np.zeros(values.shape[1])
        for part, share in ((~is_count, 1.0 - _COUNT_SHARE), (is_count, _COUNT_SHARE)):
            size = np.mean(np.sum(scaled[:, part] ** 2, axis=1))
            shares[part] = np.sqrt(share / size) if size > 0 else 0.0
        scaled *= shares
        variance, rotation = np.linalg.eigh(scaled.T @ scaled / len(scaled))
        kept = np.argsort(-variance, kind="stable")[:most]
        kept = kept[variance[kept] > 1e-9 * variance[kept[0]]]
        if not len(kept) or variance[kept[0]] <= 0:  # materials that do not differ
            return cls(is_count, first.centre, spread, np.zeros((values.shape[1], 1)))
        rotation = shares[:, None] * rotation[:, kept] / variance[kept] ** (_WHITENING / 2)
        rotation /= np.sqrt(np.mean(variance[kept] ** (1.0 - _WHITENING)))
        return cls(is_count, first.centre, spread, rotation)

    def apply(self, values: Inputs) -> Inputs:
        """Components of materials, shape (rows, components)."""
        return np.asarray(self._scaled(values) @ self.rotation, dtype=np.float32)

    def _scaled(self, values: Inputs) -> Floats:
        """Real features standardised and clipped; square roots of counts less their mean."""
        scaled = (_rooted(values, self.is_count) - self.centre) / self.spread
        limits = np.where(self.is_count, np.inf, _FARTHEST)
        return np.clip(scaled, -limits, limits)

    def state(self) -> dict[str, NDArray[Any]]:
        """Arrays to keep."""
        return {
            "is_count": self.is_count,
            "centre": self.centre,
            "spread": self.spread,
            "rotation": self.rotation,
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Components:
        """What gave the arrays."""
        return cls(*(arrays[name] for name in ("is_count", "centre", "spread", "rotation")))


def _rooted(values: Inputs, is_count: NDArray[np.bool_]) -> Floats:
    raw = values.astype(float)
    raw[:, is_count] = np.sqrt(np.maximum(raw[:, is_count], 0.0))
    return raw


@dataclass(frozen=True)
class NetArrays:
    """All that training reads of a study.

    Parameters
    ----------
    components
        How each block's inputs come from its features.
    blocks
        Blocks whose values are the inputs, shape (distinct sides, components).
    source_values, target_values
        Computed and measured values in one unit, shapes (rows,).
    source_tasks
        Further computed properties, NaN where there is none, shape (rows, tasks).
    """

    options: MLPOptions
    components: tuple[Components, ...]
    blocks: tuple[Block, ...]
    source_values: Floats
    target_values: Floats
    source_tasks: Floats

    @classmethod
    def of(cls, data: TransferData, options: MLPOptions) -> NetArrays:
        """Learn components from materials that are never tested, and apply them to all."""
        components = tuple(
            Components.learn(
                block.values[np.unique(block.source[data.source_only])],
                block.is_count,
                options.inputs,
            )
            for block in data.blocks
        )
        blocks = tuple(
            replace(block, values=own.apply(block.values))
            for own, block in zip(components, data.blocks, strict=True)
        )
        tasks = data.source_tasks
        if tasks is None:
            tasks = np.empty((len(data.source_values), 0))
        return cls(options, components, blocks, data.source_values, data.target_values, tasks)
