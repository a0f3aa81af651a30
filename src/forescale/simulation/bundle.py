"""A bundle of jobs on a machine of a cluster: one engine process, the same limits as here.

It tells of every job as it ends, so that a machine that is lost costs the job in flight. When
the walltime nears, the job that runs is stopped with its process group; its checkpoint stays,
and the rest of the bundle goes on elsewhere.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forescale._machine.executors.remote import Context, node_scratch
from forescale._machine.executors.sharing import sees
from forescale.simulation.pool import EnginePool, Outcome, Task

_LOOK = 0.2  # seconds between two looks at the clock while a job runs
_ROOM = 2**20  # bytes that a disk has left which is not full
_SAY = 1.0  # seconds after which it is said again what runs


@dataclass(frozen=True)
class Work:
    """What all bundles of a campaign have in common.

    Attributes
    ----------
    start
        What a worker process is started with.
    kind
        Kind of the materials.
    threads
        Threads of numerical libraries.
    limit
        Seconds of one job.
    results, token
        Results folder, and what a machine that sees it finds there.
    label
        Name of the protocol.
    keep
        Keep the engine's files in the results folder.
    scratch
        Folder for scratch files on each machine.
    """

    start: dict[str, Any]
    kind: str
    threads: int
    limit: float
    results: str
    token: str
    label: str
    keep: bool = False
    scratch: str | None = None


Item = tuple[str, int, int, str]
"""A job of a bundle: material, attempt, seed, and the name of its folders."""


def run_bundle(context: Context, work: Work, items: list[Item], box: float, version: str) -> None:
    """Do jobs one after another until all are done, time is up, or the machine is taken back.

    Parameters
    ----------
    box
        No job is begun after so many seconds: the rest comes back.
    version
        The engine's version that is wanted; empty for any.
    """
    try:
        _run(context, work, items, box, version)
    except OSError as error:  # of the machine, not of a job: its scratch folder or its disk
        context.tell({"broken": f"{error.strerror or error}: {error.filename or work.scratch}"})


def _run(context: Context, work: Work, items: list[Item], box: float, version: str) -> None:
    ended = {(one["job"][0], one["job"][1]) for one in context.past if "answer" in one}
    items = [item for item in items if (item[0], item[1]) not in ended]
    began = time.monotonic()
    if context.must_stop():
        context.tell({"late": True})  # the place ends before anything could be begun
        return
    with _folders(work) as folders, _engine(work, folders.shared) as pool:
        context.stopping.append(lambda: _stop(context, pool, folders))
        found = pool.wait()
        context.tell({"engine": found, "sees": folders.seen})
        if version and found != version:
            return
        for item in items:
            if context.must_stop() or time.monotonic() - began > box:
                return
            if not _do(context, pool, folders, work, item):
                return


@dataclass
class _Folders:
    """Where files go on this machine, and which job runs there."""

    seen: bool
    scratch: Path
    checkpoints: Path
    shared: Path
    keep: bool
    running: Task | None = None
    said: float = 0.0

    def task(self, item: Item) -> Task:
        """A job with its folders on this machine."""
        material, attempt, seed, name = item
        return Task(material, attempt, seed, self.scratch / name, self.checkpoints / name)


@contextmanager
def _folders(work: Work) -> Iterator[_Folders]:
    results = Path(work.results)
    seen = sees(results, work.token)
    own = node_scratch(work.scratch)
    try:
        yield _Folders(
            seen,
            results / "kept" if work.keep and seen else own,
            (results / "checkpoints" / work.label) if seen else own / "checkpoints",
            Path(work.start["shared"]) if seen else own / "shared",
            work.keep and seen,
        )
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _do(context: Context, pool: EnginePool, folders: _Folders, work: Work, item: Item) -> bool:
    """Do one job; false if it had to be stopped."""
    task = folders.running = folders.task(item)
    if time.monotonic() - folders.said > _SAY:
        folders.said = time.monotonic()
        context.tell({"doing": task.material})
    pool.submit(task, work.kind)
    while pool.busy:
        for outcome in pool.outcomes(_LOOK):
            folders.running = None
            if outcome.answer["status"] == "failed":
                _refuse_full(task.scratch)
            context.tell(message_of(outcome))
            if not folders.keep:
                shutil.rmtree(task.scratch, ignore_errors=True)
        if pool.busy and context.must_stop():
            _stop(context, pool, folders)
            return False
    return True


def _refuse_full(scratch: Path) -> None:
    """A job that failed where the disk is full says nothing of the job."""
    if shutil.disk_usage(scratch).free < _ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(scratch))


def _stop(context: Context, pool: EnginePool, folders: _Folders) -> None:
    """Kill what runs, with all that it started, and say how far it had got."""
    pool.close()
    task, folders.running = folders.running, None
    if task is not None:
        mark = _mark(task.checkpoint) if folders.seen else ""
        context.tell({"stopped": [task.material, task.attempt], "checkpoint": mark})


def _mark(checkpoint: Path) -> str:
    """What changes when a checkpoint goes on: its newest file."""
    try:
        files = [path.stat() for path in checkpoint.rglob("*") if path.is_file()]
    except OSError:
        return ""
    return str(max((one.st_mtime_ns for one in files), default=""))


def message_of(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain JSON values."""
    task = outcome.task
    job = [task.material, task.attempt]
    return {"job": job, "answer": outcome.answer, "version": outcome.version}


# -- engine processes that wait for the next bundle ------------------------------------------------

_IDLE: dict[str, list[tuple[EnginePool, float]]] = {}
_LOCK = threading.Lock()
_PATIENCE = 60.0
_SWEEPER = "forescale-sweeper"


@contextmanager
def _engine(work: Work, shared: Path) -> Iterator[EnginePool]:
    """One engine process: one that has waited since the last bundle, or a new one."""
    start = work.start | {"shared": str(shared)}
    key = repr((sorted(start.items(), key=str), work.threads, work.limit))
    pool = _taken(key) or EnginePool(start, workers=1, threads=work.threads, limit=work.limit)
    try:
        yield pool
    except BaseException:
        pool.close()
        raise
    if not pool.closed:
        with _LOCK:
            _IDLE.setdefault(key, []).append((pool, time.monotonic()))
            if not any(thread.name == _SWEEPER for thread in threading.enumerate()):
                threading.Thread(target=_sweep_for_ever, name=_SWEEPER, daemon=True).start()


def _taken(key: str) -> EnginePool | None:
    with _LOCK:
        waiting = _IDLE.get(key, [])
        return waiting.pop()[0] if waiting else None


def _sweep_for_ever() -> None:
    while True:
        time.sleep(_PATIENCE / 4)
        _sweep(_PATIENCE)


def _sweep(older: float) -> None:
    """End the engine processes that nobody has asked for in a while."""
    now = time.monotonic()
    with _LOCK:
        for waiting in _IDLE.values():
            for entry in [one for one in waiting if now - one[1] >= older]:
                waiting.remove(entry)
                entry[0].close()


atexit.register(_sweep, 0.0)
