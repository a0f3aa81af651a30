"""What to compute and what to measure next, answered from fitted laws."""

from forescale.planning.levels import Answer
from forescale.planning.plan import Plan, make_plan
from forescale.planning.size import attainable_limit, next_doubling, sample_size

__all__ = [
    "Answer",
    "Plan",
    "attainable_limit",
    "make_plan",
    "next_doubling",
    "sample_size",
]
