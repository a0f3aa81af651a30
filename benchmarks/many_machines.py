"""What many machines cost: overhead, speed, numbers; a million jobs on paper.

python benchmarks/many_machines.py overhead [JOBS]    a no-op job: here, Dask, Slurm
python benchmarks/many_machines.py speedup            a density-like study on 1 and 2 workers
python benchmarks/many_machines.py numbers            a study on 1, 2, 4 workers against here
python benchmarks/many_machines.py paper [JOBS]       a million jobs on a thousand workers

Starts real Dask processes, and a real Slurm where its programs are installed. What they survive:
``many_machines_lost.py``.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import _kit
from _machines import campaign, errors, run, slurm, study_file
from dask_processes import DaskProcesses
from real_slurm import missing
from simulation_overhead import NOOP, ethers, resident_mib

from forescale._machine.executors import ClusterConfig, Ended, Event, Executor, Health, Told
from forescale._machine.executors.sharing import Shared
from forescale.simulation import Status, run_campaign
from forescale.simulation.bundle import Work
from forescale.simulation.cluster import ClusterPool
from forescale.simulation.pool import Task
from forescale.simulation.runner import _row
from forescale.simulation.store import Header, Store


def processor_seconds() -> float:
    """Of this process and all that it started: what a busy machine does not change."""
    import psutil  # type: ignore[import-untyped]

    here = psutil.Process()
    times = [one.cpu_times() for one in (here, *here.children(recursive=True))]
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))


def overhead(jobs: int) -> None:
    """Milliseconds a no-op job costs, and what the coordinator holds."""
    table = _kit.Table(
        "place", "jobs", "ms a job", "ms of processor", "memory at 10 %, MiB", "at the end", "load"
    )
    table.row(*_overhead("this machine, 2 processes", jobs, None, workers=2))
    for workers in (2, 8):
        with (
            tempfile.TemporaryDirectory() as folder,
            DaskProcesses(Path(folder), workers) as dask,
        ):
            config = ClusterConfig(address=dask.address)
            _overhead("(warming up)", 20 * workers, config)
            table.row(*_overhead(f"Dask, {workers} workers", jobs, config))
    if not missing():
        with slurm():
            config = ClusterConfig(kind="slurm", workers=2, memory=0.5, walltime=3600, bundle=60)
            table.row(*_overhead("Slurm, 2 at a time, bundles of 60 s", jobs, config))


def _overhead(
    place: str, jobs: int, cluster: ClusterConfig | None, **options: object
) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder:
        one = campaign(Path(folder), NOOP, ethers(jobs), **options)
        early = [0.0]

        def observe(status: Status) -> None:
            if not early[0] and status.finished_now >= jobs // 10:
                early[0] = resident_mib()

        before = processor_seconds()
        status = run_campaign(one, cluster=cluster, observe=observe)
        busy = processor_seconds() - before
        assert status.done == jobs
        each = 1e3 * status.seconds / jobs
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        return (
            place, f"{jobs:,}", f"{each:.2f}", f"{1e3 * busy / jobs:.2f}", f"{early[0]:.0f}",
            f"{resident_mib():.0f}", f"{load:.1f}",
        )  # fmt: skip


def speedup() -> None:
    """Seconds of the replicates on one and on two workers, taken in turns."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        study = study_file(home / "study", 16, 3000)
        run(study, home / "warm", "--workers", "1")
        table = _kit.Table("round", "1 worker, s", "2 workers, s", "speed-up")
        for turn in range(2):
            seconds = {}
            for workers in (1, 2):
                with DaskProcesses(home / f"dask-{turn}-{workers}", workers) as dask:
                    out = home / f"run-{turn}-{workers}"
                    run(study_file(home / "tiny", 2, 400), home / f"t-{turn}-{workers}",
                        "--cluster", dask.address)  # fmt: skip
                    run(study, out, "--cluster", dask.address)
                    times = sorted(p.stat().st_mtime for p in (out / "errors").glob("*.parquet"))
                    # from the first part to the last, so that reading and featurising are left out
                    seconds[workers] = (times[-1] - times[0]) / (len(times) - workers) * len(times)
            ratio = seconds[1] / seconds[2]
            table.row(turn + 1, f"{seconds[1]:.1f}", f"{seconds[2]:.1f}", f"{ratio:.2f}")


def numbers() -> None:
    """Whether every number of a study is that of one process here."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        study = study_file(home / "study", 8, 600)
        run(study, home / "here", "--workers", "1")
        ours = errors(home / "here")
        table = _kit.Table("place", "numbers compared", "different")
        for workers in (1, 2, 4):
            with DaskProcesses(home / f"dask-{workers}", workers) as dask:
                out = home / f"run-{workers}"
                run(study, out, "--cluster", dask.address)
                different = int((errors(out)["value"].to_numpy() != ours["value"].to_numpy()).sum())
                table.row(f"Dask, {workers}", len(ours), different)


class Echo(Executor):
    """A thousand workers in words: every job is answered at once, as a machine would answer it."""

    def __init__(self, slots: int, wall: float) -> None:
        self._slots, self._wall = slots, wall
        self._events: deque[Event] = deque()
        self.place, self.seconds_a_bundle = "echo", 2.0
        self.messages = self.bytes = self.bundles = 0

    @property
    def slots(self) -> int:
        """So many bundles at a time."""
        return self._slots

    def share(self, value: object, folder: Path | None = None) -> Shared:
        """Not asked for."""
        raise NotImplementedError

    def submit(self, name: str, function: object, *arguments: Any, **_: object) -> None:  # noqa: ARG002
        """Answer a bundle."""
        items = arguments[1]
        self.bundles += 1
        self._put(Told(name, {"engine": "1", "sees": True}, f"n{self.bundles % self._slots}"))
        for material, attempt, *_rest in items:
            values = {"length": float(len(material))}
            answer = {"status": "done", "values": values, "converged": True, "notes": ""}
            told = {"job": [material, attempt], "answer": answer | {"wall_s": self._wall}}
            self._put(Told(name, told | {"version": "1"}, f"n{self.bundles % self._slots}"))
        self._events.append(Ended(name))

    def _put(self, told: Told) -> None:
        self.messages += 1
        self.bytes += len(json.dumps(told.message))
        self._events.append(told)

    def events(self, timeout: float) -> Iterator[Event]:  # noqa: ARG002
        """All that has been answered."""
        while self._events:
            yield self._events.popleft()

    def cancel(self, names: Iterable[str]) -> None:
        """Nothing runs."""

    def exclude(self, node: str, reason: str) -> None:
        """Nobody is refused."""

    def health(self) -> Health:
        """Nobody is lost."""
        return Health()

    def close(self, *, leave: bool = False) -> None:
        """Nothing is held."""


def paper(jobs: int) -> None:
    """The coordinator alone at a million jobs: its seconds, memory, messages and disk."""
    table = _kit.Table(
        "jobs", "seconds of each", "bundles", "messages", "MB of them", "s of processor",
        "ms a job", "MB stored", "parts", "MiB before", "MiB after",
    )  # fmt: skip
    for count, wall in ((jobs // 100, 1.0), (jobs // 10, 1.0), (jobs, 1.0), (jobs // 10, 60.0)):
        with tempfile.TemporaryDirectory() as folder:
            table.row(*_paper(Path(folder), count, wall))


def _paper(folder: Path, count: int, wall: float) -> tuple[str, ...]:
    header = Header("noop", 0, {}, "molecule", {"length": ""})
    store = Store(folder, header)
    store.open()
    queue = deque(ethers(count))
    executor = Echo(1000, wall)
    work = Work({"shared": ""}, "molecule", 1, 600.0, str(folder), "", header.label)
    pool = ClusterPool(executor, work, lambda: len(queue))
    before, began = resident_mib(), time.process_time()
    while queue or pool.busy:
        wanted = pool.free
        while wanted and queue:
            wanted -= 1
            pool.submit(Task(queue.popleft(), 0, 0, folder / "s", folder / "c"), "molecule")
        for outcome in pool.outcomes(0.0):
            store.append(_row(outcome, header))
    seconds = time.process_time() - began
    store.close()
    parts = [path for path in (folder / "results").rglob("*") if path.is_file()]
    stored = sum(path.stat().st_size for path in parts) / 1e6
    return (
        f"{count:,}", f"{wall:g}", f"{executor.bundles:,}", f"{executor.messages:,}",
        f"{executor.bytes / 1e6:.0f}", f"{seconds:.0f}", f"{1e3 * seconds / count:.3f}",
        f"{stored:.1f}", str(len(parts)), f"{before:.0f}", f"{resident_mib():.0f}",
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is asked for."""
    actions: dict[str, tuple[Callable[..., None], tuple[int, ...]]] = {
        "overhead": (overhead, (100_000,)),
        "speedup": (speedup, ()),
        "numbers": (numbers, ()),
        "paper": (paper, (1_000_000,)),
    }
    parser = _kit.parser(__doc__)
    parser.add_argument("what", choices=actions)
    parser.add_argument("counts", type=int, nargs="*")
    # The coordinator against workers in words: the real ones are what tests/simulation starts.
    told = _kit.parse(parser, argv, smoke={"what": "paper", "counts": [1_000]})
    action, usual = actions[told.what]
    action(*(*told.counts, *usual[len(told.counts) :])[: len(usual)])


if __name__ == "__main__":
    main()
