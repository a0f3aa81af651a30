"""The jobs of a campaign on a cluster, in bundles, seen as the campaign sees its own workers.

The campaign's store stays the one truth, written by the campaign alone. A bundle holds as many
jobs as take a set time by what the last ones took: short ones by the thousand, a long one alone.
"""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from forescale._machine.executors import Ended, Executor, Told
from forescale._machine.progress import say
from forescale.errors import EngineError, MissingDependencyError
from forescale.simulation.bundle import Item, Work, run_bundle
from forescale.simulation.pool import Outcome, Task

MAX_JOBS = 5000
"""Jobs of one bundle at most."""

_GROWTH = 10  # a bundle holds at most so many times the jobs of the largest before
_BOX = 3.0  # times its intended time after which a bundle begins no further job
_LOST = 3  # times that a job may lose its machine, or gain nothing in a whole allocation
_BUNDLES = 50.0  # a second at most over all machines: what a scheduler does with ease
_RECENT = 200  # jobs whose times are looked at


@dataclass
class _Bundle:
    """Jobs that were handed over together and have not all ended."""

    open: dict[tuple[str, int], Task]
    node: str = ""
    doing: str = ""


@dataclass
class NodeRecord:
    """What became of one machine."""

    engine: str = ""
    finished: int = 0
    seconds: float = 0.0
    lost: str = ""


@dataclass
class ClusterPool:
    """Looks like :class:`~forescale.simulation.pool.EnginePool` and works elsewhere.

    Attributes
    ----------
    executor
        Where.
    work
        What all bundles share.
    waiting
        How many jobs the campaign has not handed over.
    policy
        What becomes of a machine whose engine is of another version than the first one's.
    version
        The version wanted; empty: that of the first machine.
    """

    executor: Executor
    work: Work
    waiting: Callable[[], int]
    policy: str = "refuse"
    version: str = ""
    nodes: dict[str, NodeRecord] = field(default_factory=dict)
    begun_again: int = 0

    def __post_init__(self) -> None:
        self._bundles: dict[str, _Bundle] = {}
        self._buffer: deque[Task] = deque()
        self._again: deque[Task] = deque()
        self._alone: set[tuple[str, int]] = set()
        self._losses = Counter[tuple[str, int, str]]()
        self._walls: deque[float] = deque(maxlen=_RECENT)
        self._largest = 0
        self._number = 0
        self._run = secrets.token_hex(3)
        self._marked: set[str] = set()

    # -- as the campaign sees it ------------------------------------------------------------

    @property
    def free(self) -> int:
        """Jobs that are wanted now."""
        return max(0, self._places() * self._size() - len(self._buffer) - len(self._again))

    @property
    def busy(self) -> int:
        """Jobs handed over that have not ended."""
        handed = sum(len(bundle.open) for bundle in self._bundles.values())
        return handed + len(self._buffer) + len(self._again)

    @property
    def doing(self) -> dict[str, list[str]]:
        """What runs where, as far as it has been told."""
        found: dict[str, list[str]] = {}
        for bundle in self._bundles.values():
            if bundle.node:
                found.setdefault(bundle.node, []).append(bundle.doing)
        return found

    def submit(self, task: Task, kind: str) -> None:  # noqa: ARG002
        """Take a job; it travels with the next bundle."""
        self._buffer.append(task)

    def outcomes(self, timeout: float = 0.5) -> Iterator[Outcome]:
        """Hand over what is there, wait for something to happen, and yield the jobs that ended.

        Raises
        ------
        EngineError, MissingDependencyError
            If no machine can start the engine.
        """
        self._hand_over()
        for event in self.executor.events(timeout):
            bundle = self._bundles.get(event.name)
            if bundle is None:
                continue
            if event.node:
                bundle.node = event.node
            if isinstance(event, Told):
                yield from self._heard(event.name, bundle, event.message)
            else:
                yield from self._ended(bundle, event)

    def take_over(self, task_of: Callable[[str, int], Task]) -> tuple[list[Outcome], set[Any]]:
        """What an earlier run left on the cluster: jobs that ended, and those that still run."""
        ended: list[Outcome] = []
        running: set[tuple[str, int]] = set()
        for name, left in self.executor.left_behind().items():
            jobs = [(str(material), int(attempt)) for material, attempt in left.note["jobs"]]
            bundle = _Bundle({job: task_of(*job) for job in jobs})
            for message in left.messages:
                ended.extend(self._heard(name, bundle, message))
            if left.running:
                self._bundles[name] = bundle
                running.update(bundle.open)
        return ended, running

    # -- bundles ----------------------------------------------------------------------------

    def _places(self) -> int:
        """Bundles that may be handed over now: some wait where the last one ends soon."""
        ahead = 2 if self.executor.seconds_a_bundle < 10 and self._walls else 1
        return max(0, ahead * self.executor.slots - len(self._bundles))

    def _size(self) -> int:
        if not self._walls:
            return 1
        wanted = max(self.executor.seconds_a_bundle, self.executor.slots / _BUNDLES)
        if self.executor.resources.walltime:
            wanted = min(wanted, self.executor.resources.walltime / 2)
        typical = sum(self._walls) / len(self._walls)
        left = self.waiting() + len(self._buffer) + len(self._again)
        share = -(-left // (2 * self.executor.slots))  # towards the end all machines finish
        size = min(MAX_JOBS, int(wanted / max(typical, 2e-4)), _GROWTH * self._largest, share)
        return max(1, size)

    def _hand_over(self) -> None:
        while self._places() and (self._again or self._buffer):
            tasks: list[Task] = []
            size = self._size()
            while len(tasks) < size and (self._again or self._buffer):
                task = (self._again or self._buffer).popleft()
                if (task.material, task.attempt) in self._alone:
                    if tasks:
                        self._again.appendleft(task)
                    else:
                        tasks.append(task)
                    break
                tasks.append(task)
            self._largest = max(self._largest, len(tasks))
            self._begin(tasks)

    def _begin(self, tasks: list[Task]) -> None:
        self._number += 1
        name = f"{self._run}-{self._number:06d}"
        items: list[Item] = [(t.material, t.attempt, t.seed, t.scratch.name) for t in tasks]
        wanted = self.version if self.policy == "refuse" else ""
        box = _BOX * self.executor.seconds_a_bundle
        note = {"jobs": [[t.material, t.attempt] for t in tasks]}
        self._bundles[name] = _Bundle({(t.material, t.attempt): t for t in tasks})
        self.executor.submit(
            name, run_bundle, self.work, items, box, wanted, resumable=True, note=note
        )

    # -- what is told -------------------------------------------------------------------------

    def _heard(self, name: str, bundle: _Bundle, message: dict[str, Any]) -> Iterator[Outcome]:
        node = self.nodes.setdefault(bundle.node, NodeRecord())
        if "engine" in message:
            self._met(bundle.node, node, str(message["engine"]), bool(message["sees"]))
        elif "late" in message:
            self.executor.exclude(bundle.node, "its walltime has ended")
        elif "broken" in message:
            node.lost = str(message["broken"])
            say(f"{bundle.node} is given nothing more: {node.lost}")
            self.executor.exclude(bundle.node, node.lost)
        elif "doing" in message:
            bundle.doing = str(message["doing"])
        elif "stopped" in message:
            yield from self._stopped(name, bundle, message)
        elif "answer" in message:
            material, attempt = message["job"]
            version = str(message["version"])
            if self.policy == "refuse" and self.version and version != self.version:
                return  # it was begun before the version wanted was known: begun again elsewhere
            task = bundle.open.pop((material, attempt), None)
            if task is not None:
                wall = float(message["answer"]["wall_s"])
                self._walls.append(wall)
                node.finished, node.seconds = node.finished + 1, node.seconds + wall
                # What it told at first is missed where its name was not known yet.
                node.engine = node.engine or version
                yield Outcome(task, message["answer"], version)

    def _met(self, name: str, node: NodeRecord, version: str, sees: bool) -> None:
        node.engine = version
        self.version = self.version or version
        if version != self.version and name not in self._marked:
            self._marked.add(name)
            what = f"{name} has the engine's version {version}, the others {self.version}"
            if self.policy == "refuse":
                say(f"{what}; it is given nothing")
                node.lost = f"engine {version}"
                self.executor.exclude(name, f"engine {version} instead of {self.version}")
            else:
                say(f"{what}; its results are marked with it")
        if not sees and "" not in self._marked:
            self._marked.add("")
            say(
                f"{name} does not see {self.work.results}: checkpoints and files shared between "
                "jobs stay on each machine, and are lost with it"
            )

    def _stopped(self, name: str, bundle: _Bundle, message: dict[str, Any]) -> Iterator[Outcome]:
        """A job met the end of the walltime: it goes on, unless that leads nowhere."""
        material, attempt = message["stopped"]
        self.begun_again += 1
        self._alone.add((material, attempt))
        where = (material, attempt, str(message["checkpoint"]))
        self._losses[where] += 1
        if self._losses[where] >= _LOST and (material, attempt) in bundle.open:
            task = bundle.open.pop((material, attempt))
            if self.executor.outlives:  # it would be queued for ever
                self.executor.cancel([name])
                self._give_back(self._bundles.pop(name, _Bundle({})))
            reason = (
                f"stopped {_LOST} times at the end of the walltime without getting further; the "
                "job needs a longer walltime, or checkpoints more often"
            )
            yield Outcome(task, {"status": "failed", "reason": reason, "wall_s": 0.0}, "")

    def _ended(self, bundle: _Bundle, event: Ended) -> Iterator[Outcome]:
        """A bundle is over: what has not ended in it goes on elsewhere."""
        self._bundles.pop(event.name, None)
        if event.lost:
            yield from self._lost(bundle, event)
        elif isinstance(event.error, MissingDependencyError | EngineError):
            self._cannot_start(event.node, event.error)
        elif event.error is not None:
            raise EngineError(str(event.error))
        self._give_back(bundle)

    def _lost(self, bundle: _Bundle, event: Ended) -> Iterator[Outcome]:
        node = self.nodes.setdefault(event.node or bundle.node, NodeRecord())
        if event.lost.startswith("refused"):
            if not node.lost:
                say(f"{event.node} is given nothing: it has {event.lost.removeprefix('refused: ')}")
            node.lost = event.lost
            self.executor.exclude(event.node, event.lost)
            return
        say(f"a bundle of {len(bundle.open)} jobs was lost ({event.lost}); they are begun again")
        self.begun_again += len(bundle.open)
        job = next(iter(bundle.open), None)  # they are done in order: this one was in flight
        if job is None:
            return
        self._alone.add(job)
        self._losses[(*job, "lost")] += 1
        if self._losses[(*job, "lost")] >= _LOST:
            task = bundle.open.pop(job)
            reason = f"its machine was lost {_LOST} times while it ran: {event.lost}"
            yield Outcome(task, {"status": "failed", "reason": reason, "wall_s": 0.0}, "")

    def _cannot_start(self, name: str, error: Exception) -> None:
        """A machine without the engine: told at once; the end if no other has it."""
        node = self.nodes.setdefault(name, NodeRecord())
        node.lost = str(error)
        self.executor.exclude(name, str(error))
        say(f"{name} cannot start the engine: {error}")
        others = {one.name for one in self.executor.health().nodes} - {name}
        if not any(not self.nodes.get(one, NodeRecord()).lost for one in others) and not any(
            one.finished for one in self.nodes.values()
        ):
            raise error

    def _give_back(self, bundle: _Bundle) -> None:
        self._again.extend(bundle.open.values())
        bundle.open = {}

    def close(self) -> None:
        """Nothing is held here: whoever opened the executor closes it."""

    def __enter__(self) -> ClusterPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
