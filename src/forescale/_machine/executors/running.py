"""Jobs of one function, here or on a cluster: the one call behind everything that is shared out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from forescale._machine.executors.contract import Ended, Executor
from forescale._machine.progress import say
from forescale._machine.workers import in_processes
from forescale.errors import ForescaleError

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

Workers = int | Executor
"""Processes of this machine, or another place to work."""

_ATTEMPTS = 5


def run_jobs(
    function: Callable[..., R],
    jobs: Mapping[K, tuple[Any, ...]],
    workers: Workers,
    what: str,
    *,
    files: Path | None = None,
) -> Iterator[tuple[K, R]]:
    """Results of ``function(*arguments)`` of every job, by the job's name, as they come.

    Parameters
    ----------
    function, jobs
        Picklable. The function, with all the data it holds, reaches a machine once.
    workers
        Processes here (1: this one), or a place to work. Results do not depend on it.
    what
        What a job is, in the plural, for messages.
    files
        Folder of the files that the function reads.

    Raises
    ------
    ForescaleError
        What the function raises; or if its machines keep dying.
    """
    if isinstance(workers, Executor):
        return _elsewhere(function, jobs, workers, what, files)
    if workers <= 1 or len(jobs) <= 1:
        return ((name, function(*arguments)) for name, arguments in jobs.items())
    return in_processes(function, jobs, workers, what)


def _elsewhere(
    function: Callable[..., R],
    jobs: Mapping[K, tuple[Any, ...]],
    executor: Executor,
    what: str,
    files: Path | None,
) -> Iterator[tuple[K, R]]:
    if not jobs:
        return
    shared = executor.share(function, files)
    waiting: dict[str, K] = {}
    lost = Counter[K]()
    number = 0

    def submit(job: K) -> None:
        nonlocal number
        number += 1
        name = f"{shared.name[:8]}-{number}"
        waiting[name] = job
        executor.submit(name, shared, *jobs[job])

    try:
        for job in jobs:
            submit(job)
        while waiting:
            executor.note_health()
            for event in executor.events(1.0):
                if not isinstance(event, Ended) or event.name not in waiting:
                    continue
                job = waiting.pop(event.name)
                if event.lost:
                    _note(executor, event, lost, job, what)
                    submit(job)
                elif event.error is not None:
                    raise event.error
                else:
                    yield job, event.value
    finally:
        executor.cancel(list(waiting))


def _note(executor: Executor, event: Ended, lost: Counter[K], job: K, what: str) -> None:
    """Say why a job is begun again, and give up where that leads nowhere."""
    if event.lost.startswith("refused") and event.node:
        if event.node not in executor.health().lost:
            say(f"{event.node} is given nothing: it has {event.lost.removeprefix('refused: ')}")
            executor.exclude(event.node, event.lost)
        if not executor.health().nodes:
            raise ForescaleError(
                f"no machine of {executor.place} has the versions of this one "
                f"({event.lost.removeprefix('refused: ')}); install them there, or say "
                'versions = "mark" in [cluster]'
            )
        return
    lost[job] += 1
    say(f"one of the {what} was lost ({event.lost}); it is begun again")
    if lost[job] >= _ATTEMPTS:
        raise ForescaleError(
            f"one of the {what} was lost {_ATTEMPTS} times on {executor.place}: {event.lost}; "
            "probably memory or walltime is short there. What is finished is kept, and the "
            "same command goes on"
        )
