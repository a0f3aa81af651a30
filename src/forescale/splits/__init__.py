"""Which rows teach and which test: replicates, groups, clusters, overlap, seeds."""

from forescale.splits.overlap import OVERLAP_POLICIES, usable_source
from forescale.splits.split import Split, learner_seed, replicate_rng, split_target

__all__ = [
    "OVERLAP_POLICIES",
    "Split",
    "learner_seed",
    "replicate_rng",
    "split_target",
    "usable_source",
]
