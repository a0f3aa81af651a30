"""The line of a run, from its manifest, plan and summary."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from forescale.app.jobs import worker_of
from forescale.app.lines.line import Line, loaded, read_json


def read(path: Path) -> Line:
    """Read the line of a run folder."""
    manifest = read_json(path / "manifest.json")
    plan = read_json(path / "plan.json") or {}
    parts = [p.stat().st_mtime for p in (path / "errors").glob("part-*.parquet")]
    total = int(manifest["study"].get("replicates", 0))
    left = max(0, total - len(parts) - len(read_json(path / "lost.json") or {}))
    module = loaded("forescale.study.standing") if left else None
    standing: dict[str, Any] = {} if module is None else module.run_standing(path)
    at_work = worker_of(path) is not None
    return Line(
        name=str(manifest["study"]["name"]),
        property=_property(manifest),
        unit=str(plan.get("metric_unit") or ""),
        done=len(parts),
        total=total,
        left=left,
        running=at_work or bool(standing.get("running")),
        state="done" if not left else str(standing.get("state", "not finished")),
        seconds_left=standing.get("seconds_left"),
        modified=max([*parts, (path / "manifest.json").stat().st_mtime]),
        **_answers(path, plan),
    )


def _property(manifest: dict[str, Any]) -> str:
    name = str(manifest["tables"]["target"].get("property", ""))
    return name.replace("_", " ") if name.isidentifier() else name


def _answers(path: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """What the plan's verdict is about: error, sizes, flags."""
    verdict = plan.get("verdict")
    if not verdict:
        return {}
    where = (verdict["metric"], verdict["n_target"])
    laws = [law for law in plan["laws"] if (law["metric"], law["n_target"]) == where]
    found: dict[str, Any] = {
        "metric": str(where[0]),
        "n_target": where[1],
        "verdict": str(verdict["verdict"]),
        "reason": str(verdict["reason"]),
    }
    if laws:
        error = float(laws[0]["last_value"])
        scratch = _scratch(path / "summary.csv", *where)
        found |= {
            "n_source": int(laws[0]["n_last"]),
            "error": error,
            "flags": tuple(map(str, laws[0]["flags"])),
            "change": (error - scratch) / scratch if scratch else None,
        }
    return found


def _scratch(summary: Path, metric: str, m: int) -> float | None:
    """Mean error without computed values."""
    try:
        with summary.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if (row["metric"], row["n_source"], row["n_target"]) == (metric, "0", str(m)):
                    return float(row["mean"])
    except FileNotFoundError:
        pass
    return None
