"""What the campaign runner costs: time per job and memory at 100,000 jobs that do nothing.

python benchmarks/simulation_overhead.py [JOBS] [WORKERS]
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import _kit

from forescale.simulation import Campaign, Status, run_campaign

NOOP = f"{Path(__file__).resolve().parent / '_noop.py'}:NoOp"


def resident_mib() -> float:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def ethers(count: int) -> list[str]:
    """As many different molecules, all small."""
    return [
        f"{'C' * (k // 2500 + 1)}O{'C' * (k // 50 % 50 + 1)}N{'C' * (k % 50)}" for k in range(count)
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Run, and print one table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("jobs", type=int, nargs="?", default=100_000)
    parser.add_argument("workers", type=int, nargs="?", default=1)
    told = _kit.parse(parser, argv, smoke={"jobs": 100})
    jobs, workers = told.jobs, told.workers
    with tempfile.TemporaryDirectory() as folder:
        materials = Path(folder) / "materials.csv"
        materials.write_text("\n".join(["smiles", *ethers(jobs)]) + "\n")
        campaign = Campaign.model_validate(
            {
                "name": "overhead",
                "results": Path(folder) / "results",
                "materials": [{"file": materials}],
                "engine": {"name": NOOP},
                "workers": workers,
            }
        )
        table = _kit.Table("jobs", "seconds", "ms/job", "MiB")
        last = [0.0]

        def observe(status: Status) -> None:
            if status.finished_now % max(1, jobs // 10) == 0:
                step = status.seconds - last[0]
                last[0] = status.seconds
                each = 1e3 * step / max(1, jobs // 10)
                table.row(
                    status.finished_now, f"{status.seconds:.1f}", f"{each:.2f}",
                    f"{resident_mib():.0f}",
                )  # fmt: skip

        started = time.perf_counter()
        run_campaign(campaign, observe=observe)
        total = time.perf_counter() - started
        print(f"all, with reading the list and writing the tables: {1e3 * total / jobs:.2f} ms/job")
        started = time.perf_counter()
        again = run_campaign(campaign)
        print(f"rerun with nothing left: {time.perf_counter() - started:.1f} s, {again.done} done")


if __name__ == "__main__":
    main()
