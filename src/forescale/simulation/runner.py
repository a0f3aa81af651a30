"""Running a campaign: whatever ends it, the next run does what is missing and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from forescale.errors import ConfigError, EngineError, RequestError
from forescale.simulation.campaign import Campaign
from forescale.simulation.output import write_tables
from forescale.simulation.pool import Outcome, Pool, Task
from forescale.simulation.registry import build_engine, resolve
from forescale.simulation.sources import MaterialList, list_materials
from forescale.simulation.store import Header, Store, locked

#: Seeds of successive attempts differ by this much, so that engines may count on from one.
SEED_STRIDE = 1000


@dataclass(frozen=True)
class Status:
    """Where a campaign stands.

    Attributes
    ----------
    total, done, failed, unsupported : int
        Materials asked for, and how many of them ended in each way (failed: all attempts used).
    finished_now : int
        Attempts finished since this run began.
    seconds : float
        Time since this run began.
    interrupted : bool
        Whether the run was stopped before its end.
    label : str
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


def header_of(campaign: Campaign) -> Header:
    """What the campaign's results are stored under; checks engine and settings.

    Raises
    ------
    ConfigError
        If the engine is unknown, refuses its settings or this kind of material.
    MissingDependencyError
        If a program that the engine needs is missing.
    """
    engine = build_engine(
        resolve(campaign.engine.name, campaign.folder), campaign.engine.protocol, campaign.folder
    )
    if campaign.kind not in engine.kinds:
        raise ConfigError(
            f"kind: got {campaign.kind!r}; engine {engine.name} takes "
            f"{', '.join(sorted(engine.kinds))}"
        )
    engine.check()
    settings = engine.settings.model_dump(mode="json")
    return Header(engine.name, campaign.engine.seed, settings, campaign.kind, dict(engine.units))


def run_campaign(
    campaign: Campaign,
    *,
    limit: int | None = None,
    keep: bool = False,
    retry_failed: bool = False,
    observe: Callable[[Status], None] | None = None,
) -> Status:
    """Do what is missing of a campaign.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    limit : int, optional
        Stop after this many attempts.
    keep : bool
        Keep the engine's files, in ``kept/`` of the results folder.
    retry_failed : bool
        Give materials that have used all their attempts another one.
    observe : callable, optional
        Called with the status after every attempt.

    Returns
    -------
    Status
        ``interrupted`` if stopped by Ctrl-C or SIGTERM (as KeyboardInterrupt); results are safe.

    Raises
    ------
    ConfigError, DataError, MissingDependencyError
        If the request is wrong, before anything is run.
    RunFolderError
        If the folder cannot be written or is in use.
    EngineError
        If workers cannot start, or results cannot be stored any more.
    """
    if os.name != "posix":
        raise RequestError("campaigns run on Linux and macOS only")
    header = header_of(campaign)
    materials = list_materials(campaign)
    with locked(campaign.results):
        store = Store(campaign.results, header)
        store.open()
        try:
            run = _Run(campaign, store, materials, keep=keep, retry_failed=retry_failed)
            return run.go(limit, observe)
        except OSError as error:
            raise EngineError(
                f"{campaign.results}: the campaign cannot go on ({error.strerror or error}); "
                "put that right and run it again"
            ) from error
        finally:
            store.close()


class _Run:
    """The state of one run: the queue, the counts, the store."""

    def __init__(
        self,
        campaign: Campaign,
        store: Store,
        materials: MaterialList,
        *,
        keep: bool,
        retry_failed: bool,
    ) -> None:
        self.campaign, self.store, self.materials, self.keep = campaign, store, materials, keep
        self.scratch = campaign.results / ("kept" if keep else "scratch")
        self.checkpoints = campaign.results / "checkpoints" / store.header.label
        self.queue: deque[tuple[str, int]] = deque()
        self.status = self._plan(retry_failed)

    def _plan(self, retry_failed: bool) -> Status:
        """Fill the queue with what is missing; later attempts come last."""
        past = self.store.attempts(["key", "status", "attempt"])  # the last of a key counts
        known = {key: (status, attempt) for key, status, attempt in past.itertuples(index=False)}
        counts = Counter[str]()
        again = []
        for key in self.materials.keys:
            status, attempt = known.get(key, ("", -1))
            if not status:
                self.queue.append((key, 0))
            elif status == "failed" and (attempt < self.campaign.retries or retry_failed):
                again.append((key, int(attempt) + 1))
            else:
                counts[status] += 1
        self.queue.extend(again)
        return Status(
            total=len(self.materials.keys),
            done=counts["done"],
            failed=counts["failed"],
            unsupported=counts["unsupported"],
            label=self.store.header.label,
        )

    def go(self, limit: int | None, observe: Callable[[Status], None] | None) -> Status:
        """Run the queue, then write the tables."""
        if not self.keep:
            shutil.rmtree(self.scratch, ignore_errors=True)
        began = time.monotonic()
        try:
            if self.queue:
                self._work(limit, began, observe)
        except KeyboardInterrupt:
            self.status = replace(self.status, interrupted=True)
        finally:
            if not self.keep:
                shutil.rmtree(self.scratch, ignore_errors=True)
        write_tables(self.store, self.campaign, self.materials)
        return replace(self.status, seconds=time.monotonic() - began)

    def _work(
        self, limit: int | None, began: float, observe: Callable[[Status], None] | None
    ) -> None:
        campaign = self.campaign
        start: dict[str, Any] = {
            "spec": resolve(campaign.engine.name, campaign.folder),
            "settings": campaign.engine.protocol,
            "folder": str(campaign.folder),
            "memory": int(campaign.limits.memory * 2**30),
            "shared": str(campaign.results / "shared" / self.store.header.engine),
        }
        workers = min(campaign.workers, len(self.queue))
        with Pool(
            start, workers=workers, threads=campaign.threads, limit=campaign.limits.time
        ) as pool:
            allowed = limit if limit is not None else -1
            while pool.busy or (self.queue and allowed):
                while pool.free and self.queue and allowed:
                    allowed -= 1
                    pool.submit(self._next(), campaign.kind)
                for outcome in pool.outcomes():
                    self._settle(outcome)
                    self.status = replace(
                        self.status,
                        finished_now=self.status.finished_now + 1,
                        seconds=time.monotonic() - began,
                    )
                    if observe is not None:
                        observe(self.status)

    def _next(self) -> Task:
        key, attempt = self.queue.popleft()
        name = f"{hashlib.sha256(key.encode()).hexdigest()[:16]}-{attempt}"
        scratch = self.scratch / name
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        seed = self.campaign.engine.seed + SEED_STRIDE * attempt
        return Task(key, attempt, seed, scratch, self.checkpoints / name)

    def _settle(self, outcome: Outcome) -> None:
        """Store an outcome, count it, or queue the job again."""
        task, answer = outcome.task, outcome.answer
        self.store.append(_row(outcome))
        if not self.keep:
            shutil.rmtree(task.scratch, ignore_errors=True)
        if task.checkpoint.exists():
            shutil.rmtree(task.checkpoint, ignore_errors=True)
        status = answer["status"]
        if status == "failed" and task.attempt < self.campaign.retries:
            self.queue.append((task.material, task.attempt + 1))
        else:
            self.status = replace(self.status, **{status: getattr(self.status, status) + 1})


def _row(outcome: Outcome) -> dict[str, Any]:
    task, answer = outcome.task, outcome.answer
    return {
        "key": task.material,
        "attempt": task.attempt,
        "status": answer["status"],
        "reason": answer.get("reason", "")[:1000],
        "notes": answer.get("notes", ""),
        "converged": answer.get("converged", False),
        "seed": task.seed,
        "wall_s": round(answer["wall_s"], 4),
        "engine_version": outcome.version,
        **answer.get("values", {}),
    }
