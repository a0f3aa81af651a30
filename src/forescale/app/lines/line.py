"""What the home page tells of one run, campaign or loop."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forescale.app import loading


@dataclass(frozen=True)
class Line:
    """What the home page tells of one run, campaign or loop.

    Attributes
    ----------
    name, property
        What it is called, and what is predicted or computed.
    state
        In words.
    running
        Whether somebody works there.
    done, total, left
        Replicates, materials or rounds.
    seconds_left
        None where nothing tells.
    n_source, n_target
        Computed and measured values, at most.
    metric, error, unit
        Error now, with all of both.
    change
        What the computed data does to the error, as a share of that without it; negative
        is better.
    verdict, reason
        What to do next, and why.
    flags
        What the data cannot tell, in one word each.
    modified
        Seconds since 1970.
    trouble
        Why it cannot be read, or what failed; empty where nothing did.
    """

    name: str
    state: str
    modified: float
    property: str = ""
    running: bool = False
    done: int = 0
    total: int = 0
    left: int = 0
    seconds_left: float | None = None
    n_source: int | None = None
    n_target: int | None = None
    metric: str = ""
    error: float | None = None
    unit: str = ""
    change: float | None = None
    verdict: str = ""
    reason: str = ""
    flags: tuple[str, ...] = ()
    trouble: str = ""

    @classmethod
    def damaged(cls, path: Path, why: str) -> Line:
        """The line of a folder that cannot be read."""
        try:
            modified = path.stat().st_mtime
        except OSError:
            modified = 0.0
        return cls(path.name, "cannot be read", modified, trouble=why)


def read_json(path: Path) -> Any:
    """A small JSON file; None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def loaded(module: str) -> Any:
    """A module of the screens' libraries; None until all of them are loaded.

    The first page does not wait for libraries: it tells what small files say, and the page that
    follows seconds later tells the rest.
    """
    return sys.modules.get(module) if loading.loaded() else None
