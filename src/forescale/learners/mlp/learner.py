"""The published recipe: a network pre-trained on computed values, fine-tuned on measured ones.

All replicates of a cell (n, m) train together in one compiled program, on a processor or a
graphics card alike. The recipe follows Minami et al., npj Comput. Mater. 11, 146 (2025), doi
10.1038/s41524-025-01606-5: early stopping on a held-out part of the n computed values, then
fine-tuning of all layers with a smaller step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from forescale._machine.imports import optional
from forescale._machine.paths import cache_folder
from forescale.learners.contract import Grid, GridPrediction, Ints, ModelState, TransferData
from forescale.learners.mlp.inputs import NetArrays
from forescale.learners.mlp.model import MLPModel
from forescale.learners.mlp.options import MLPOptions
from forescale.splits import Split


class MLPLearner:
    """Fully connected network; see :class:`MLPOptions`. Needs the extra ``nn``."""

    name = "mlp"
    Options = MLPOptions
    takes_tasks: Literal[True] = True

    def __init__(self, options: MLPOptions | None = None) -> None:
        jax = optional("jax", "nn")
        optional("optax", "nn")
        if jax.config.jax_compilation_cache_dir is None:  # else it is the user's own choice
            jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "jax"))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
        self.options = options or MLPOptions()

    def prepare(self, data: TransferData, folder: Path) -> PreparedMLP:
        """Scale and rotate the inputs once; ``folder`` is not needed."""
        del folder
        return PreparedMLP(NetArrays.of(data, self.options))

    def restore(self, state: ModelState) -> MLPModel:
        """A model that was kept; see :class:`~forescale.learners.RestoresModel`."""
        return MLPModel.restore(state)


@dataclass(frozen=True)
class PreparedMLP:
    """Trains the networks of many replicates of a study at once."""

    arrays: NetArrays

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """See :class:`~forescale.learners.PreparedLearner`."""
        ((_, found),) = self.predict_many([split], grid, [seed])
        return found

    def predict_many(
        self, splits: Sequence[Split], grid: Grid, seeds: Sequence[int]
    ) -> Iterator[tuple[int, GridPrediction]]:
        """See :class:`~forescale.learners.PreparedTogether`."""
        from forescale.learners.mlp.crowds import train_together

        return train_together(self.arrays, splits, grid, seeds)

    def train(self, source: Ints, target: Ints, seed: int) -> MLPModel:
        """See :class:`~forescale.learners.TrainsModel`."""
        from forescale.learners.mlp.crowds import train_model

        return train_model(self.arrays, source, target, seed)
