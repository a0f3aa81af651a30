"""Learners: whole grids of transfer predictions from one call each."""

from forescale.learners._base import (
    Block,
    Grid,
    GridPrediction,
    Learner,
    ModelPrediction,
    ModelState,
    NewBlock,
    PreparedLearner,
    PreparedTogether,
    RestoresModel,
    TrainedModel,
    TrainsModel,
    TransferData,
)
from forescale.learners._registry import get_learner, names
from forescale.learners.cells import CellLearner, Model

__all__ = [
    "Block",
    "CellLearner",
    "Grid",
    "GridPrediction",
    "Learner",
    "Model",
    "ModelPrediction",
    "ModelState",
    "NewBlock",
    "PreparedLearner",
    "PreparedTogether",
    "RestoresModel",
    "TrainedModel",
    "TrainsModel",
    "TransferData",
    "get_learner",
    "names",
]
