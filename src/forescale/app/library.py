"""What lies in the folder: runs, campaigns and loops, each told in one line.

Every number is read from the files that ``run``, ``simulate`` and ``grow`` wrote; nothing is
fitted here. Lines are kept until a file that they rest on changes.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from forescale.app.folder import Folder, NotHereError
from forescale.app.lines import campaign_line, loop_line, run_line
from forescale.app.lines.line import Line

if TYPE_CHECKING:
    from forescale.face import Run

_DEEPEST = 6  # levels beneath the folder
_MOST = 5000  # folders looked at
_PASSED = {"errors", "predictions", "figures", "model", "tables", "node_modules", "__pycache__"}
_KEPT_RUNS = 8
_FRESH = 2.0  # seconds for which a line of something at work holds


class Kind(StrEnum):
    """What a folder holds."""

    RUN = "run"
    CAMPAIGN = "campaign"
    LOOP = "loop"


@dataclass(frozen=True)
class Item:
    """One run, campaign or loop of the folder.

    Attributes
    ----------
    kind, at
        What it is, and how pages name it.
    line
        What the home page tells of it.
    """

    kind: Kind
    at: str
    line: Line


@dataclass(frozen=True)
class _Kept:
    mark: tuple[float, ...]
    told: float
    line: Line


_LINES = {Kind.RUN: run_line.read, Kind.CAMPAIGN: campaign_line.read, Kind.LOOP: loop_line.read}
_RESTS_ON = {
    Kind.RUN: ("manifest.json", "errors", "plan.json", "law.json", "lost.json", ".lock"),
    Kind.CAMPAIGN: ("status.json", "protocols", "results"),
    Kind.LOOP: ("loop.toml", "rounds", "errors"),
}


class Library:
    """Everything beneath a folder.

    Parameters
    ----------
    folder
        The app's.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._lines: dict[Path, _Kept] = {}
        self._runs: OrderedDict[Path, tuple[tuple[float, ...], Run]] = OrderedDict()
        self._lock = threading.Lock()

    def items(self) -> list[Item]:
        """Everything there is, the newest first."""
        found = [self._item(kind, path) for kind, path in _found(self.folder.root)]
        return sorted(found, key=lambda item: item.line.modified, reverse=True)

    def item(self, at: str) -> Item:
        """One of them.

        Raises
        ------
        NotHereError
            If there is none of that name.
        """
        path = self.folder.inside(at)
        kind = kind_of(path)
        if kind is None:
            raise NotHereError(f"{at!r}: is neither a run nor a campaign nor a loop")
        return self._item(kind, path)

    def path(self, at: str, kind: Kind) -> Path:
        """The folder of one of a kind.

        Raises
        ------
        NotHereError
            If there is none of that name and kind.
        """
        path = self.folder.inside(at)
        if kind_of(path) is not kind:
            raise NotHereError(f"{at!r}: is no {kind}")
        return path

    def run(self, at: str) -> Run:
        """A run, as `forescale.open_run` gives it; kept until its folder changes.

        Raises
        ------
        NotHereError
            If there is no run of that name.
        RunFolderError
            If it is damaged, or nothing of it is finished.
        """
        from forescale.face import open_run

        path = self.path(at, Kind.RUN)
        mark = mark_of(path, Kind.RUN)
        with self._lock:
            kept = self._runs.get(path)
            if kept is not None and kept[0] == mark:
                self._runs.move_to_end(path)
                return kept[1]
        opened = open_run(path)
        with self._lock:
            self._runs[path] = (mark, opened)
            while len(self._runs) > _KEPT_RUNS:
                self._runs.popitem(last=False)
        return opened

    def _item(self, kind: Kind, path: Path) -> Item:
        mark, now = mark_of(path, kind), time.monotonic()
        kept = self._lines.get(path)
        stale = kept is None or kept.mark != mark or (kept.line.left and now - kept.told > _FRESH)
        if kept is None or stale:
            kept = _Kept(mark, now, _read(kind, path))
            self._lines[path] = kept
        return Item(kind, self.folder.at(path), kept.line)


def kind_of(path: Path) -> Kind | None:
    """What a folder holds; None if it is none of ours."""
    if (path / "manifest.json").is_file():
        return Kind.RUN
    if (path / "loop.toml").is_file() and (path / "rounds").is_dir():
        return Kind.LOOP
    if (path / "status.json").is_file() or (path / "protocols").is_dir():
        return Kind.CAMPAIGN
    return None


def mark_of(path: Path, kind: Kind) -> tuple[float, ...]:
    """Times of the files that tell of a folder: another mark, another state."""
    return tuple(_changed(path / name) for name in _RESTS_ON[kind])


def _read(kind: Kind, path: Path) -> Line:
    try:
        return _LINES[kind](path)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return Line.damaged(path, f"cannot be read ({type(error).__name__}: {str(error)[:200]})")


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _found(root: Path) -> Iterator[tuple[Kind, Path]]:
    """Every run, campaign and loop; none of what lies within them, and no links."""
    waiting: list[tuple[Path, int]] = [(root, 0)]
    looked = 0
    while waiting and looked < _MOST:
        here, depth = waiting.pop()
        looked += 1
        kind = kind_of(here) if depth else None
        if kind is not None:
            yield kind, here
            continue
        if depth == _DEEPEST:
            continue
        waiting.extend((folder, depth + 1) for folder in _folders(here))


def _folders(here: Path) -> list[Path]:
    try:
        with os.scandir(here) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and not entry.name.startswith(".")
                and entry.name not in _PASSED
            ]
    except OSError:
        return []
