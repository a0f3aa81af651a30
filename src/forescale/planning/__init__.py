"""What to compute and what to measure next, answered from fitted laws."""

from forescale.planning.allocation import Allocation, allocate
from forescale.planning.comparison import AtBudget, Crossing, SourceComparison, compare
from forescale.planning.equivalence import (
    Contour,
    ErrorSurface,
    Exchange,
    contour,
    equivalent_experiments,
    equivalent_simulations,
)
from forescale.planning.learners import LearnerComparison, LearnersAt, compare_learners
from forescale.planning.next_size import NextSize, next_sizes
from forescale.planning.plan import JointPlan, Kept, LawPlan, Plan, make_plan
from forescale.planning.questions import Questions
from forescale.planning.size import (
    Ahead,
    Limit,
    SampleSize,
    SizeAnswer,
    Stopping,
    attainable_limit,
    gain,
    gain_per_cost,
    next_doubling,
    outlook,
    sample_size,
    stopping,
)
from forescale.planning.sources import Growth, SourcesPlan, plan_sources
from forescale.planning.verdict import (
    Action,
    Verdict,
    computing_pays,
    measuring_pays,
    sharpness,
)

__all__ = [
    "Action",
    "Ahead",
    "Allocation",
    "AtBudget",
    "Contour",
    "Crossing",
    "ErrorSurface",
    "Exchange",
    "Growth",
    "JointPlan",
    "Kept",
    "LawPlan",
    "LearnerComparison",
    "LearnersAt",
    "Limit",
    "NextSize",
    "Plan",
    "Questions",
    "SampleSize",
    "SizeAnswer",
    "SourceComparison",
    "SourcesPlan",
    "Stopping",
    "Verdict",
    "allocate",
    "attainable_limit",
    "compare",
    "compare_learners",
    "computing_pays",
    "contour",
    "equivalent_experiments",
    "equivalent_simulations",
    "gain",
    "gain_per_cost",
    "make_plan",
    "measuring_pays",
    "next_doubling",
    "next_sizes",
    "outlook",
    "plan_sources",
    "sample_size",
    "sharpness",
    "stopping",
]
