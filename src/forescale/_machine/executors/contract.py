"""What every place to work offers: submit, results as they come, cancel, health.

A task is a function and its arguments under a name. It is called with a
:class:`~forescale._machine.executors.remote.Context` first: through that it may tell of its
progress while it runs, and learn when it has to stop. Whoever submits sees two kinds of event:
what a task told, and that it ended. An executor never runs a task again by itself once it has
said that it was lost: that is for whoever submitted it, who knows what is done already.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from forescale._machine.executors.sharing import Shared
from forescale._machine.files import write_text

HEALTH = ".cluster.json"
"""File of a run folder that tells who works for it."""

_NOTE_SECONDS = 5.0


@dataclass(frozen=True)
class Resources:
    """What one task needs.

    Parameters
    ----------
    cores, gpus
        Numbers of them.
    memory
        GiB, or None for whatever the place gives.
    walltime
        Seconds after which the place takes the machine back, or None for no limit.
    """

    cores: int = 1
    gpus: int = 0
    memory: float | None = None
    walltime: float | None = None


@dataclass(frozen=True)
class Told:
    """A running task said something: plain JSON values, in its order, at least once."""

    name: str
    message: dict[str, Any]
    node: str = ""


@dataclass(frozen=True)
class Ended:
    """A task ended.

    Parameters
    ----------
    value
        What its function returned.
    error
        What it raised, or None.
    lost
        Why nobody will ever know: its node died, or was refused. It may be submitted again.
    """

    name: str
    value: Any = None
    error: Exception | None = None
    lost: str = ""
    node: str = ""


Event = Told | Ended


@dataclass(frozen=True)
class Left:
    """A task that an earlier run left behind.

    Parameters
    ----------
    note
        As it was submitted with.
    messages
        What it has told so far.
    running
        Whether it still runs or waits: it has events from now on.
    """

    note: dict[str, Any]
    messages: list[dict[str, Any]]
    running: bool


@dataclass(frozen=True)
class Node:
    """One process or machine that takes tasks."""

    name: str
    slots: int = 1
    running: tuple[str, ...] = ()


@dataclass(frozen=True)
class Health:
    """Who is there, who was lost since the beginning, and what waits.

    Parameters
    ----------
    nodes
        Those that answer.
    lost
        Name and reason of each that is gone or refused.
    waiting
        Tasks that no node has begun.
    """

    nodes: tuple[Node, ...] = ()
    lost: dict[str, str] = field(default_factory=dict)
    waiting: int = 0


class Executor(ABC):
    """A place to work. Use as a context manager; it ends what it started.

    Parameters
    ----------
    place
        Its name, for people.
    resources
        What each task is given.
    seconds_a_bundle
        How long a bundle of short tasks should take here, so that submitting it costs little.
    record
        Folder where its health is noted, or None.
    """

    place: str = ""
    resources: Resources = Resources()
    seconds_a_bundle: float = 0.0
    record: Path | None = None
    _noted: float = 0.0
    outlives: ClassVar[bool] = False
    """Whether tasks that are left behind go on, and what they told is found by the next run."""

    @property
    @abstractmethod
    def slots(self) -> int:
        """Tasks that can run at the same time, as known now; at least 1."""

    @abstractmethod
    def share(self, value: Any, folder: Path | None = None) -> Shared:
        """Make a value known to every machine, once, whatever the number of tasks.

        Parameters
        ----------
        value
            Picklable.
        folder
            Paths in the value that lie in this folder are files of the value: machines that do
            not see the folder get copies.
        """

    @abstractmethod
    def submit(
        self,
        name: str,
        function: Callable[..., Any] | Shared,
        *arguments: Any,
        resumable: bool = False,
        note: dict[str, Any] | None = None,
    ) -> None:
        """Hand over ``function(context, *arguments)``; names are used once.

        Parameters
        ----------
        function
            Importable on the nodes; or a shared one, called without the context, one at a time
            in a process and on one thread.
        resumable
            The task may be begun again elsewhere after it was stopped, and goes on then. What
            it returns is not kept: it tells.
        note
            Plain JSON values that :meth:`left_behind` gives to a later run.
        """

    @abstractmethod
    def events(self, timeout: float) -> Iterator[Event]:
        """What happened, waiting up to ``timeout`` seconds for something to happen."""

    @abstractmethod
    def cancel(self, names: Iterable[str]) -> None:
        """Stop tasks, or forget them if they have not begun; they have no further event."""

    @abstractmethod
    def exclude(self, node: str, reason: str) -> None:
        """Give no further task to a node."""

    @abstractmethod
    def health(self) -> Health:
        """Who is there and who is not."""

    @abstractmethod
    def close(self, *, leave: bool = False) -> None:
        """Let go of the place.

        Parameters
        ----------
        leave
            Tasks handed over go on, where the place :attr:`outlives` us; else they are stopped.
        """

    def note_health(self) -> None:
        """Write who is there beside the work, every few seconds, for whoever asks the folder."""
        if self.record is None or time.monotonic() - self._noted < _NOTE_SECONDS:
            return
        self._noted = time.monotonic()
        health = self.health()
        told = {
            "at": time.time(),
            "place": self.place,
            "nodes": {node.name: {"running": len(node.running)} for node in health.nodes},
            "lost": health.lost,
            "waiting": health.waiting,
        }
        with suppress(OSError):
            write_text(self.record / HEALTH, json.dumps(told, indent=1) + "\n")

    def left_behind(self) -> dict[str, Left]:
        """Take over the resumable tasks that an earlier run left, by name."""
        return {}

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
