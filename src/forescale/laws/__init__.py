"""Scaling laws of learning curves: fit, intervals, flags, backtests.

Works on any table of (n, error); knows nothing of learners or materials.
"""

from forescale.laws.curve import LearningCurve, read_curve
from forescale.laws.distribution import Distribution
from forescale.laws.fit import fit_law
from forescale.laws.flags import MEANING as FLAG_MEANINGS
from forescale.laws.joint import JointLaw, fit_joint
from forescale.laws.law import Forecast, Law
from forescale.laws.published import PublishedLaw, fit_published, marginal_worth
from forescale.laws.run import RunLaws, SourceLaws
from forescale.laws.table import fit_joint_table, fit_table, study_joint, study_laws

__all__ = [
    "FLAG_MEANINGS",
    "Distribution",
    "Forecast",
    "JointLaw",
    "Law",
    "LearningCurve",
    "PublishedLaw",
    "RunLaws",
    "SourceLaws",
    "fit_joint",
    "fit_joint_table",
    "fit_law",
    "fit_published",
    "fit_table",
    "marginal_worth",
    "read_curve",
    "study_joint",
    "study_laws",
]
