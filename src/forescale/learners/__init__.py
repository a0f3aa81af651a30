"""Learners: whole grids of transfer predictions from one call each."""

from forescale.learners.cells import CellLearner, Model
from forescale.learners.contract import (
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
    TakesSources,
    TakesTasks,
    TrainedModel,
    TrainsModel,
    TransferData,
)
from forescale.learners.registry import get_learner, names

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
    "TakesSources",
    "TakesTasks",
    "TrainedModel",
    "TrainsModel",
    "TransferData",
    "get_learner",
    "names",
]
