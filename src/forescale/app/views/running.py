"""A run while it works: how far it is, its curves so far, what was lost and what it printed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from forescale.app.jobs import Job, Jobs, log_of, reason_of
from forescale.errors import ForescaleError
from forescale.laws import RunLaws
from forescale.planning import Plan, Questions
from forescale.report.contents import Contents
from forescale.report.figures import learning_curves
from forescale.study import RunFolder
from forescale.study.standing import run_standing

_LOCK = threading.Lock()
_MOST_DRAWN = 32
_DRAWN: dict[tuple[Path, str, str], dict[str, Any] | None] = {}


@dataclass(frozen=True)
class Standing:
    """How far a run is.

    Attributes
    ----------
    state
        ``working``, ``stopped``, ``failed``, ``done`` or ``concluding`` (all replicates are
        there; laws, model and page are made).
    done, total, left
        Replicates.
    rate, seconds_left
        Replicates a second, and time left; None where nothing tells.
    lost
        Replicates that were lost, and why.
    reason
        Why it failed.
    log
        The end of what it printed.
    started
        When the app last started it, in seconds since 1970; None if it did not.
    nodes, place
        Machines that work, and where.
    """

    state: str
    done: int
    total: int
    left: int
    rate: float = 0.0
    seconds_left: float | None = None
    lost: dict[int, str] = field(default_factory=dict)
    reason: str = ""
    log: str = ""
    started: float | None = None
    nodes: dict[str, Any] = field(default_factory=dict)
    place: str = "this machine"

    @property
    def working(self) -> bool:
        """Whether a process is at it."""
        return self.state in ("working", "concluding")


def standing(path: Path, jobs: Jobs) -> Standing:
    """How far a run is, by its folder and its process.

    Raises
    ------
    RunFolderError
        If the folder is damaged.
    """
    found = run_standing(path)
    job, log = Job.read(path), log_of(path)
    at_work = jobs.working(path) is not None
    left = int(found["left"])
    concluded = (path / "plan.json").is_file()
    reason = "" if at_work or not log else reason_of(path)
    if at_work:
        state = "working" if left else "concluding"
    elif found["running"] and not job:  # on another machine
        state = "working"
    elif reason and not reason.startswith("interrupted"):
        state = "failed"
    else:
        state = "done" if not left and concluded else "stopped"
    return Standing(
        state=state,
        done=int(found["counts"]["done"]),
        total=int(found["total"]),
        left=left,
        rate=float(found["rate"]),
        seconds_left=found["seconds_left"],
        lost=RunFolder(path).lost_replicates(),
        reason=reason if state == "failed" else "",
        log=log,
        started=job.started if job else None,
        nodes=dict(found["nodes"]),
        place=str(found["place"]),
    )


def metrics(path: Path) -> tuple[str, ...]:
    """Metrics of a run, the first leads."""
    return tuple(str(one) for one in RunFolder(path).manifest.study.evaluation.metrics)


def curves(path: Path, mark: str, metric: str) -> dict[str, Any] | None:
    """The learning curves of all replicates that are finished: the page's own figure.

    Parameters
    ----------
    mark
        Of the folder: the same mark, the same figure.

    Returns
    -------
    dict or None
        For plotly.js; None while no replicate is finished.
    """
    key = (path, mark, metric)
    with _LOCK:  # many watch, one draws
        if key not in _DRAWN:
            while len(_DRAWN) >= _MOST_DRAWN:
                _DRAWN.pop(next(iter(_DRAWN)))
            _DRAWN[key] = _curves(path, metric)
        return _DRAWN[key]


def _curves(path: Path, metric: str) -> dict[str, Any] | None:
    folder = RunFolder(path)
    try:
        errors = folder.errors()
    except ForescaleError:
        return None
    none = Plan((), (), RunLaws(()), Questions())
    contents = Contents(
        path,
        folder.manifest,
        errors,
        pd.DataFrame(),
        none,
        pd.DataFrame(),
        folder.lost_replicates(),
    )
    if metric not in contents.metrics:
        return None
    table = learning_curves.data(contents, metric)
    return learning_curves.chart(contents, table, metric)
