"""What runs on the machines: one call at a time, checked before, reported after."""

from __future__ import annotations

import platform
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from traceback import format_exception
from typing import Any

from forescale import errors
from forescale._machine.executors.sharing import Shared

PACKAGES = ("forescale", "numpy", "scipy", "pandas", "rdkit", "lightgbm", "jax")
"""Whose versions may change numbers."""


def versions() -> dict[str, str]:
    """Versions here, of Python and of what may change numbers."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    """What a node has in other versions than are wanted, in words; empty if nothing.

    >>> differences({"numpy": "2.1"}, {"numpy": "2.0"})
    'numpy 2.0 instead of 2.1'
    """
    return ", ".join(
        f"{name} {found.get(name, 'missing')} instead of {wanted[name]}"
        for name in wanted
        if found.get(name) != wanted[name]
    )


@dataclass
class Context:
    """A running task's way to those who wait for it.

    Parameters
    ----------
    name
        The task's.
    node
        The machine's, or the process's where one machine has several.
    tell
        Sends a small message of plain JSON values.
    deadline
        When this place is taken back, seconds since the epoch, or None.
    grace
        Seconds before the deadline at which work has to stop.
    unwanted
        Whether nobody waits for the task any more: it was cancelled, or who asked is gone.
    past
        What the task told before, if it was begun before and goes on here.
    """

    name: str
    node: str
    tell: Callable[[dict[str, Any]], None]
    deadline: float | None = None
    grace: float = 30.0
    past: list[dict[str, Any]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    unwanted: Callable[[], bool] = lambda: False
    stopping: list[Callable[[], None]] = field(default_factory=list)

    def stop(self) -> None:
        """Stop now: whatever the task has asked to be done then is done."""
        self.stopped.set()
        for act in self.stopping:
            act()

    def must_stop(self) -> bool:
        """Whether the end is near, or somebody asked."""
        late = self.deadline is not None and time.time() > self.deadline - self.grace
        return late or self.stopped.is_set() or self.unwanted()


@dataclass(frozen=True)
class Call:
    """A task as it travels.

    Parameters
    ----------
    function
        A function, or a shared value that is one.
    wanted
        Versions that a machine must have, if it is to be given this; empty for any.
    """

    name: str
    function: Callable[..., Any] | Shared
    arguments: tuple[Any, ...]
    wanted: Mapping[str, str] = field(default_factory=dict)
    walltime: float | None = None
    grace: float = 30.0


@dataclass(frozen=True)
class Answer:
    """How a call ended, without any exception of somebody's own type.

    Parameters
    ----------
    raised
        Type and text of the error, or None.
    refused
        Why this machine does not do such calls.
    """

    value: Any = None
    raised: tuple[str, str] | None = None
    details: str = ""
    refused: str = ""
    node: str = ""

    def error(self) -> Exception | None:
        """The error as one of ours."""
        if self.raised is None:
            return None
        kind, text = self.raised
        own = getattr(errors, kind, None)
        if isinstance(own, type) and issubclass(own, errors.ForescaleError):
            return own(text)
        return errors.ForescaleError(f"{kind}: {text} (on {self.node})\n{self.details}")


_ALONE = threading.Lock()


def perform(call: Call, context: Context) -> Answer:
    """Do a call, whatever becomes of it."""
    missed = differences(call.wanted, versions())
    if missed:
        return Answer(refused=missed, node=context.node)
    try:
        if isinstance(call.function, Shared):
            # Threads of one process share the linear algebra's: one task at a time has them.
            with _ALONE:
                value = call.function.get()(*(_got(one) for one in call.arguments))
        else:
            value = call.function(context, *(_got(one) for one in call.arguments))
    except Exception as error:
        details = "".join(format_exception(error))
        return Answer(raised=(type(error).__name__, str(error)), details=details, node=context.node)
    return Answer(value, node=context.node)


def _got(value: Any) -> Any:
    return value.get() if isinstance(value, Shared) else value


def host() -> str:
    """Name of the machine that this runs on."""
    return socket.gethostname()


def node_scratch(parent: str | None) -> Path:
    """A folder on this machine for the files of tasks; made if need be."""
    import tempfile

    return Path(tempfile.mkdtemp(prefix="forescale-", dir=parent))
