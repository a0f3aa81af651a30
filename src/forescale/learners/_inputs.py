"""Inputs of a network: scaled features, rotated to their leading components.

Scales and components are learnt from inputs alone, of materials that are never tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.learners._base import Block, Ints

Inputs = NDArray[np.float32]
_FARTHEST = 4.0
"""Standard deviations from the mean at which real features are clipped."""
_COUNT_SHARE = 0.3
"""Share of counts in the squared distance between materials, beside real features."""
_WHITENING = 0.5
"""Components are divided by their standard deviation to this power: 0 leaves the leading
ones to dominate, 1 lets the noise of the last ones in."""


@dataclass(frozen=True)
class NetInputs:
    """Components of the distinct sides of a block, and which side each row has.

    Parameters
    ----------
    values
        Shape (distinct sides, components).
    source, target
        Side of each row, shapes (rows,).
    """

    values: Inputs
    source: Ints
    target: Ints


def net_inputs(block: Block, reference_rows: Ints, components: int) -> NetInputs:
    """Leading components of a block.

    Parameters
    ----------
    reference_rows
        Rows of the source to learn scales and components from.
    components
        Most components kept.
    """
    reference = np.unique(block.source[reference_rows])
    scaled = _scaled(block, reference)
    gram = scaled[reference].T @ scaled[reference] / len(reference)
    variance, rotation = np.linalg.eigh(gram)
    kept = np.argsort(-variance, kind="stable")[:components]
    kept = kept[variance[kept] > 1e-9 * max(float(variance[kept[0]]), 1e-30)]
    if not len(kept) or variance[kept[0]] <= 0:  # materials that do not differ
        return NetInputs(np.zeros((len(scaled), 1), np.float32), block.source, block.target)
    rotated = scaled @ rotation[:, kept] / variance[kept] ** (_WHITENING / 2)
    rotated /= np.sqrt(np.mean(rotated[reference] ** 2))
    return NetInputs(rotated.astype(np.float32), block.source, block.target)


def _scaled(block: Block, reference: Ints) -> NDArray[np.float64]:
    """Real features standardised and clipped, counts as square roots, in fixed shares."""
    values = block.values.astype(float)
    values[:, block.is_count] = np.sqrt(np.maximum(values[:, block.is_count], 0.0))
    values -= values[reference].mean(axis=0)
    real = ~block.is_count
    scatter = values[reference].std(axis=0)
    values[:, real] /= np.where(scatter > 0, scatter, 1.0)[real]
    values[:, real] = np.clip(values[:, real], -_FARTHEST, _FARTHEST)
    for part, share in ((real, 1.0 - _COUNT_SHARE), (block.is_count, _COUNT_SHARE)):
        size = np.mean(np.sum(values[np.ix_(reference, np.flatnonzero(part))] ** 2, axis=1))
        if size > 0:
            values[:, part] *= np.sqrt(share / size)
    return values
