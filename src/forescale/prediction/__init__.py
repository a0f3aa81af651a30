"""The trained predictor of a study: saved, calibrated, and applied to new materials."""

from forescale.prediction.calibration import Calibration, conformal_quantile
from forescale.prediction.candidates import PredictionCounts, predict_file
from forescale.prediction.domain import Domain
from forescale.prediction.folder import ModelFolder
from forescale.prediction.nearest import Nearest
from forescale.prediction.predictor import Predictor
from forescale.prediction.training import make_model

__all__ = [
    "Calibration",
    "Domain",
    "ModelFolder",
    "Nearest",
    "PredictionCounts",
    "Predictor",
    "conformal_quantile",
    "make_model",
    "predict_file",
]
