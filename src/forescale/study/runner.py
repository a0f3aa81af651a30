"""Run the replicates that a run folder lacks, on one or several processes.

Each replicate computes on one thread whatever the number of processes, and depends on the
study's seed and its own number only: the numbers are the same however the work is shared.
Learners that take many replicates at once run in this process. A replicate whose learner
fails is lost, not the study.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forescale._files import scratch_folder
from forescale._plugins import told
from forescale._progress import progress, say
from forescale._workers import in_processes
from forescale.errors import ForescaleError, MissingDependencyError, RequestError
from forescale.learners import (
    Grid,
    GridPrediction,
    Learner,
    PreparedLearner,
    PreparedTogether,
    get_learner,
)
from forescale.splits import Split, learner_seed
from forescale.study.censoring import Censoring
from forescale.study.config import Study
from forescale.study.data import StudyData
from forescale.study.folder import RunFolder
from forescale.study.replicate import judge


@dataclass(frozen=True)
class _Lost:
    """A replicate whose learner failed."""

    reason: str
    details: str


Result = tuple[pd.DataFrame, pd.DataFrame] | _Lost


@dataclass(frozen=True)
class _Job:
    """What every replicate shares."""

    learner: PreparedLearner
    grid: Grid
    measured: NDArray[np.float64]
    metrics: tuple[str, ...]
    seed: int
    censoring: Censoring | None = None
    same_property: bool = True

    def run(self, replicate: int, split: Split) -> Result:
        with threadpool_limits(1):
            try:
                seed = learner_seed(self.seed, replicate)
                return self.judge(replicate, split, self.learner.predict(split, self.grid, seed))
            except Exception as error:
                return _lost(error)

    def judge(self, replicate: int, split: Split, found: GridPrediction) -> Result:
        """Errors and predictions of one replicate, or why there are none."""
        found = found if self.censoring is None else self.censoring.judged(found)
        try:
            return judge(
                found,
                split,
                self.grid,
                self.measured,
                self.metrics,
                replicate=replicate,
                same_property=self.same_property,
            )
        except ForescaleError as error:
            return _lost(error)


def _lost(error: Exception) -> _Lost:
    """Tell of an error of a learner; one of what was asked for is the whole study's."""
    if isinstance(error, RequestError | MissingDependencyError):
        raise error
    reason = str(error) if isinstance(error, ForescaleError) else told(error)
    return _Lost(reason, "".join(format_exception(error)))


def run_replicates(
    study: Study,
    data: StudyData,
    folder: RunFolder,
    *,
    workers: int = 1,
    show_progress: bool = True,
) -> None:
    """Compute what is missing; every finished replicate is on disk before the next counts.

    A replicate that was lost before is tried again.

    Raises
    ------
    ForescaleError
        If worker processes keep dying, or every replicate is lost; what is finished is kept.
    """
    done, damaged = folder.done()
    missing = [r for r in range(study.replicates) if r not in done]
    lost: dict[int, _Lost] = {}
    with progress("Replicates", study.replicates, shown=show_progress) as advance:
        advance(len(done))
        for part in damaged:
            say(f"{part}: damaged, computed again")
        if not missing:
            return
        with scratch_folder(folder.path) as scratch:
            learner = get_learner(study.learner.name, study.learner.options)
            prepared = _prepared(learner, data, scratch)
            grid, metrics = data.grid(study), study.evaluation.metrics
            job = _Job(
                prepared,
                grid,
                data.target.values,
                metrics,
                study.seed,
                data.censoring,
                data.same_property,
            )
            splits = {replicate: data.split(study, replicate) for replicate in missing}
            for replicate, result in _results(job, splits, workers):
                if isinstance(result, _Lost):
                    lost[replicate] = result
                    say(f"replicate {replicate} is lost: {result.reason}")
                else:
                    errors, predictions = result
                    keys = data.target.keys[predictions["row"].to_numpy()]
                    folder.add(replicate, errors, predictions.assign(key=keys))
                advance()
    folder.note_lost({r: (one.reason, one.details) for r, one in lost.items()})
    if len(lost) == study.replicates:
        raise ForescaleError(
            f"{folder.path}: the learner failed in every replicate; the first: "
            f"{lost[min(lost)].reason}. lost.json there has the details"
        )


def _prepared(learner: Learner, data: StudyData, scratch: Path) -> PreparedLearner:
    try:
        return learner.prepare(data.arrays(), scratch)
    except ForescaleError:
        raise
    except Exception as error:
        raise ForescaleError(
            f"the learner {learner.name} failed before the first replicate: {told(error)}"
        ) from error


def _results(job: _Job, splits: dict[int, Split], workers: int) -> Iterator[tuple[int, Result]]:
    if isinstance(job.learner, PreparedTogether):
        return _together(job, job.learner, splits)
    jobs = {replicate: (replicate, split) for replicate, split in splits.items()}
    if workers <= 1 or len(jobs) == 1:
        return ((replicate, job.run(*arguments)) for replicate, arguments in jobs.items())
    return in_processes(job.run, jobs, workers, "replicates")


def _together(
    job: _Job, learner: PreparedTogether, splits: dict[int, Split]
) -> Iterator[tuple[int, Result]]:
    """Results of a learner that takes all replicates at once; those it never gives are lost."""
    left = dict(splits)
    failed = _Lost("the learner returned nothing for it", "")
    places = list(splits)
    seeds = [learner_seed(job.seed, replicate) for replicate in places]
    try:
        for place, found in learner.predict_many(list(splits.values()), job.grid, seeds):
            split = left.pop(places[place])
            yield places[place], job.judge(places[place], split, found)
    except Exception as error:
        failed = _lost(error)
    for replicate in left:
        yield replicate, failed
