"""Run the replicates that a run folder lacks, on one or several processes.

Each replicate computes on one thread whatever the number of processes, and depends on the
study's seed and its own number only: the numbers are the same however the work is shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forescale._files import scratch_folder
from forescale._progress import progress, say
from forescale._workers import in_processes
from forescale.learners import Grid, PreparedLearner, get_learner
from forescale.splits import Split
from forescale.study.config import Study
from forescale.study.data import StudyData
from forescale.study.folder import RunFolder
from forescale.study.replicate import run_replicate

Result = tuple[int, pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class _Job:
    """What every replicate shares."""

    learner: PreparedLearner
    grid: Grid
    measured: NDArray[np.float64]
    metrics: tuple[str, ...]
    seed: int

    def run(self, replicate: int, split: Split) -> Result:
        with threadpool_limits(1):
            errors, predictions = run_replicate(
                self.learner,
                split,
                self.grid,
                self.measured,
                self.metrics,
                replicate=replicate,
                seed=self.seed,
            )
        return replicate, errors, predictions


def run_replicates(
    study: Study,
    data: StudyData,
    folder: RunFolder,
    *,
    workers: int = 1,
    show_progress: bool = True,
) -> None:
    """Compute what is missing; every finished replicate is on disk before the next counts.

    Raises
    ------
    ForescaleError
        If worker processes keep dying; what is finished is kept.
    """
    done, damaged = folder.done()
    missing = [r for r in range(study.replicates) if r not in done]
    with progress("Replicates", study.replicates, shown=show_progress) as advance:
        advance(len(done))
        for part in damaged:
            say(f"{part}: damaged, computed again")
        if not missing:
            return
        grid = data.grid(study)
        with scratch_folder(folder.path) as scratch:
            learner = get_learner(study.learner.name, study.learner.options)
            prepared = learner.prepare(data.arrays(), scratch)
            job = _Job(prepared, grid, data.target.values, study.evaluation.metrics, study.seed)
            splits = {replicate: data.split(study, replicate) for replicate in missing}
            for replicate, errors, predictions in _results(job, splits, workers):
                keys = data.target.keys[predictions["row"].to_numpy()]
                folder.add(replicate, errors, predictions.assign(key=keys))
                advance()


def _results(job: _Job, splits: dict[int, Split], workers: int) -> Iterator[Result]:
    jobs = {replicate: (replicate, split) for replicate, split in splits.items()}
    if workers <= 1 or len(jobs) == 1:
        return (job.run(*arguments) for arguments in jobs.values())
    return (result for _, result in in_processes(job.run, jobs, workers, "replicates"))
