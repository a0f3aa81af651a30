"""Run the replicates that a run folder lacks, on one or several processes.

Each replicate computes on one thread whatever the number of processes, and depends on the
study's seed and its own number only: the numbers are the same however the work is shared.
Learners that take many replicates at once run in this process. A replicate whose learner
fails is lost, not the study.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale._machine.executors import Executor, Workers, run_jobs
from forescale._machine.files import disk_fault, scratch_folder
from forescale._machine.plugins import told
from forescale._machine.progress import progress, say
from forescale._machine.threads import one_thread
from forescale.errors import ForescaleError, MissingDependencyError, RequestError
from forescale.learners import (
    Grid,
    GridPrediction,
    Learner,
    PreparedLearner,
    PreparedTogether,
    get_learner,
)
from forescale.metrics import Metric
from forescale.splits import Split
from forescale.study.censoring import Censoring
from forescale.study.config import Study
from forescale.study.data import StudyData
from forescale.study.design import Design
from forescale.study.folder import RunFolder
from forescale.study.replicate import judge


@dataclass(frozen=True)
class _Lost:
    """A replicate whose learner failed."""

    reason: str
    details: str


Result = tuple[pd.DataFrame, pd.DataFrame] | _Lost
_Tasks = dict[int, tuple[int, Split, int]]
"""Number, split and seed of each replicate."""


@dataclass(frozen=True)
class _Shared:
    """What every replicate shares."""

    learner: PreparedLearner
    grid: Grid
    measured: NDArray[np.float64]
    metrics: tuple[Metric, ...]
    censoring: Censoring | None = None
    same_property: bool = True
    sources: tuple[str, ...] = ()

    def run(self, replicate: int, split: Split, seed: int) -> Result:
        with one_thread():
            try:
                return self.judge(replicate, split, self.learner.predict(split, self.grid, seed))
            except Exception as error:
                return _lost(error)

    def crowd(self, tasks: _Tasks) -> list[tuple[int, Result]]:
        """Replicates of a learner that takes them at once, on whatever threads it takes."""
        return list(_together(self, tasks))

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
                sources=self.sources,
            )
        except ForescaleError as error:
            return _lost(error)


def _lost(error: Exception) -> _Lost:
    """Tell of an error of a learner; one of what was asked for is the whole study's."""
    if isinstance(error, RequestError | MissingDependencyError):
        raise error
    if (fault := disk_fault(error)) is not None:  # no learner's fault, and the others' too
        raise fault
    reason = str(error) if isinstance(error, ForescaleError) else told(error)
    return _Lost(reason, "".join(format_exception(error)))


def run_replicates(
    study: Study,
    data: StudyData,
    folder: RunFolder,
    *,
    design: Design | None = None,
    workers: Workers = 1,
    show_progress: bool = True,
) -> float | None:
    """Compute what is missing; every finished replicate is on disk before the next counts.

    A replicate that was lost before is tried again; one that lacks cells of the grid gets
    these, and keeps those that it has.

    Returns
    -------
    float or None
        Seconds that a replicate took on one process of this machine, on average; None where
        nothing was computed, or elsewhere.

    Raises
    ------
    ForescaleError
        If worker processes keep dying, or every replicate is lost; what is finished is kept.
    """
    started = time.monotonic()
    design = design or Design.of(study, data)
    done, damaged = folder.done()
    grids = {
        replicate: grid
        for replicate in range(study.replicates)
        if (grid := _lacking(design.grid, study.source_names, *_there(folder, replicate, done)))
    }
    lost: dict[int, _Lost] = {}
    with progress("Replicates", study.replicates, shown=show_progress) as advance:
        advance.already(study.replicates - len(grids))
        for part in damaged:
            say(f"{part}: damaged, computed again")
        if not grids:
            return None
        if kept := len(done.intersection(range(study.replicates))):
            say(f"{folder.path}: {kept} of {study.replicates} replicates are there, and kept")
        with folder.writing(), scratch_folder(folder.path) as scratch:
            learner = get_learner(study.learner.name, study.learner.options)
            prepared = _prepared(learner, data, scratch)
            for grid in dict.fromkeys(grids.values()):
                job = _Shared(
                    prepared,
                    grid.arrays(),
                    data.target.values,
                    study.evaluation.metrics,
                    data.censoring,
                    data.same_property,
                    study.source_names,
                )
                tasks = {
                    r: (r, design.splits[r], design.seeds[r]) for r in grids if grids[r] == grid
                }
                for replicate, result in _results(job, tasks, workers, scratch):
                    if isinstance(result, _Lost):
                        lost[replicate] = result
                        say(f"replicate {replicate} is lost: {result.reason}")
                    else:
                        errors, predictions = result
                        keys = data.target.keys[predictions["row"].to_numpy()]
                        keep = folder.grow if replicate in done else folder.add
                        keep(replicate, errors, predictions.assign(key=keys))
                    advance()
    folder.note_lost({r: (one.reason, one.details) for r, one in lost.items()})
    if len(lost) == study.replicates:
        raise ForescaleError(
            f"{folder.path}: the learner failed in every replicate; the first: "
            f"{lost[min(lost)].reason}. lost.json there has the details"
        )
    if isinstance(workers, Executor):
        return None
    return (time.monotonic() - started) * min(max(workers, 1), len(grids)) / len(grids)


class _Cells(NamedTuple):
    """A grid as a value that can be compared."""

    n_source: tuple[int, ...]
    n_target: tuple[int, ...]
    of_source: tuple[tuple[int, ...], ...] = ()

    def arrays(self) -> Grid:
        own = tuple(np.array(sizes, dtype=np.int64) for sizes in self.of_source)
        return Grid(np.array(self.n_source), np.array(self.n_target), own)


_Places = set[tuple[int, int]]


def _there(folder: RunFolder, replicate: int, done: set[int]) -> tuple[_Places, dict[str, _Places]]:
    """Cells that a replicate has, and those of each source's own curve."""
    if replicate not in done:
        return set(), {}
    return folder.cells(replicate), folder.source_cells(replicate)


def _lacking(
    wanted: Grid, names: tuple[str, ...], there: _Places, own: dict[str, _Places]
) -> _Cells | None:
    """The smallest grid with every cell that a replicate lacks; None where it lacks none."""
    n_source, n_target = wanted.n_source.tolist(), wanted.n_target.tolist()
    without_m = [m for m in n_target if (0, m) not in there]
    lacking = [n for n in n_source if without_m or any((n, m) not in there for m in n_target)]
    of_source = tuple(
        tuple(
            n for n in sizes.tolist() if any((n, m) not in own.get(name, set()) for m in n_target)
        )
        for name, sizes in zip(names, wanted.of_source, strict=True)
    )
    if not lacking and not any(of_source):
        return None
    return _Cells(tuple(lacking or n_source[-1:]), tuple(n_target), of_source)


def _prepared(learner: Learner, data: StudyData, scratch: Path) -> PreparedLearner:
    try:
        return learner.prepare(data.arrays(), scratch)
    except ForescaleError:
        raise
    except Exception as error:
        if (fault := disk_fault(error)) is not None:
            raise fault from None
        raise ForescaleError(
            f"the learner {learner.name} failed before the first replicate: {told(error)}"
        ) from error


def _results(
    job: _Shared, tasks: _Tasks, workers: Workers, scratch: Path
) -> Iterator[tuple[int, Result]]:
    if not isinstance(job.learner, PreparedTogether):
        return run_jobs(job.run, tasks, workers, "replicates", files=scratch)
    if isinstance(workers, Executor):
        return _crowds(job, tasks, workers, scratch)
    return _together(job, tasks)


def _crowds(
    job: _Shared, tasks: _Tasks, executor: Executor, scratch: Path
) -> Iterator[tuple[int, Result]]:
    """A learner that takes many replicates at once gets as many crowds as there are slots."""
    crowds = min(executor.slots, len(tasks))
    parts = {n: ({r: tasks[r] for r in [*tasks][n::crowds]},) for n in range(crowds)}
    for _, found in run_jobs(job.crowd, parts, executor, "crowds of replicates", files=scratch):
        yield from found


def _together(job: _Shared, tasks: _Tasks) -> Iterator[tuple[int, Result]]:
    """Results of a learner that takes all replicates at once; those it never gives are lost."""
    learner = job.learner
    assert isinstance(learner, PreparedTogether)
    left = dict(tasks)
    failed = _Lost("the learner returned nothing for it", "")
    places = list(tasks)
    splits = [split for _, split, _ in tasks.values()]
    seeds = [seed for *_, seed in tasks.values()]
    try:
        for place, found in learner.predict_many(splits, job.grid, seeds):
            replicate, split, _ = left.pop(places[place])
            yield replicate, job.judge(replicate, split, found)
    except Exception as error:
        failed = _lost(error)
    for replicate in left:
        yield replicate, failed
