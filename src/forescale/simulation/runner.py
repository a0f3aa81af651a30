"""Running a campaign: whatever ends it, the next run does what is missing and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from forescale._machine.executors import ClusterConfig, open_executor
from forescale._machine.executors.sharing import mark
from forescale._machine.files import cannot_write, locked
from forescale._machine.plugins import said
from forescale.engines.registry import build_engine, resolve
from forescale.errors import ConfigError, EngineError, RequestError
from forescale.simulation.bundle import Work
from forescale.simulation.campaign import Campaign
from forescale.simulation.cluster import ClusterPool
from forescale.simulation.output import write_tables
from forescale.simulation.pool import EnginePool, Outcome, Task
from forescale.simulation.sources import MaterialList, list_materials
from forescale.simulation.status import Status, StatusFile, refuse_held_elsewhere
from forescale.simulation.store import Header, Store

SEED_STRIDE = 1000
"""Seeds of successive attempts differ by this much, so that engines may count on from one."""


def header_of(campaign: Campaign, *, runs_here: bool = True) -> Header:
    """What the campaign's results are stored under; checks engine and settings.

    Parameters
    ----------
    runs_here
        Whether the engine has to be able to run on this machine.

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
    with said(f"engine.name: {campaign.engine.name} fails"):
        if runs_here:
            engine.check()
        settings = engine.settings.model_dump(mode="json")
        units = {name: str(unit) for name, unit in engine.units.items()}
    return Header(engine.name, campaign.engine.seed, settings, campaign.kind, units)


def run_campaign(
    campaign: Campaign,
    *,
    limit: int | None = None,
    keep: bool = False,
    retry_failed: bool = False,
    observe: Callable[[Status], None] | None = None,
    cluster: ClusterConfig | None = None,
) -> Status:
    """Do what is missing of a campaign.

    Parameters
    ----------
    campaign
        The campaign.
    limit
        Stop after this many attempts.
    keep
        Keep the engine's files, in ``kept/`` of the results folder.
    retry_failed
        Give materials that have used all their attempts another one.
    observe
        Called with the status after every attempt.
    cluster
        Where jobs run; by default processes of this machine.

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
    # Workers change into a job's folder: a path that begins here would lead elsewhere from there.
    campaign = campaign.model_copy(update={"results": campaign.results.resolve()})
    header = header_of(campaign, runs_here=cluster is None)
    materials = list_materials(campaign)
    refuse_held_elsewhere(campaign.results)
    with locked(campaign.results / ".lock", "another campaign"):
        store = Store(campaign.results, header)
        store.open()
        try:
            run = _Run(campaign, store, materials, keep=keep, retry_failed=retry_failed)
            run.cluster = cluster
            return run.go(limit, observe)
        except OSError as error:
            raise EngineError(cannot_write(campaign.results, error)) from error
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
        self.cluster: ClusterConfig | None = None
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
        self.began = time.monotonic()
        self.record = StatusFile(self.campaign)
        self.record.write(self.status, "running")
        end = "failed"
        try:
            if self.queue:
                with self._pool() as pool:
                    self._take_over(pool, observe)
                    self._work(pool, limit, observe)
                    self.record.look(pool)
            end = "done" if not self.status.left else "stopped"
        except KeyboardInterrupt:
            self.status, end = replace(self.status, interrupted=True), "stopped"
        finally:
            self.record.write(self.status, end)
            if not self.keep:
                shutil.rmtree(self.scratch, ignore_errors=True)
        write_tables(self.store, self.campaign, self.materials)
        return replace(self.status, seconds=time.monotonic() - self.began)

    @contextmanager
    def _pool(self) -> Iterator[EnginePool | ClusterPool]:
        """Workers of this machine, or of a cluster."""
        campaign, results = self.campaign, self.campaign.results
        start: dict[str, Any] = {
            "spec": resolve(campaign.engine.name, campaign.folder),
            "settings": campaign.engine.protocol,
            "folder": str(campaign.folder),
            "memory": int(campaign.limits.memory * 2**30),
            "shared": str(results / "shared" / self.store.header.engine),
        }
        threads, limit = campaign.threads, campaign.limits.time
        if self.cluster is not None and self.cluster.kind == "slurm":
            given = int(
                self.cluster.memory * 2**30
            )  # beyond that Slurm would kill the whole bundle
            start["memory"] = min(start["memory"], given)
        if self.cluster is None:
            workers = min(campaign.workers, len(self.queue))
            with EnginePool(start, workers=workers, threads=threads, limit=limit) as pool:
                yield pool
            return
        scratch = None if self.cluster.scratch is None else str(self.cluster.scratch)
        label, token = self.store.header.label, mark(results)
        work = Work(start, campaign.kind, threads, limit, str(results), token, label)
        work = replace(work, keep=self.keep, scratch=scratch)
        with open_executor(self.cluster, results, strict=False) as executor:
            yield ClusterPool(executor, work, lambda: len(self.queue), self.cluster.versions)

    def _take_over(
        self, pool: EnginePool | ClusterPool, observe: Callable[[Status], None] | None
    ) -> None:
        """Settle what an earlier run left on the cluster; what still runs there is not queued."""
        if isinstance(pool, EnginePool):
            return
        ended, running = pool.take_over(self._task)
        wanted = set(self.queue)
        ended = [one for one in ended if (one.task.material, one.task.attempt) in wanted]
        taken = running | {(one.task.material, one.task.attempt) for one in ended}
        self.queue = deque(job for job in self.queue if job not in taken)
        for outcome in ended:
            self._finish(outcome, pool, observe)

    def _work(
        self,
        pool: EnginePool | ClusterPool,
        limit: int | None,
        observe: Callable[[Status], None] | None,
    ) -> None:
        allowed = limit if limit is not None else -1
        while pool.busy or (self.queue and allowed):
            wanted = pool.free
            while wanted > 0 and self.queue and allowed:
                wanted, allowed = wanted - 1, allowed - 1
                pool.submit(self._task(*self.queue.popleft()), self.campaign.kind)
            for outcome in pool.outcomes():
                self._finish(outcome, pool, observe)
            self.record.refresh(self.status, pool)

    def _finish(
        self,
        outcome: Outcome,
        pool: EnginePool | ClusterPool,
        observe: Callable[[Status], None] | None,
    ) -> None:
        """One attempt is over."""
        self._settle(outcome)
        self.status = replace(
            self.status,
            finished_now=self.status.finished_now + 1,
            seconds=time.monotonic() - self.began,
        )
        self.record.refresh(self.status, pool)
        if observe is not None:
            observe(self.status)

    def _task(self, key: str, attempt: int) -> Task:
        name = f"{hashlib.sha256(key.encode()).hexdigest()[:16]}-{attempt}"
        seed = self.campaign.engine.seed + SEED_STRIDE * attempt
        return Task(key, attempt, seed, self.scratch / name, self.checkpoints / name)

    def _settle(self, outcome: Outcome) -> None:
        """Store an outcome, count it, or queue the job again."""
        task, answer = outcome.task, outcome.answer
        self.store.append(_row(outcome, self.store.header))
        if not self.keep:
            shutil.rmtree(task.scratch, ignore_errors=True)
        if task.checkpoint.exists():
            shutil.rmtree(task.checkpoint, ignore_errors=True)
        status = answer["status"]
        if status == "failed" and task.attempt < self.campaign.retries:
            self.queue.append((task.material, task.attempt + 1))
        else:
            self.status = replace(self.status, **{status: getattr(self.status, status) + 1})


def _row(outcome: Outcome, header: Header) -> dict[str, Any]:
    task, answer = outcome.task, outcome.answer
    values = {header.column(name): value for name, value in answer.get("values", {}).items()}
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
        **values,
    }
