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
    RestoresModel,
    TrainedModel,
    TrainsModel,
    TransferData,
)
from forescale.learners._registry import get_learner, names

__all__ = [
    "Block",
    "Grid",
    "GridPrediction",
    "Learner",
    "ModelPrediction",
    "ModelState",
    "NewBlock",
    "PreparedLearner",
    "RestoresModel",
    "TrainedModel",
    "TrainsModel",
    "TransferData",
    "get_learner",
    "names",
]
