"""The line of a campaign, from its status file."""

from __future__ import annotations

from pathlib import Path

from forescale.app.jobs import worker_of
from forescale.app.lines.line import Line, loaded, read_json


def read(path: Path) -> Line:
    """Read the line of a campaign's results folder."""
    module = loaded("forescale.simulation.standing")
    told = read_json(path / "status.json") if module is None else module.read_status(path)
    if not told:
        return Line(path.name, "not begun, or by an older release", path.stat().st_mtime)
    at_work = worker_of(path) is not None
    silent = module is None or module.age(told) >= module.SILENT_SECONDS
    running = at_work or (told.get("state") == "running" and not silent)
    settled = sum(int(told.get(key, 0)) for key in ("done", "failed", "unsupported"))
    left, rate = max(0, int(told["total"]) - settled), float(told.get("rate", 0.0))
    state = str(told.get("state", ""))
    return Line(
        name=str(told.get("name", path.name)),
        property=", ".join(_properties(path)).replace("_", " "),
        state="no sign of life" if state == "running" and not running else state,
        running=running,
        done=int(told.get("done", 0)),
        total=int(told["total"]),
        left=left,
        seconds_left=left / rate if running and rate else None,
        modified=(path / "status.json").stat().st_mtime,
        trouble=f"{told['failed']} failed" if told.get("failed") else "",
    )


def _properties(path: Path) -> list[str]:
    found: dict[str, None] = {}
    for protocol in sorted((path / "protocols").glob("*.json")):
        units = (read_json(protocol) or {}).get("units", {})
        found |= dict.fromkeys(map(str, units))
    return list(found)[:5]
