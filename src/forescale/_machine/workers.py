"""How many processes to use, and running work on them so that it survives what they do not."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from typing import Any, TypeVar

from forescale._machine.progress import say
from forescale.errors import ForescaleError

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
_ATTEMPTS = 3


def default_workers() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_processes(
    function: Callable[..., R], jobs: Mapping[K, tuple[Any, ...]], workers: int, what: str
) -> Iterator[tuple[K, R]]:
    """Results of ``function(*arguments)`` of every job, by the job's name, as they come.

    Parameters
    ----------
    function, jobs
        Picklable; workers are spawned.
    what
        What a job is, in the plural, for messages.

    Raises
    ------
    ForescaleError
        If worker processes keep dying.
    """
    left = dict(jobs)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            for name, result in _once(function, left, workers):
                del left[name]
                yield name, result
            return
        except BrokenProcessPool:
            if attempt < _ATTEMPTS:
                say(
                    f"a worker process died; {len(left)} {what} go on "
                    f"(attempt {attempt + 1} of {_ATTEMPTS})"
                )
    raise ForescaleError(
        f"worker processes keep dying ({len(left)} {what} missing); probably memory is short: "
        "the same command with --workers 1 continues where this stopped"
    )


def _once(
    function: Callable[..., R], jobs: Mapping[K, tuple[Any, ...]], workers: int
) -> Iterator[tuple[K, R]]:
    others = set(active_children())
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)),
        mp_context=get_context("spawn"),
        initializer=_start_worker,
        initargs=(os.getpid(),),
    )
    try:
        with _sigint_blocked():
            names = {pool.submit(function, *arguments): name for name, arguments in jobs.items()}
        for finished in as_completed(names):
            yield names[finished], finished.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(active_children()) - others:
            process.terminate()  # Ctrl-C does not wait for work that nobody will collect
        raise
    finally:
        pool.shutdown()


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Processes started here are born deaf to Ctrl-C, which their parent alone answers."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # it lifts the block where it has to start itself
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: nobody would collect the result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
