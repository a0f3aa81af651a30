"""Where a run stands, read from its folder: also while it runs, also after it was killed."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

from pydantic import AllowInfNan, BaseModel

from forescale._machine.executors.contract import HEALTH
from forescale.study.folder import RunFolder

_RECENT = 120.0  # seconds without a part or a sign after which nobody seems to work there


def run_standing(path: Path) -> dict[str, Any]:
    """Replicates done and lost, rate, time left, and the machines of a run.

    Raises
    ------
    RunFolderError
        If the folder is no run, or damaged.
    """
    folder = RunFolder(path)
    manifest = folder.manifest
    total, name = manifest.study.replicates, manifest.name
    times = sorted(part.stat().st_mtime for part in (path / "errors").glob("part-*.parquet"))
    lost = folder.lost_replicates()
    left = max(0, total - len(times) - len(lost))
    health = _health(path)
    signs = [*times, health.get("at", 0.0)]
    running = left > 0 and time.time() - max(signs) < _RECENT
    rate = _rate(times) if running else 0.0
    return {
        "folder": str(path),
        "name": name,
        "state": "done" if not left else "running" if running else "stopped, or at its slow start",
        "running": running,
        "place": str(health.get("place", "this machine")),
        "counts": {"done": len(times), "lost": len(lost)},
        "total": total,
        "left": left,
        "rate": rate,
        "seconds_left": left / rate if rate else None,
        "nodes": health.get("nodes", {}),
        "lost": health.get("lost", {}),
        "failures": dict(Counter(lost.values()).most_common()),
    }


class _Health(BaseModel):
    """What an executor last told of its machines."""

    at: Annotated[float, AllowInfNan(False)] = 0.0
    place: str = "this machine"
    nodes: dict[str, dict[str, Any]] = {}
    lost: dict[str, str] = {}


def _rate(times: list[float]) -> float:
    """Parts a second over the last ones."""
    recent = times[-20:]
    span = recent[-1] - recent[0] if len(recent) > 1 else 0.0
    return (len(recent) - 1) / span if span > 0 else 0.0


def _health(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path / HEALTH).read_text(encoding="utf-8"))
        return _Health.model_validate(found).model_dump()
    except (OSError, ValueError, RecursionError):
        return {}
