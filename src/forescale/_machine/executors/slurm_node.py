"""What a job of Slurm runs: one task, told and answered through files."""

from __future__ import annotations

import json
import os
import pickle
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from forescale._machine.executors.remote import Call, Context, host, perform
from forescale._machine.files import replace_file
from forescale._machine.imports import optional

_CURRENT: list[Context] = []


class SingleCall:
    """A task that nothing can take up: at the end of the walltime it is lost."""

    resumable = False

    def __call__(self, folder: str, name: str) -> None:
        """Do the task; what the run asked for lies in files then, and nothing is returned."""
        home = Path(folder)
        node = os.environ.get("SLURMD_NODENAME") or host()
        told = home / "told" / f"{name}.jsonl"
        teller = _Teller(told, node)
        call: Call = pickle.loads((home / "calls" / f"{name}.pkl").read_bytes())  # noqa: S301
        context = Context(call.name, node, teller.tell, None, call.grace, past=_past(told))
        _CURRENT[:] = [context]
        teller.tell({"begun": host()})
        answer = perform(call, context)
        if not self.resumable and answer.raised is None and not answer.refused:
            with replace_file(home / "values" / f"{name}.pkl") as temporary:
                temporary.write_bytes(pickle.dumps(answer.value))
        teller.tell({"ended": asdict(replace(answer, value=None))})


class ResumableCall(SingleCall):
    """A task that goes on in another allocation: submitit requeues it when walltime ends."""

    resumable = True

    def checkpoint(self, folder: str, name: str) -> Any:
        """Stop what runs, at the signal before the end; the same call is queued again."""
        for context in _CURRENT:
            context.stop()
        return optional("submitit", "slurm").helpers.DelayedSubmission(self, folder, name)


class _Teller:
    """Appends lines to a file that only this task writes."""

    def __init__(self, path: Path, node: str) -> None:
        self._node, self._lock = node, threading.RLock()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if path.stat().st_size and path.read_bytes()[-1:] != b"\n":
            os.write(self._file, b"\n")  # the last line was torn when the task was killed

    def tell(self, message: dict[str, Any]) -> None:
        line = json.dumps({"node": self._node, "message": message}) + "\n"
        data = line.encode()
        with self._lock:
            while data:
                data = data[os.write(self._file, data) :]


def _past(told: Path) -> list[dict[str, Any]]:
    """What the task told in earlier allocations."""
    found = []
    for line in told.read_bytes().splitlines() if told.exists() else ():
        try:
            found.append(dict(json.loads(line)["message"]))
        except (ValueError, KeyError, TypeError):
            continue
    return found
