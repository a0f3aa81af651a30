"""Worker processes as the campaign sees them."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forescale.errors import EngineError, MissingDependencyError
from forescale.simulation.worker import OUTPUT_FILE

START_SECONDS = 300.0
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """One attempt at one material."""

    material: str
    attempt: int
    seed: int
    scratch: Path
    checkpoint: Path


class Worker:
    """One worker process, in a process group of its own, doing at most one task at a time."""

    def __init__(self, start: dict[str, Any], threads: int) -> None:
        environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(threads))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "forescale.simulation.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self.stdout = self._process.stdin, self._process.stdout
        self._buffer = b""
        self.task: Task | None = None
        self.ready = False
        self.version = ""
        self.started = time.monotonic()
        self._send(start)

    def begin(self, task: Task, kind: str) -> None:
        """Hand a task to the worker."""
        self.task, self.started = task, time.monotonic()
        self._send(
            {
                "material": task.material,
                "kind": kind,
                "seed": task.seed,
                "scratch": str(task.scratch),
                "checkpoint": str(task.checkpoint),
            }
        )

    def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # it died: the next read finds its end
            self._stdin.write((json.dumps(message) + "\n").encode())
            self._stdin.flush()

    def receive(self) -> dict[str, Any] | None:
        """The next whole answer, ``None`` if there is not yet one; EOFError if it died."""
        chunk = os.read(self.stdout.fileno(), 65536)
        if not chunk:
            raise EOFError
        self._buffer += chunk
        line, newline, rest = self._buffer.partition(b"\n")
        if not newline:
            return None
        self._buffer = rest
        answer: dict[str, Any] = json.loads(line)
        return answer

    def seconds(self) -> float:
        """Time since it was started or given its task."""
        return time.monotonic() - self.started

    def kill(self) -> str:
        """Kill it with all that it started; say how it had ended if it was dead already."""
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=0.5)
        self.kill_now()
        if code is None:
            return "it had to be killed"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def kill_now(self) -> None:
        """Kill its process group by its number and reap it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._stdin, self.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@dataclass(frozen=True)
class Outcome:
    """How a task ended."""

    task: Task
    answer: dict[str, Any]
    version: str


class EnginePool:
    """A fixed number of workers, replaced when they die or overrun."""

    def __init__(self, start: dict[str, Any], *, workers: int, threads: int, limit: float) -> None:
        self._start, self._threads, self._limit = start, threads, limit
        self._selector = selectors.DefaultSelector()
        self._workers: list[Worker] = []
        self._free: list[Worker] = []
        self.closed = False
        for _ in range(workers):
            self._add()

    def __enter__(self) -> EnginePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill every worker with all that it started."""
        if not self.closed:
            self.closed = True
            for worker in self._workers:
                worker.kill_now()
            self._workers.clear()
            self._free.clear()
            self._selector.close()

    def wait(self) -> str:
        """Wait for a worker that is ready; the engine's version there.

        Raises
        ------
        EngineError, MissingDependencyError
            If a worker cannot start.
        """
        while not self._free:
            for _ in self.outcomes():
                pass
        return self._free[-1].version

    @property
    def free(self) -> int:
        """Workers that wait for a task."""
        return len(self._free)

    @property
    def busy(self) -> int:
        """Workers that have a task."""
        return sum(worker.task is not None for worker in self._workers)

    def submit(self, task: Task, kind: str) -> None:
        """Give a task to a free worker."""
        shutil.rmtree(task.scratch, ignore_errors=True)
        task.scratch.mkdir(parents=True)
        self._free.pop().begin(task, kind)

    def outcomes(self, timeout: float = 0.5) -> Iterator[Outcome]:
        """Wait for something to happen; yield the tasks that ended.

        Raises
        ------
        EngineError, MissingDependencyError
            If a worker cannot start: then no job can be done.
        """
        for selected, _ in self._selector.select(timeout):
            worker: Worker = selected.data
            try:
                answer = worker.receive()
            except EOFError:
                yield from self._bury(worker, None)
            except ValueError:
                yield from self._bury(worker, "the worker's answer is not readable")
            else:
                if answer is not None:
                    yield from self._accept(worker, answer)
        for worker in list(self._workers):
            if worker.task is not None and worker.seconds() > self._limit:
                yield from self._bury(worker, f"over the time limit of {self._limit:g} s")
            elif not worker.ready and worker.seconds() > START_SECONDS:
                raise EngineError(f"the engine did not start within {START_SECONDS:g} s")

    def _add(self) -> None:
        worker = Worker(self._start, self._threads)
        self._workers.append(worker)
        self._selector.register(worker.stdout, selectors.EVENT_READ, worker)

    def _accept(self, worker: Worker, answer: dict[str, Any]) -> Iterator[Outcome]:
        if not worker.ready:
            if not answer["ready"]:
                missing = answer["type"] == MissingDependencyError.__name__
                raise (MissingDependencyError if missing else EngineError)(answer["reason"])
            worker.ready, worker.version = True, answer["version"]
        elif worker.task is not None:
            yield Outcome(worker.task, answer, worker.version)
            worker.task = None
        self._free.append(worker)

    def _bury(self, worker: Worker, reason: str | None) -> Iterator[Outcome]:
        """Replace a dead or overdue worker; its task, if any, failed."""
        self._selector.unregister(worker.stdout)
        self._workers.remove(worker)
        if worker in self._free:
            self._free.remove(worker)
        if reason is None:
            reason = f"the engine's process died ({worker.kill()})"
        else:
            worker.kill_now()
        if not worker.ready:
            raise EngineError(f"the engine cannot be started: {reason}")
        self._add()
        if worker.task is not None:
            reason += _last_words(worker.task.scratch)
            wall = worker.seconds()
            answer = {"status": "failed", "reason": reason, "wall_s": wall}
            yield Outcome(worker.task, answer, worker.version)


def _last_words(scratch: Path, length: int = 200) -> str:
    """The end of what the engine printed, for the reason of a failure."""
    try:
        with (scratch / OUTPUT_FILE).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - length))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    printable = "".join(c if c.isprintable() else " " for c in text).strip()
    return f"; last output: {printable}" if printable else ""
