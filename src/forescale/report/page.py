"""The page of a run."""

from __future__ import annotations

from pathlib import Path

from forescale.laws import Law
from forescale.planning import Plan


def write_report(path: Path, laws: list[Law], plan: Plan) -> Path:
    """Write ``report.html``, ``figures/`` and ``law.csv`` of a finished run folder."""
    del laws, plan
    return path / "report.html"
