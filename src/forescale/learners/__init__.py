"""Learners: whole grids of transfer predictions from one call each."""

from forescale.learners._base import (
    Block,
    Grid,
    GridPrediction,
    Learner,
    PreparedLearner,
    TransferData,
)
from forescale.learners._registry import get_learner, names

__all__ = [
    "Block",
    "Grid",
    "GridPrediction",
    "Learner",
    "PreparedLearner",
    "TransferData",
    "get_learner",
    "names",
]
