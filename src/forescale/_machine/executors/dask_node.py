"""What a Dask worker runs: one task in a thread of it, told through the scheduler."""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

from forescale._machine.executors.remote import Answer, Call, Context, host, perform
from forescale._machine.imports import optional


def on_worker(topic: str, name: str, pickled: bytes) -> Answer:
    """Do a call in a worker's thread."""
    worker = optional("distributed", "cluster").get_worker()
    teller = _Teller(worker, topic, name)
    try:
        call: Call = pickle.loads(pickled)  # noqa: S301
    except Exception as error:  # what it needs is not installed there
        return Answer(refused=f"{type(error).__name__}: {error}", node=worker.address)
    deadline = _end_of(call.walltime)
    context = Context(call.name, worker.address, teller.tell, deadline, call.grace)
    context.unwanted = _cancelled(worker, worker.get_current_task())
    try:
        teller.tell({"begun": host()})
        return perform(call, context)
    finally:
        teller.flush()


def _cancelled(worker: Any, key: Any) -> Callable[[], bool]:
    """Whether the scheduler has told this worker to forget a task that runs in a thread of it."""

    def cancelled() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    return cancelled


class _Teller:
    """Gathers messages for a moment, so that thousands of them are few for the scheduler."""

    _PAUSE = 0.01

    def __init__(self, worker: Any, topic: str, name: str) -> None:
        self._worker, self._topic, self._name = worker, topic, name
        self._messages: list[dict[str, Any]] = []
        self._sent = 0.0
        self._lock = threading.Lock()

    def tell(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._messages.append(message)
        if time.monotonic() - self._sent > self._PAUSE:
            self.flush()

    def flush(self) -> None:
        with self._lock:
            messages, self._messages = self._messages, []
        self._sent = time.monotonic()
        if messages:
            told = {"name": self._name, "node": self._worker.address, "messages": messages}
            self._worker.log_event(self._topic, told)


def _end_of(walltime: float | None) -> float | None:
    """When the worker's place is taken back: as the batch system says, or as we were told."""
    if "SLURM_JOB_END_TIME" in os.environ:
        return float(os.environ["SLURM_JOB_END_TIME"])
    if walltime is None:
        return None
    return float(optional("psutil", "cluster").Process().create_time()) + walltime
