"""What to compute and what to measure next, answered from fitted laws."""

from forescale.planning.allocation import allocate
from forescale.planning.comparison import compare
from forescale.planning.design import next_sizes
from forescale.planning.equivalence import (
    contour,
    equivalent_experiments,
    equivalent_simulations,
)
from forescale.planning.learners import compare_learners
from forescale.planning.levels import Answer
from forescale.planning.plan import Costs, Plan, make_plan
from forescale.planning.size import (
    attainable_limit,
    gain,
    gain_per_cost,
    next_doubling,
    sample_size,
    stopping,
)

__all__ = [
    "Answer",
    "Costs",
    "Plan",
    "allocate",
    "attainable_limit",
    "compare",
    "compare_learners",
    "contour",
    "equivalent_experiments",
    "equivalent_simulations",
    "gain",
    "gain_per_cost",
    "make_plan",
    "next_doubling",
    "next_sizes",
    "sample_size",
    "stopping",
]
