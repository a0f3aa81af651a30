"""Where a campaign stands, read from its folder: also while it runs, also after it was killed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from forescale.simulation.output import protocols
from forescale.simulation.status import age, read_status
from forescale.simulation.store import Store

SILENT_SECONDS = 60.0
"""A running campaign writes its status every few seconds: later than this it was killed."""

_REASON = 120  # characters by which reasons count as one
_COLUMNS = ["key", "status", "reason", "wall_s"]


def campaign_standing(results: Path) -> dict[str, Any]:
    """Counts, rate, time left, machines, failures by reason, and core hours of a campaign.

    Raises
    ------
    RunFolderError
        If the folder's status cannot be read.
    """
    told = read_status(results)
    rows = [Store(results, header).attempts(_COLUMNS) for header in protocols(results).values()]
    last = [frame.drop_duplicates("key", keep="last") for frame in rows]
    counts = Counter(dict.fromkeys(("done", "failed", "unsupported"), 0))
    reasons = Counter[str]()
    for frame in last:
        counts.update(frame["status"])
        bad = frame[frame["status"] != "done"]
        reasons.update(_like(reason) for reason in bad["reason"])
    total = max(int(told.get("total", 0)), sum(counts.values()))
    rate, left = float(told.get("rate", 0.0)), total - sum(counts.values())
    running = told.get("state") == "running" and age(told) < SILENT_SECONDS
    seconds = sum(float(frame["wall_s"].sum()) for frame in rows)
    return {
        "folder": str(results),
        "name": str(told.get("name", results.name)),
        "state": _state(told, running),
        "running": running,
        "place": str(told.get("place", "this machine")),
        "counts": dict(counts),
        "total": total,
        "left": left,
        "rate": rate if running else 0.0,
        "seconds_left": left / rate if running and rate else None,
        "core_hours": seconds * int(told.get("cores", 1)) / 3600,
        "nodes": dict(told.get("nodes", {})),
        "lost": dict(told.get("lost", {})),
        "begun_again": int(told.get("begun_again", 0)),
        "failures": dict(reasons.most_common()),
        "queue": _queue(results),
    }


def _state(told: dict[str, Any], running: bool) -> str:
    if not told:
        return "not begun, or by an older release"
    if running:
        return f"running (process {told.get('process')} on {told.get('host')})"
    if told.get("state") == "running":
        return f"no sign of life since {told.get('updated')}; the same command goes on"
    return str(told.get("state"))


def _like(reason: str) -> str:
    """A reason without its material, numbers and places, so that like ones count together.

    >>> _like("'N=S=O': no structure in 50 tries")
    'no structure in … tries'
    >>> _like("over the time limit of 30 s; last output: step 12")
    'over the time limit of … s; last output: step …'
    """
    of_any = re.sub(r"^'[^']*'(: )?", lambda found: "" if found[1] else "…", str(reason))
    return re.sub(r"\d[\d.]*", "…", of_any)[:_REASON]


def _queue(results: Path) -> dict[str, int]:
    """States of the campaign's jobs in the queue of Slurm, where it has any."""
    token = results / ".cluster" / "token"
    squeue = shutil.which("squeue")
    if squeue is None or not token.is_file() or not token.read_text().isalnum():
        return {}
    command = [squeue, "-h", "-r", f"--name=fs-{token.read_text()}", "-o", "%T"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return {}
    return dict(Counter(done.stdout.split()))
