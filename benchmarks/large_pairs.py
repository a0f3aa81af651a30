"""Solvation free energies, 270,000 computed pairs: time and memory of whole replicates.

    FORESCALE_MIRROR=… python benchmarks/large_pairs.py [--replicates 2] [--workers 2]

Prints a table of docs/large-databases.md: the time after featurising, which is done once
and kept. Run all ten replicates of the study with --replicates 10.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from forescale.study import RunFolder, load_data, load_study, run_replicates, summarise

STUDY = Path(__file__).parents[1] / "examples" / "solvation.toml"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    study = load_study(STUDY).model_copy(update={"replicates": arguments.replicates})
    data = load_data(study, workers=arguments.workers)
    grid = data.grid(study)
    with TemporaryDirectory() as folder:
        run = RunFolder.open(Path(folder) / "run", study, data)
        start, before = time.perf_counter(), _cpu()
        run_replicates(study, data, run, workers=arguments.workers)
        wall, cpu = time.perf_counter() - start, _cpu() - before
        summary = summarise(run.errors(), study.learner.name)
    means = summary[summary["metric"] == "rmse"].set_index(["n_source", "n_target"])["mean"]
    print("| n | zero-shot | " + " | ".join(f"m = {m}" for m in grid.n_target) + " |")
    print("| --- |" + " --- |" * (1 + len(grid.n_target)))
    for n in [0, *grid.n_source]:
        cells = [f"{means[n, m]:.3f}" for m in grid.n_target]
        zero = f"{means[n, 0]:.3f}" if n else "–"
        print(f"| {n or 'scratch'} | {zero} | {' | '.join(cells)} |")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    processes = min(arguments.workers, arguments.replicates)
    memory = (own + (processes * child if processes > 1 else 0)) / 1024**2
    print(
        f"\n{arguments.replicates} replicates of {len(grid.n_source)} × {len(grid.n_target)} cells "
        f"on {processes} processes: {cpu:.0f} s CPU, {wall:.0f} s wall, at most {memory:.1f} GiB"
    )


def _cpu() -> float:
    """Processor seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
