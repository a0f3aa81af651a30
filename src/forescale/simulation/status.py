"""Where a campaign stands: for whoever runs it, and for whoever asks its folder."""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from forescale._machine.files import write_text
from forescale.errors import RunFolderError
from forescale.simulation.cluster import ClusterPool

if TYPE_CHECKING:
    from forescale.simulation.campaign import Campaign
    from forescale.simulation.pool import EnginePool

FILE = "status.json"
HELD_SECONDS = 30.0
"""A running campaign gives signs of life every few seconds."""


@dataclass(frozen=True)
class Status:
    """Where a campaign stands.

    Attributes
    ----------
    total, done, failed, unsupported
        Materials asked for, and how many of them ended in each way (failed: all attempts used).
    finished_now
        Attempts finished since this run began.
    seconds
        Time since this run began.
    interrupted
        Whether the run was stopped before its end.
    label
        Name of the protocol in the results folder.
    """

    total: int
    done: int
    failed: int
    unsupported: int
    finished_now: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    label: str = ""

    @property
    def left(self) -> int:
        """Materials not yet settled."""
        return self.total - self.done - self.failed - self.unsupported


def refuse_held_elsewhere(results: Path) -> None:
    """Refuse a folder that another machine writes to: its lock may not be seen from here.

    Raises
    ------
    RunFolderError
        If a campaign there gave a sign of life a moment ago.
    """
    told = read_status(results)
    if told.get("state") != "running" or told.get("host") == socket.gethostname():
        return  # on this machine the lock itself tells
    if age(told) < HELD_SECONDS:
        raise RunFolderError(
            f"{results}: another campaign is writing here (process {told.get('process')} on "
            f"{told.get('host')}, since {told.get('started')}); wait for it or stop it. If it was "
            f"killed, try again in {HELD_SECONDS:g} s"
        )


def read_status(results: Path) -> dict[str, Any]:
    """What ``status.json`` of a results folder says; empty where there is none.

    Raises
    ------
    RunFolderError
        If it cannot be read.
    """
    try:
        found = json.loads((results / FILE).read_text(encoding="utf-8"))
        return _Told.model_validate(found).model_dump(exclude_none=True)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RunFolderError(f"{results / FILE}: cannot be read ({wrong})") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunFolderError(f"{results / FILE}: cannot be read ({error})") from None


_Count = Annotated[int, Field(ge=0, le=10**12)]


class _Told(BaseModel):
    """What a campaign last told of itself: anybody may have written it."""

    model_config = ConfigDict(extra="allow")

    name: str | None = None
    state: str | None = None
    place: str | None = None
    total: _Count = 0
    cores: Annotated[int, Field(ge=1, le=10**6)] = 1
    rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    begun_again: _Count = 0
    nodes: dict[str, dict[str, Any]] = {}
    lost: dict[str, str] = {}


def age(told: dict[str, Any]) -> float:
    """Seconds since a status was brought up to date."""
    try:
        updated = datetime.fromisoformat(str(told["updated"]))
        return (datetime.now(UTC) - updated).total_seconds()
    except (KeyError, ValueError, TypeError):
        return float("inf")


class StatusFile:
    """``status.json`` of a results folder, brought up to date every few seconds."""

    SECONDS = 2.0

    def __init__(self, campaign: Campaign) -> None:
        self._path = campaign.results / FILE
        self._campaign = campaign
        self._written = 0.0
        self._place: dict[str, Any] = {"place": "this machine", "nodes": {}, "lost": {}}
        self._started = _now()

    def refresh(self, status: Status, pool: EnginePool | ClusterPool) -> None:
        """Write it again if it is old."""
        if time.monotonic() - self._written > self.SECONDS:
            self.look(pool)
            self.write(status, "running")

    def look(self, pool: EnginePool | ClusterPool) -> None:
        """See what the machines did so far: the next writing tells it."""
        if isinstance(pool, ClusterPool):
            self._place = _place(pool)

    def write(self, status: Status, state: str) -> None:
        """Write it; a disk that does not take it is the store's business."""
        self._written = time.monotonic()
        rate = status.finished_now / status.seconds if status.seconds else 0.0
        counts = {key: value for key, value in asdict(status).items() if key != "seconds"}
        told = {
            "name": self._campaign.name,
            "state": state,
            "host": socket.gethostname(),
            "process": os.getpid(),
            "started": self._started,
            "updated": _now(),
            **counts,
            "left": status.left,
            "rate": rate,
            "cores": self._campaign.threads,
            **self._place,
        }
        with suppress(OSError):
            write_text(self._path, json.dumps(told, indent=1) + "\n")


def _place(pool: ClusterPool) -> dict[str, Any]:
    health, doing = pool.executor.health(), pool.doing
    nodes = {
        name: asdict(record) | {"doing": doing.get(name, [])} for name, record in pool.nodes.items()
    }
    lost = dict(health.lost) | {n: one.lost for n, one in pool.nodes.items() if one.lost}
    return {
        "place": pool.executor.place,
        "nodes": nodes,
        "lost": lost,
        "waiting": health.waiting,
        "begun_again": pool.begun_again,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
