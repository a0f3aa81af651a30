"""The low-rank method beside the exact one, on our refractive-index database.

    python benchmarks/large_agreement.py [--rows 12000] [--ranks 1500 3000 6000]

Prints a table of docs/large-databases.md: errors of both at the same sizes of one
replicate, and what half the rank changes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import _kit
import numpy as np
from threadpoolctl import threadpool_limits

from forescale.learners import Grid
from forescale.learners.gp.learner import GPLearner
from forescale.learners.gp.options import GPOptions
from forescale.study import Design, load_data, load_study

STUDY = _kit.EXAMPLES / "refractive-index.toml"


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--ranks", type=int, nargs="+", default=[1_500, 3_000, 6_000])
    arguments = _kit.parse(parser, argv, smoke={"rows": 240, "ranks": [30]})
    study = load_study(STUDY)
    source = study.source[0].model_copy(update={"sample": arguments.rows + 500})
    grid = study.grid.model_copy(update={"n_source": (arguments.rows,)})
    study = study.model_copy(update={"source": (source,), "grid": grid})
    loaded = load_data(study, workers=1)
    data, split = loaded.arrays(), Design.of(study, loaded).splits[0]
    sizes = np.array([arguments.rows // 4, arguments.rows // 2, arguments.rows])
    cells = Grid(sizes, np.array([20, 320]))
    measured = data.target_values[split.test]
    methods = {"exact": GPOptions(method="exact")}
    for rank in arguments.ranks:
        methods[f"rank {rank}"] = GPOptions(
            method="low-rank", rank=rank, exact_rows=arguments.rows // 4
        )
    titles = [f"n = {n}, {m}" for n in sizes for m in ("zero-shot", "m = 320")]
    table = _kit.Table("method", *titles, "half the rank, last n", "CPU s")
    for name, options in methods.items():
        with TemporaryDirectory() as folder, threadpool_limits(1):
            prepared = GPLearner(options).prepare(data, Path(folder))
            start = time.process_time()
            result = prepared.predict(split, cells, seed=0)
            seconds = time.process_time() - start
        errors = np.sqrt(np.mean((result.mean - measured) ** 2, axis=-1))
        shown = [f"{error:.5f}" for row in errors[1:] for error in (row[0], row[-1])]
        half = "–"
        if result.half_capacity is not None:
            ratio = np.sqrt(np.mean((result.half_capacity - measured) ** 2, axis=-1)) / errors[-1]
            half = f"{100 * (ratio[0] - 1):+.1f} %, {100 * (ratio[-1] - 1):+.1f} %"
        table.row(name, *shown, half, f"{seconds:.0f}")


if __name__ == "__main__":
    main()
