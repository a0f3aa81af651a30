"""Work started by the app: ordinary ``forescale`` processes that outlive it.

Beside what they work on lie ``.job.json`` (which process, since when, what was asked) and
``.job.log`` (all that it printed): whoever starts the app again finds them there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from forescale._machine.files import write_text
from forescale.app.processes import Process, living
from forescale.errors import ForescaleError, RequestError

JOB, LOG, HOLDER = ".job.json", ".job.log", ".lock-holder.json"
_PATIENCE = 20.0  # seconds between asking a process to stop and ending it
_MOST_LOG = 20_000  # bytes shown


@dataclass(frozen=True)
class Job:
    """What was started in a folder.

    Attributes
    ----------
    process, began
        Number of the process, and when it began: see `Process`.
    arguments
        Of the ``forescale`` command.
    started
        Seconds since 1970.
    """

    process: int
    began: str
    arguments: tuple[str, ...]
    started: float

    @classmethod
    def read(cls, place: Path) -> Job | None:
        """The job of a folder; None where there is none that can be read."""
        try:
            found = json.loads((place / JOB).read_text(encoding="utf-8"))
            return cls(
                int(found["process"]),
                str(found["began"]),
                tuple(map(str, found["arguments"])),
                float(found["started"]),
            )
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    @property
    def alive(self) -> Process | None:
        """The process, while it works."""
        found = living(self.process)
        return found if found and found.began == self.began and found.is_ours else None


class Jobs:
    """Starts and stops work."""

    def __init__(self) -> None:
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def start(self, place: Path, arguments: Sequence[str]) -> Job:
        """Start ``forescale ARGUMENTS`` in a session of its own.

        Parameters
        ----------
        place
            Run, results or loop folder; made if need be.
        arguments
            Never from a page: paths are checked before.

        Raises
        ------
        RequestError
            If something works there already.
        ForescaleError
            If it cannot be started.
        """
        with self._lock:
            if self.working(place) is not None:
                raise RequestError(f"{place.name}: is at work already; stop it first")
            try:
                place.mkdir(parents=True, exist_ok=True)
                child = _spawn(place, arguments)
            except OSError as error:
                raise ForescaleError(f"{place}: cannot be started ({error})") from None
            self._children[child.pid] = child
            found = living(child.pid)
            job = Job(child.pid, found.began if found else "", tuple(arguments), time.time())
            write_text(place / JOB, json.dumps(asdict(job), indent=1) + "\n")
            return job

    def working(self, place: Path) -> Process | None:
        """The process that works in a folder, whoever started it; None if none does."""
        self._bury()
        return worker_of(place)

    def stop(self, place: Path) -> bool:
        """Ask the process of a folder to stop, as Ctrl-C does; what is finished is kept.

        Returns
        -------
        bool
            Whether there was one. It is ended for good if it does not stop in time.
        """
        found = self.working(place)
        if found is None:
            return False
        _tell(found, signal.SIGINT)
        threading.Thread(target=_end_late, args=(found,), daemon=True).start()
        return True

    def exit_code(self, place: Path) -> int | None:
        """How the job of a folder ended, where this app started it and it has ended."""
        self._bury()
        job = Job.read(place)
        child = self._children.get(job.process) if job else None
        return child.returncode if child else None

    def _bury(self) -> None:
        for child in list(self._children.values()):
            child.poll()


def worker_of(place: Path) -> Process | None:
    """The process of this machine that works in a folder; None if none does."""
    job = Job.read(place)
    return (job.alive if job else None) or _holder(place)


def log_of(place: Path) -> str:
    """The end of what the last job of a folder printed."""
    try:
        with (place / LOG).open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _MOST_LOG))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(line.rpartition("\r")[2] for line in text.splitlines())


def reason_of(place: Path) -> str:
    """Why the last job of a folder failed, in its own words; empty if it told none."""
    lines = [line for line in log_of(place).splitlines() if line.strip()]
    told = [n for n, line in enumerate(lines) if line.startswith("forescale: ")]
    if not told:
        return ""
    return "\n".join(lines[told[-1] :]).removeprefix("forescale: ")


def _spawn(place: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    # -P: what lies in the working folder is never imported.
    command = [sys.executable, "-P", "-m", "forescale", *arguments]
    environment = os.environ | {"PYTHONSAFEPATH": "1", "COLUMNS": "100", "NO_COLOR": "1"}
    with (place / LOG).open("wb") as log:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=place,
            env=environment,
            start_new_session=True,
        )


def _holder(place: Path) -> Process | None:
    """The process that holds the lock of a folder, where it is of this machine."""
    import socket

    for told_by in [place / HOLDER, *place.glob(f"arms/*/results/{HOLDER}")]:
        try:
            told = json.loads(told_by.read_text(encoding="utf-8"))
            number, host = int(told["process"]), str(told["host"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue
        found = living(number) if host == socket.gethostname() else None
        if found is not None and found.is_ours:
            return found
    return None


def _tell(process: Process, what: signal.Signals) -> None:
    """Send a signal to a process and, where it leads a session of its own, to its workers."""
    now = living(process.number)
    if now is None or now.began != process.began:
        return
    try:
        if os.getsid(process.number) == process.number:
            os.killpg(process.number, what)
        else:
            os.kill(process.number, what)
    except (ProcessLookupError, PermissionError):
        return


def _end_late(process: Process) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        now = living(process.number)
        if now is None or now.began != process.began:
            return
        time.sleep(0.2)
    _tell(process, signal.SIGKILL)
