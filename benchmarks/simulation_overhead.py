"""What the campaign runner costs: time per job and memory at 100,000 jobs that do nothing.

python benchmarks/simulation_overhead.py [JOBS] [WORKERS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from forescale.simulation import Campaign, EngineProtocol, Job, Record, Status, run_campaign


class NoOp:
    """An engine that does nothing."""

    name = "noop"
    kinds = frozenset({"molecule"})
    units = {"length": ""}  # noqa: RUF012
    version = "1"
    Settings = EngineProtocol

    def __init__(self, settings: EngineProtocol) -> None:
        self.settings = settings

    def check(self) -> None:
        """Nothing is needed."""

    def compute(self, job: Job) -> Record:
        """Return the length of the key."""
        return Record({"length": float(len(job.material))})


def resident_mib() -> float:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def ethers(count: int) -> list[str]:
    """As many different molecules, all small."""
    return [
        f"{'C' * (k // 2500 + 1)}O{'C' * (k // 50 % 50 + 1)}N{'C' * (k % 50)}" for k in range(count)
    ]


def main(jobs: int, workers: int) -> None:
    """Run, and print one table."""
    with tempfile.TemporaryDirectory() as folder:
        materials = Path(folder) / "materials.csv"
        materials.write_text("\n".join(["smiles", *ethers(jobs)]) + "\n")
        campaign = Campaign.model_validate(
            {
                "name": "overhead",
                "results": Path(folder) / "results",
                "materials": [{"file": materials}],
                "engine": {"name": f"{Path(__file__).resolve()}:NoOp"},
                "workers": workers,
            }
        )
        print(f"{'jobs':>8} {'seconds':>8} {'ms/job':>7} {'MiB':>6}")
        last = [0.0]

        def observe(status: Status) -> None:
            if status.finished_now % max(1, jobs // 10) == 0:
                step = status.seconds - last[0]
                last[0] = status.seconds
                each = 1e3 * step / max(1, jobs // 10)
                print(
                    f"{status.finished_now:8d} {status.seconds:8.1f} {each:7.2f} "
                    f"{resident_mib():6.0f}"
                )

        started = time.perf_counter()
        run_campaign(campaign, observe=observe)
        total = time.perf_counter() - started
        print(f"all, with reading the list and writing the tables: {1e3 * total / jobs:.2f} ms/job")
        started = time.perf_counter()
        again = run_campaign(campaign)
        print(f"rerun with nothing left: {time.perf_counter() - started:.1f} s, {again.done} done")


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    main(*(numbers + [100_000, 1][len(numbers) :]))
