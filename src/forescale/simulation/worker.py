"""A worker process: builds one engine and does one job after another.

It reads one JSON object a line from standard input (the engine first, then jobs) and answers
with one JSON object a line on what was standard output when it started. Whatever the engine
itself prints goes to ``output.txt`` in the job's scratch folder. When standard input closes,
because the campaign ended or was killed, the worker ends at once, whatever it is doing.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from forescale.engines.contract import Engine, Job
from forescale.engines.registry import build_engine
from forescale.errors import MaterialError

OUTPUT_FILE = "output.txt"


def main() -> None:
    """Serve jobs until standard input closes."""
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    start = json.loads(requests.get())
    try:
        engine = build_engine(start["spec"], start["settings"], Path(start["folder"]))
        engine.check()
        _limit_memory(start["memory"])
        _answer(answers, {"ready": True, "version": engine.version})
    except Exception as error:
        _answer(answers, {"ready": False, "reason": str(error), "type": type(error).__name__})
        return
    while True:
        _answer(answers, _do(engine, json.loads(requests.get()), Path(start["shared"])))


def _read_requests(requests: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        requests.put(line)
    if os.getpgrp() == os.getpid():  # the campaign made the worker leader of a group
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _answer(descriptor: int, message: dict[str, Any]) -> None:
    data = (json.dumps(message) + "\n").encode()
    while data:
        data = data[os.write(descriptor, data) :]


def _do(engine: Engine, request: dict[str, Any], shared: Path) -> dict[str, Any]:
    scratch, checkpoint = Path(request["scratch"]), Path(request["checkpoint"])
    job = Job(request["material"], request["kind"], request["seed"], scratch, checkpoint, shared)
    os.chdir(job.scratch)
    output = os.open(OUTPUT_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    started = time.perf_counter()
    answer = _attempt(engine, job)
    sys.stdout.flush()
    return answer | {"wall_s": time.perf_counter() - started}


def _attempt(engine: Engine, job: Job) -> dict[str, Any]:
    try:
        record = engine.compute(job)
        values = {name: float(value) for name, value in record.values.items()}
        bad = sorted(name for name in engine.units if not math.isfinite(values.get(name, math.nan)))
        if bad:
            return {"status": "failed", "reason": f"no finite value for {', '.join(bad)}"}
        return {
            "status": "done",
            "values": {name: values[name] for name in engine.units},
            "converged": bool(record.converged),
            "notes": str(record.notes),
        }
    except MaterialError as error:
        return {"status": "unsupported", "reason": str(error)}
    except (Exception, SystemExit) as error:  # an engine may raise anything; the campaign goes on
        return {"status": "failed", "reason": f"{type(error).__name__}: {error}"}


def _limit_memory(limit: int) -> None:
    """Allow ``limit`` bytes of address space on top of what the process has now."""
    import resource

    statistics = Path("/proc/self/statm")
    used = 0
    if statistics.exists():
        used = int(statistics.read_text().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    soft = used + limit if hard == resource.RLIM_INFINITY else min(used + limit, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


if __name__ == "__main__":
    main()
