"""Scaling laws of learning curves: fit, intervals, flags, backtests.

Works on any table of (n, error); knows nothing of learners or materials.
"""

from forescale.laws.curve import LearningCurve, read_curve
from forescale.laws.fit import fit_law
from forescale.laws.flags import MEANING as FLAG_MEANINGS
from forescale.laws.joint import JointLaw, fit_joint
from forescale.laws.law import Forecast, Law, Quantity
from forescale.laws.table import fit_joint_table, fit_table, study_joint, study_laws

__all__ = [
    "FLAG_MEANINGS",
    "Forecast",
    "JointLaw",
    "Law",
    "LearningCurve",
    "Quantity",
    "fit_joint",
    "fit_joint_table",
    "fit_law",
    "fit_table",
    "read_curve",
    "study_joint",
    "study_laws",
]
