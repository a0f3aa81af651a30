"""Solvation free energies, 270,000 computed pairs: time and memory of whole replicates.

    FORESCALE_MIRROR=… python benchmarks/large_pairs.py [--replicates 2] [--workers 2]

Prints a table of docs/large-databases.md: the time after featurising, which is done once
and kept. Run all ten replicates of the study with --replicates 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import _kit

from forescale.study import Design, RunFolder, load_data, run_replicates

STUDY = _kit.EXAMPLES / "solvation.toml"


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table, and what it took."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--replicates", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    told = _kit.parse(parser, argv, smoke={"workers": 1})
    file = _kit.EXAMPLES / "chi.toml" if told.smoke else STUDY
    study = _kit.study(file, told, replicates=told.replicates)
    data = load_data(study, workers=told.workers)
    grid = Design.of(study, data).grid
    with TemporaryDirectory() as folder:
        run = RunFolder.open(Path(folder) / "run", study, data)
        with _kit.Clock() as clock:
            run_replicates(study, data, run, workers=told.workers)
        errors = run.errors()
    _kit.grid_table(errors, sizes=len(grid.n_source), digits=3)
    processes = min(told.workers, study.replicates)
    memory = _kit.peak_gib(processes if processes > 1 else 0)
    print(
        f"\n{study.replicates} replicates of {len(grid.n_source)} × {len(grid.n_target)} cells on "
        f"{processes} processes: {clock.cpu:.0f} s CPU, {clock.wall:.0f} s wall, at most "
        f"{memory:.1f} GiB"
    )


if __name__ == "__main__":
    main()
