"""Replicates in crowds as large as memory allows, and the one model that is handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import jax
import numpy as np

from forescale._machine.progress import say
from forescale.errors import ForescaleError
from forescale.learners.contract import Grid, GridPrediction, Ints
from forescale.learners.mlp.inputs import NetArrays
from forescale.learners.mlp.model import MLPModel
from forescale.learners.mlp.recipe import Crowd
from forescale.splits import Split


def train_together(
    study: NetArrays, splits: Sequence[Split], grid: Grid, seeds: Sequence[int]
) -> Iterator[tuple[int, GridPrediction]]:
    """Predictions of many replicates, in crowds as large as memory allows."""
    size, done = min(study.options.together, len(splits)), 0
    while done < len(splits):
        here = range(done, min(done + size, len(splits)))
        # A single model compiles to other products, rounded otherwise: it never trains alone.
        crowd = list(here) * (2 if len(here) * study.options.ensemble == 1 else 1)
        try:
            members = [splits[r] for r in crowd], grid, [seeds[r] for r in crowd]
            found = Crowd(study, *members).predict()[: len(here)]
        except (MemoryError, jax.errors.JaxRuntimeError) as error:
            if not _out_of_memory(error):
                raise
            if size == 1:
                raise ForescaleError(
                    "memory does not suffice for a single replicate; lower learner.width, "
                    "learner.inputs or learner.ensemble"
                ) from None
            size = (len(here) + 1) // 2
            say(f"memory is short for {len(here)} replicates together; now {size} at a time")
            continue
        yield from zip(here, found, strict=True)
        done = here[-1] + 1


def _out_of_memory(error: Exception) -> bool:
    words = str(error).lower()
    return isinstance(error, MemoryError) or "resource_exhausted" in words or "memory" in words


def train_model(study: NetArrays, source: Ints, target: Ints, seed: int) -> MLPModel:
    """The model of all these rows: the last cell of a grid of such sizes."""
    grid = Grid(np.array([len(source)]), np.array([len(target)]))
    split = Split(source, target, target[:1])  # nothing is tested here
    copies = 2 if study.options.ensemble == 1 else 1  # a single model never trains alone
    crowd = Crowd(study, [split] * copies, grid, [seed] * copies)
    layers, mean, scatter, rest = crowd.model()
    return MLPModel(study.components, tuple(layers), mean, scatter, rest)
