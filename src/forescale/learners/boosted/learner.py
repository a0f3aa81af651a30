"""Boosted trees on the computed values, the exact process on the measured ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from forescale.learners.boosted.options import BoostedOptions
from forescale.learners.boosted.stack import StackMean, TreeStack
from forescale.learners.boosted.stage import TreeMean, TreeSource
from forescale.learners.contract import ModelState, TransferData
from forescale.learners.gp.learner import prepared, side_distances
from forescale.learners.gp.model import KERNEL_MEANS, Restorer, TransferModel
from forescale.learners.gp.transfer import PreparedTransfer

MEANS: Mapping[str, Restorer] = {
    **KERNEL_MEANS,
    "trees": TreeMean.restore,
    "stack": StackMean.restore,
}


class BoostedLearner:
    """Trees below, process above; see :class:`~forescale.learners.boosted.options.BoostedOptions`.

    Examples
    --------
    >>> BoostedLearner().options.trees
    300
    """

    name = "boosted"
    Options = BoostedOptions
    takes_sources: Literal[True] = True

    def __init__(self, options: BoostedOptions | None = None) -> None:
        self.options = options or BoostedOptions()

    def prepare(self, data: TransferData, folder: Path) -> PreparedTransfer:
        """Lay features and distances where worker processes read them."""
        blocks = side_distances(data, self.options, folder, 0)
        trees = tree_source(data, self.options, folder)
        return prepared(
            data, self.options, blocks, (trees,), ((0,),), folder, stack=TreeStack(trees)
        )

    def restore(self, state: ModelState) -> TransferModel:
        """A model that was kept; see :class:`~forescale.learners.RestoresModel`."""
        return TransferModel.restore(state, MEANS)


def tree_source(data: TransferData, options: BoostedOptions, folder: Path) -> TreeSource:
    """Trees on the features of a study."""
    blocks = tuple(
        block.stored(folder / f"trees-{place}.npy") for place, block in enumerate(data.blocks)
    )
    return TreeSource(options, blocks)
