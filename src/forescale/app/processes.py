"""Which processes of this machine are alive, told apart also where a number is used again."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_AT_WORK = ("run", "demo", "quick", "simulate", "grow")


@dataclass(frozen=True)
class Process:
    """A living process.

    Attributes
    ----------
    number
        Its process id.
    began
        When it began, as the system tells it: with the number it names one process.
    command
        Its command line.
    """

    number: int
    began: str
    command: str

    @property
    def is_ours(self) -> bool:
        """Whether it is a ``forescale`` command that works: no other is ever stopped."""
        words = self.command.split()
        return "forescale" in self.command and any(word in _AT_WORK for word in words)


def living(number: int) -> Process | None:
    """Return a process that is alive; None if there is none, or it has ended.

    >>> living(os.getpid()).number == os.getpid()
    True
    >>> living(2**22 + 1) is None
    True
    """
    if number <= 1 or os.name != "posix":
        return None
    if Path("/proc/self/stat").exists():
        return _of_proc(number)
    return _of_ps(number)


def _of_proc(number: int) -> Process | None:
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
        command = Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return None
    state, *rest = stat[stat.rindex(")") + 2 :].split()
    if state in "ZX":  # ended, and not yet buried
        return None
    return Process(number, rest[18], command.replace(b"\0", b" ").decode(errors="replace"))


def _of_ps(number: int) -> Process | None:
    asked = ["ps", "-o", "lstart=", "-o", "command=", "-p", str(number)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    line = done.stdout.strip()
    if done.returncode or len(line) < 24 or "<defunct>" in line:
        return None
    return Process(number, line[:24], line[24:].strip())
