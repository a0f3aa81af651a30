"""Run the replicates that a run folder lacks, on one or several processes.

Each replicate computes on one thread whatever the number of processes, and depends on the
study's seed and its own number only: the numbers are the same however the work is shared.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forescale._progress import progress
from forescale.errors import ForescaleError
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
            _say(f"{part}: damaged, computed again")
        if not missing:
            return
        grid = data.grid(study)
        with TemporaryDirectory(prefix="forescale-") as scratch:
            learner = get_learner(study.learner.name, study.learner.options)
            prepared = learner.prepare(data.arrays(), Path(scratch))
            job = _Job(prepared, grid, data.target.values, study.evaluation.metrics, study.seed)
            splits = {replicate: data.split(study, replicate) for replicate in missing}
            for replicate, errors, predictions in _results(job, splits, workers):
                keys = data.target.keys[predictions["row"].to_numpy()]
                folder.add(replicate, errors, predictions.assign(key=keys))
                advance()


def _results(job: _Job, splits: dict[int, Split], workers: int) -> Iterator[Result]:
    if workers <= 1 or len(splits) == 1:
        for replicate, split in splits.items():
            yield job.run(replicate, split)
        return
    left = dict(splits)
    for attempt in range(3):
        try:
            with ProcessPoolExecutor(
                min(workers, len(left)),
                mp_context=get_context("spawn"),
                initializer=_start_worker,
                initargs=(os.getpid(),),
            ) as pool:
                running = [pool.submit(job.run, *item) for item in left.items()]
                try:
                    for finished in as_completed(running):
                        result = finished.result()
                        del left[result[0]]
                        yield result
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
            return
        except BrokenProcessPool:
            _say(
                f"a worker process died; {len(left)} replicates go on (attempt {attempt + 2} of 3)"
            )
    raise ForescaleError(
        f"worker processes keep dying ({len(left)} replicates missing); probably memory is short: "
        "the same command with --workers 1 continues where this stopped"
    )


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: nobody would collect the result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _say(message: str) -> None:
    from rich.console import Console

    Console(stderr=True).print(message, markup=False, highlight=False)
