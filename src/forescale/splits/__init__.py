"""Which rows teach and which test: replicates, groups, clusters, overlap, seeds."""

from forescale.splits.overlap import Overlap, SharedMaterials
from forescale.splits.rule import SplitKind, SplitRule
from forescale.splits.split import (
    Split,
    Testing,
    folds_of,
    learner_seed,
    replicate_rng,
    split_balanced,
    split_target,
)

__all__ = [
    "Overlap",
    "SharedMaterials",
    "Split",
    "SplitKind",
    "SplitRule",
    "Testing",
    "folds_of",
    "learner_seed",
    "replicate_rng",
    "split_balanced",
    "split_target",
]
