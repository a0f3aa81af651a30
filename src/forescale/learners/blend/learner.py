"""Boosted trees and a process on the computed values, weighed by the measured ones.

Beyond ``process_rows`` computed values the process stays at what its first rows say, and the
trees go on. The second stage averages models with either column, with both and with none, by
prior times evidence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from forescale.learners.boosted.learner import MEANS, tree_source
from forescale.learners.boosted.options import BlendOptions
from forescale.learners.boosted.stack import TreeStack
from forescale.learners.contract import ModelState, TransferData
from forescale.learners.gp.distances import SQUARE_SIDES
from forescale.learners.gp.exact import ExactSource
from forescale.learners.gp.learner import prepared, side_distances, source_candidates
from forescale.learners.gp.model import TransferModel
from forescale.learners.gp.transfer import PreparedTransfer

_MODELS = ((0,), (1,), (0, 1))


class BlendLearner:
    """Trees and process; see :class:`~forescale.learners.boosted.options.BlendOptions`.

    Examples
    --------
    >>> BlendLearner().options.process_rows
    3000
    """

    name = "blend"
    Options = BlendOptions
    takes_sources: Literal[True] = True

    def __init__(self, options: BlendOptions | None = None) -> None:
        self.options = options or BlendOptions()

    def prepare(self, data: TransferData, folder: Path) -> PreparedTransfer:
        """Lay features and distances where worker processes read them."""
        most = SQUARE_SIDES if self.options.scales == "shared" else 0
        blocks = side_distances(data, self.options, folder, most)
        candidates = source_candidates(self.options, blocks)
        process = ExactSource(
            self.options.kernel, candidates, blocks, most=self.options.process_rows
        )
        trees = tree_source(data, self.options, folder)
        stack = TreeStack(trees)
        return prepared(data, self.options, blocks, (process, trees), _MODELS, folder, stack=stack)

    def restore(self, state: ModelState) -> TransferModel:
        """A model that was kept; see :class:`~forescale.learners.RestoresModel`."""
        return TransferModel.restore(state, MEANS)
