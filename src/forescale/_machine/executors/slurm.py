"""Arrays of Slurm by files on a file system that all nodes see; no connection to a scheduler.

    .cluster/token            what our jobs are called in the queue
    .cluster/shared/NAME.pkl  values that many tasks need
    .cluster/calls/NAME.pkl   a task, and beside it its note and the number of its job
    .cluster/told/NAME.jsonl  what it told, one line each: JSON, also for the next run to read
    .cluster/values/NAME.pkl  what it returned, read by the run that asked for it alone
    .cluster/slurm/           scripts and logs of submitit, which submits and requeues

Whether a job still is in the queue is asked of ``squeue``, which answers everywhere, for all of
them at once.
"""

from __future__ import annotations

import json
import pickle
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

from forescale._machine.executors.config import ClusterConfig
from forescale._machine.executors.contract import (
    Ended,
    Event,
    Executor,
    Health,
    Left,
    Node,
    Told,
)
from forescale._machine.executors.remote import Answer, Call
from forescale._machine.executors.sharing import Shared, pack
from forescale._machine.executors.slurm_node import ResumableCall, SingleCall
from forescale._machine.imports import optional
from forescale._machine.progress import say
from forescale.errors import EngineError, RequestError

WALLTIME = 3600.0
"""Seconds, where the table says none."""

_ARRAY = 500  # tasks of one array at most: many clusters allow 1001
_LOOK = 2.0  # seconds between two looks at the queue
_GONE = 2  # looks in which a job is missing before it counts as ended
_READS = 500.0  # files read in a second at most: the file system is not ours alone
_WAITING = ("PENDING", "REQUEUED", "CONFIGURING", "REQUEUE_HOLD", "SPECIAL_EXIT")


@dataclass
class _Running:
    """A task that was handed over."""

    job: str
    resumable: bool
    read: int = 0
    missed: int = 0
    state: str = "PENDING"
    node: str = ""


class SlurmExecutor(Executor):
    """Tasks as jobs of arrays.

    Parameters
    ----------
    folder
        For the files, on a file system that all nodes see.
    config
        Resources, and what ``sbatch`` is told.
    wanted
        Versions that nodes must have.
    """

    seconds_a_bundle = 300.0
    outlives = True

    def __init__(
        self, folder: Path, config: ClusterConfig, *, wanted: dict[str, str] | None = None
    ) -> None:
        self._submitit = optional("submitit", "slurm")
        if shutil.which("sbatch") is None or shutil.which("squeue") is None:
            raise RequestError(
                "kind = 'slurm': there is no sbatch here; give the command on a machine from "
                "which jobs are submitted, such as a login node"
            )
        self.place, self._config, self._wanted = "Slurm", config, dict(wanted or {})
        self.resources = replace(config.resources, walltime=config.walltime or WALLTIME)
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for part in ("shared", "calls", "told", "values", "slurm"):
            (self.folder / part).mkdir(exist_ok=True)
        self._label = f"fs-{_token(self.folder)}"
        self._new: list[str] = []
        self._tasks: dict[str, _Running] = {}
        self._excluded: dict[str, str] = {}
        self._looked = self._read = 0.0
        self._deaf = False

    # -- the contract ---------------------------------------------------------------------

    @property
    def slots(self) -> int:
        return self._config.workers

    def share(self, value: Any, folder: Path | None = None) -> Shared:
        payload, shared = pack(value, folder)
        path = self.folder / "shared" / f"{shared.name}.pkl"
        path.write_bytes(payload)
        return replace(shared, file=str(path))

    def submit(
        self,
        name: str,
        function: Callable[..., Any] | Shared,
        *arguments: Any,
        resumable: bool = False,
        note: dict[str, Any] | None = None,
    ) -> None:
        call = Call(name, function, arguments, self._wanted, None, self._config.grace)
        (self.folder / "calls" / f"{name}.pkl").write_bytes(pickle.dumps(call))
        if resumable:
            (self.folder / "calls" / f"{name}.json").write_text(json.dumps(note or {}))
        self._tasks[name] = _Running("", resumable)
        self._new.append(name)

    def events(self, timeout: float) -> Iterator[Event]:
        self._hand_over()
        until = time.monotonic() + timeout
        pause = max(0.2, len(self._tasks) / _READS)
        while True:
            if time.monotonic() - self._read > pause:
                self._read = time.monotonic()
                found = list(self._news())
                if found:
                    yield from found
                    return
            if time.monotonic() >= until:
                return
            time.sleep(min(0.1, timeout))

    def cancel(self, names: Iterable[str]) -> None:
        gone = {name: task for name in names if (task := self._tasks.pop(name, None)) is not None}
        self._new = [name for name in self._new if name not in gone]
        self._scancel([task.job for task in gone.values() if task.job])
        for name in gone:
            self._clean(name)

    def exclude(self, node: str, reason: str) -> None:
        self._excluded[node] = reason

    def health(self) -> Health:
        running: dict[str, list[str]] = {}
        for name, task in self._tasks.items():
            if task.state not in _WAITING and task.node:
                running.setdefault(task.node, []).append(name)
        nodes = tuple(Node(name, len(tasks), tuple(tasks)) for name, tasks in running.items())
        waiting = sum(task.state in _WAITING for task in self._tasks.values())
        return Health(nodes, dict(self._excluded), waiting)

    def close(self, *, leave: bool = False) -> None:
        if leave:
            self._hand_over()
            if self._tasks:
                say(
                    f"{len(self._tasks)} jobs are left in the queue as {self._label}; the same "
                    f"command takes them up, scancel --name={self._label} ends them"
                )
            return
        self.cancel(list(self._tasks))
        for part in ("shared", "values"):
            for path in (self.folder / part).iterdir():
                path.unlink(missing_ok=True)

    def left_behind(self) -> dict[str, Left]:
        """Tasks of an earlier run that can go on; any other of its jobs is ended."""
        found: dict[str, Left] = {}
        queue = self._queue() or {}
        for path in sorted((self.folder / "calls").glob("*.json")):
            name = path.stem
            job = _read(path.with_suffix(".job"))
            messages = [message for _, message in self._told(name, 0)[0]]
            running = bool(job) and job in queue
            found[name] = Left(json.loads(_read(path) or "{}"), messages, running)
            if running:
                size = (self.folder / "told" / f"{name}.jsonl").stat().st_size if messages else 0
                self._tasks[name] = _Running(job, True, read=size)
            else:
                self._clean(name)
        known = {task.job for task in self._tasks.values()}
        self._scancel([job for job in queue if job not in known])
        return found

    # -- handing over -----------------------------------------------------------------------

    def _hand_over(self) -> None:
        while self._new:
            part, self._new = self._new[:_ARRAY], self._new[_ARRAY:]
            try:
                jobs = self._submit_array(part)
            except Exception as error:
                raise EngineError(
                    f"Slurm does not take the jobs: {' '.join(str(error).split())[:500]}"
                ) from None
            for name, job in zip(part, jobs, strict=True):
                self._tasks[name].job = job
                if self._tasks[name].resumable:
                    (self.folder / "calls" / f"{name}.job").write_text(job)
            self._looked = time.monotonic()  # the queue may not know them yet

    def _submit_array(self, names: list[str]) -> list[str]:
        executor = self._submitit.SlurmExecutor(
            folder=self.folder / "slurm", max_num_timeout=1000, python=self._config.python
        )
        executor.update_parameters(**self._parameters())
        jobs = []
        with executor.batch():
            for name in names:
                kind = ResumableCall if self._tasks[name].resumable else SingleCall
                jobs.append(executor.submit(kind(), str(self.folder), name))
        return [str(job.job_id) for job in jobs]

    def _parameters(self) -> dict[str, Any]:
        config = self._config
        walltime = self.resources.walltime or WALLTIME
        asked = {
            "job_name": self._label,
            "time": max(1, ceil(walltime / 60)),
            "mem": f"{ceil(config.memory * 1024)}MB",
            "cpus_per_task": config.cores,
            "gpus_per_node": config.gpus or None,
            "partition": config.partition,
            "account": config.account,
            "qos": config.qos,
            "exclude": ",".join(self._excluded) or None,
            "signal_delay_s": round(config.grace),
            "array_parallelism": config.workers,
            "setup": list(config.setup) or None,
            "additional_parameters": dict(config.options) or None,
        }
        return {key: value for key, value in asked.items() if value is not None}

    # -- what happened ----------------------------------------------------------------------

    def _news(self) -> Iterator[Event]:
        looked = time.monotonic() - self._looked > _LOOK
        queue = self._look() if looked else None
        for name, task in list(self._tasks.items()):
            if not task.job:
                continue
            lines, task.read = self._told(name, task.read)
            end: Answer | None = None
            for node, message in lines:
                task.node = node
                if "ended" in message:
                    end = Answer(**message["ended"])
                else:
                    yield Told(name, message, node)
            if end is not None:
                yield self._ended(name, task, end)
            elif queue is not None and task.job not in queue:
                task.missed += 1
                if task.missed >= _GONE:
                    yield self._lost(name, task)
            elif queue is not None:
                task.missed, (task.state, place) = 0, queue[task.job]
                task.node = place or task.node

    def _look(self) -> dict[str, tuple[str, str]] | None:
        self._looked = time.monotonic()
        found = self._queue()
        if found is None and not self._deaf:
            say("Slurm does not answer (squeue fails); waiting for it")
        self._deaf = found is None
        return found

    def _queue(self) -> dict[str, tuple[str, str]] | None:
        """State and node of each of our jobs in the queue; None if nobody answers."""
        command = ["squeue", "-h", "-r", f"--name={self._label}", "-o", "%i|%T|%N"]
        text = _asked(*command)
        if text is None:
            return None
        rows = (line.split("|") for line in text.splitlines() if line.count("|") == 2)
        return {job: (state, node) for job, state, node in rows}

    def _told(self, name: str, start: int) -> tuple[list[tuple[str, dict[str, Any]]], int]:
        """Whole lines from a place of the file on, and where they end."""
        try:
            with (self.folder / "told" / f"{name}.jsonl").open("rb") as stream:
                stream.seek(start)
                data = stream.read()
        except OSError:
            return [], start
        data = data[: data.rfind(b"\n") + 1]
        lines = []
        for line in data.splitlines():
            with suppress(ValueError, KeyError, TypeError):  # torn by a crash of the file system
                told = json.loads(line)
                lines.append((str(told["node"]), dict(told["message"])))
        return lines, start + len(data)

    def _ended(self, name: str, task: _Running, end: Answer) -> Ended:
        if end.refused:
            event = Ended(name, lost=f"refused: {end.refused}", node=end.node)
        elif task.resumable or end.raised is not None:
            event = Ended(name, None, end.error(), node=end.node)
        else:
            value = pickle.loads((self.folder / "values" / f"{name}.pkl").read_bytes())  # noqa: S301
            event = Ended(name, value, node=end.node)
        del self._tasks[name]
        self._clean(name)
        for path in (self.folder / "slurm").glob(f"{task.job}_*"):
            path.unlink(missing_ok=True)
        return event

    def _lost(self, name: str, task: _Running) -> Ended:
        """A job that is no longer in the queue and never said that it had ended."""
        del self._tasks[name]
        self._clean(name)
        return Ended(name, lost=self._why(task.job), node=task.node)

    def _why(self, job: str) -> str:
        """What Slurm and the job's log say of its end."""
        why = f"job {job} ended without a word"
        text = _asked("scontrol", "-o", "show", "job", job) or ""
        facts = dict(pair.split("=", 1) for pair in text.split() if "=" in pair)
        if "JobState" in facts:
            why = f"job {job}: {facts['JobState']}, exit code {facts.get('ExitCode', '?')}"
        logs = sorted((self.folder / "slurm").glob(f"{job}_*log.err"))
        words = _read(logs[-1]).split()[-30:] if logs else []
        return f"{why}; its log ends: {' '.join(words)[-200:]}" if words else why

    def _clean(self, name: str) -> None:
        for part, suffixes in (("calls", (".pkl", ".json", ".job")), ("values", (".pkl",))):
            for suffix in suffixes:
                (self.folder / part / f"{name}{suffix}").unlink(missing_ok=True)
        (self.folder / "told" / f"{name}.jsonl").unlink(missing_ok=True)

    def _scancel(self, jobs: list[str]) -> None:
        for start in range(0, len(jobs), 200):
            _asked("scancel", *jobs[start : start + 200])


def _asked(*command: str) -> str | None:
    """What a program of Slurm answers, or None where it does not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _token(folder: Path) -> str:
    """What tells the jobs of this folder from all others in the queue."""
    path = folder / "token"
    if not path.exists():
        path.write_text(secrets.token_hex(4))
    return path.read_text()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
