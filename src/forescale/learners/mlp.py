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
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt
from pydantic import BaseModel, ConfigDict

from forescale._imports import optional
from forescale._paths import cache_folder
from forescale.learners._base import (
    Floats,
    Grid,
    GridPrediction,
    Ints,
    ModelState,
    TransferData,
)
from forescale.learners._inputs import NetInputs
from forescale.learners.mlp_model import MLPModel
from forescale.splits import Split

_Count = Annotated[int, Ge(1)]
_Positive = Annotated[float, Gt(0)]
FineTune = Literal["all", "last", "pull", "choose"]


class MLPOptions(BaseModel):
    """Options of ``learner.name = "mlp"``.

    Parameters
    ----------
    inputs
        Most components of each block of features that enter the network.
    width, layers
        Units of each hidden layer, and how many there are.
    rate, batch, epochs, min_steps
        Pre-training: largest step size of Adam, values in a step, passes over the n
        values, and the fewest steps whatever n.
    patience
        Looks at the held-out values, 50 steps apart, without a better one until a network
        is left as it was.
    dropout, decay
        Share of hidden units left out in a step; weight decay (decoupled, of each step).
    fine_tune
        ``all`` layers; the ``last`` alone; ``pull``, all with a pull towards the
        pre-trained weights; ``choose``, the best of the three by four-fold validation
        within the m values, for every cell.
    fine_tune_rate, fine_tune_batch, fine_tune_epochs
        The same for fine-tuning.
    pull
        Strength of the pull: weight of the squared distance from the pre-trained weights
        beside the mean squared error in standard deviations.
    ensemble
        Networks averaged in every cell; from 2 on their scatter is part of the predicted
        standard deviation (Lakshminarayanan et al. 2017, arXiv 1612.01474).
    task_weight
        Weight of each further computed property (``[[source]]`` with ``task``) beside
        the one of the study.
    together
        Most replicates trained together; fewer where memory does not suffice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    inputs: _Count = 256
    width: Annotated[int, Ge(2)] = 128
    layers: _Count = 2
    rate: _Positive = 2e-3
    batch: _Count = 32
    epochs: _Positive = 25.0
    min_steps: _Count = 500
    patience: _Count = 20
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.1
    decay: Annotated[float, Ge(0)] = 1e-2
    fine_tune: FineTune = "all"
    fine_tune_rate: _Positive = 3e-4
    fine_tune_batch: _Count = 16
    fine_tune_epochs: _Positive = 15.0
    pull: _Positive = 1e-2
    ensemble: _Count = 1
    task_weight: Annotated[float, Ge(0)] = 0.5
    together: _Count = 20


class MLPLearner:
    """Fully connected network; see :class:`MLPOptions`. Needs the extra ``nn``."""

    name = "mlp"
    Options = MLPOptions
    takes_tasks = True

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
        blocks = tuple(
            NetInputs.of(block, data.source_only, self.options.inputs) for block in data.blocks
        )
        tasks = data.source_tasks
        if tasks is None:
            tasks = np.empty((len(data.source_values), 0))
        return PreparedMLP(self.options, blocks, data.source_values, data.target_values, tasks)

    def restore(self, state: ModelState) -> MLPModel:
        """A model that was kept; see :class:`~forescale.learners.RestoresModel`."""
        return MLPModel.restore(state)


@dataclass(frozen=True)
class PreparedMLP:
    """Inputs and values of a study; trains the networks of many replicates at once."""

    options: MLPOptions
    blocks: tuple[NetInputs, ...]
    source_values: Floats
    target_values: Floats
    source_tasks: Floats

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """See :class:`~forescale.learners.PreparedLearner`."""
        ((_, found),) = self.predict_many([split], grid, [seed])
        return found

    def predict_many(
        self, splits: Sequence[Split], grid: Grid, seeds: Sequence[int]
    ) -> Iterator[tuple[int, GridPrediction]]:
        """See :class:`~forescale.learners.PreparedTogether`."""
        from forescale.learners._crowds import train_together

        return train_together(self, splits, grid, seeds)

    def train(self, source: Ints, target: Ints, seed: int) -> MLPModel:
        """See :class:`~forescale.learners.TrainsModel`."""
        from forescale.learners._crowds import train_model

        return train_model(self, source, target, seed)
