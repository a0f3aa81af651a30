"""The model and the folds of its calibration, computed, with the time they take told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from forescale._machine.executors import Executor, Workers, run_jobs
from forescale._machine.plugins import told
from forescale._machine.progress import Advance, progress, say
from forescale._machine.threads import one_thread
from forescale.errors import ModelError
from forescale.learners import Grid, ModelState, PreparedLearner, PreparedTogether, TrainsModel
from forescale.splits import Split
from forescale.study.censoring import Censoring
from forescale.words import count

Result: TypeAlias = ModelState | pd.DataFrame
Tasks: TypeAlias = dict[Any, tuple[Split, int | None]]
"""Arguments of the job by the task's name: ``model``, or a policy and a fold."""

_TICK = 0.5  # seconds between moves of the bar inside a step
_TOLD = 5.0  # seconds of work from which it is told what it will take


@dataclass(frozen=True)
class FoldWork:
    """What the model and all folds share."""

    prepared: PreparedLearner
    measured: np.ndarray[Any, np.dtype[np.float64]]
    seed: int
    censoring: Censoring | None = None

    def run(self, split: Split, fold: int | None) -> Result:
        """Train on all rows without a fold, else predict the fold's rows."""
        try:
            with one_thread():
                if fold is None:
                    assert isinstance(self.prepared, TrainsModel)
                    return self.prepared.train(split.source, split.train, self.seed).state()
                grid = Grid(np.array([len(split.source)]), np.array([len(split.train)]))
                result = self.prepared.predict(split, grid, self.seed)
        except Exception as error:  # whatever a learner from elsewhere may raise
            raise ModelError(f"the learner failed on all of the data: {told(error)}") from error
        if result.lost:
            reason = next(iter(result.lost.values()))
            raise ModelError(f"the learner failed on a part of the data: {reason}")
        if self.censoring is not None:
            result = self.censoring.judged(result)
        predicted = result.mean[-1, -1]
        if not np.isfinite(predicted).all():
            raise ModelError("the learner failed on a part of the data: it predicts no numbers")
        return pd.DataFrame(
            {
                "row": split.test,
                "fold": fold,
                "measured": self.measured[split.test],
                "predicted": predicted,
                "std": np.nan if result.std is None else result.std,
            }
        )


def run_parts(
    job: FoldWork, tasks: Tasks, workers: Workers, files: Path, *, show_progress: bool = True
) -> dict[Any, Result]:
    """Results by the task's name.

    On this machine a fold is computed first and timed, so that what all the rest will take
    is told before it starts, and the bar moves by the time that a step should take while it
    lasts.
    """
    what = "parts of the model"
    results: dict[Any, Result] = {}
    if isinstance(workers, Executor):
        with progress("Model and calibration", len(tasks), shown=show_progress) as advance:
            for name, result in run_jobs(job.run, tasks, workers, what, files=files):
                results[name] = result
                advance()
        return results
    if isinstance(job.prepared, PreparedTogether):
        workers = 1  # it takes all processors by itself
    first = next((name for name in tasks if name != "model"), "model")
    started = time.monotonic()
    results[first] = job.run(*tasks[first])
    seconds = time.monotonic() - started
    left = {name: task for name, task in tasks.items() if name != first}
    total = _total(left, tasks[first], seconds, workers)
    if show_progress and total > _TOLD:
        n = len(tasks["model"][0].source)
        say(
            f"Model of n = {count(n)} and calibration by {len(tasks) - 1} folds: up to "
            f"{_minutes(total)} (a fold took {seconds:.1f} s)"
        )
    steps = max(1, round(total))
    shown = show_progress and bool(left)
    bar = progress("Model and calibration, s", steps, shown=shown)
    with bar as advance, _ticking(advance, steps if shown else 0):
        for name, result in run_jobs(job.run, left, workers, what, files=files):
            results[name] = result
    return results


def tell_ahead(n: int, seconds: float) -> None:
    """Say what a model without folds will take, by what the study's replicates took."""
    if seconds > _TOLD:
        took = _minutes(seconds)
        say(f"Model of n = {count(n)}, calibrated by the study's own tests: up to {took}")


def _total(left: Tasks, first: tuple[Split, int | None], took: float, workers: int) -> float:
    """Seconds that the tasks left will take by what the first took; nothing if there is none."""
    each = [_seconds(task, first, took) for task in left.values()]
    if not each:
        return 0.0
    return max(sum(each) / min(max(workers, 1), len(each)), *each)


def _seconds(task: tuple[Split, int | None], first: tuple[Split, int | None], took: float) -> float:
    """What a task will take by what the first took; at most the cube of its rows."""
    rows = [len(split.source) + len(split.train) for split, _ in (task, first)]
    return took * max(1.0, rows[0] / max(rows[1], 1)) ** 3


@contextmanager
def _ticking(advance: Advance, steps: int) -> Iterator[None]:
    """Advance by a step a second while the block runs, and to the end when it has."""
    if not steps:
        yield
        return
    over, done = threading.Event(), 0
    started = time.monotonic()

    def tick() -> None:
        nonlocal done
        while not over.wait(_TICK):
            now = min(int(time.monotonic() - started), steps - 1)
            advance(now - done)
            done = now

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        advance(steps - done)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
