"""The line of a loop, from its file and its last round."""

from __future__ import annotations

import tomllib
from pathlib import Path

from forescale.app.jobs import worker_of
from forescale.app.lines.line import Line, read_json


def read(path: Path) -> Line:
    """Read the line of a loop's folder."""
    config = tomllib.loads((path / "loop.toml").read_text(encoding="utf-8"))
    rounds = sorted((path / "rounds").glob("[0-9][0-9][0-9][0-9][0-9].json"))
    name = str(config.get("name", path.name))
    running = worker_of(path) is not None
    if not rounds:
        changed = (path / "loop.toml").stat().st_mtime
        return Line(name, "no round finished yet", changed, running=running, left=1)
    last = read_json(rounds[-1])
    going = last["next"]["action"] == "compute"
    return Line(
        name=name,
        state="rounds are left to do" if going else "stopped",
        running=running,
        done=len(rounds),
        total=0,
        left=int(going),
        n_source=sum(int(n) for n in last["n"].values()),
        error=None if last["error"] is None else float(last["error"]),
        verdict=str(last["next"]["action"]),
        reason=str(last["next"].get("reason", "")),
        modified=rounds[-1].stat().st_mtime,
    )
