"""What a study file may say of the network."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt
from pydantic import BaseModel, ConfigDict

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
