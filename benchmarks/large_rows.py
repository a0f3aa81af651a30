"""A million rows on landmarks: time, memory, and what one pass saves.

    python benchmarks/large_rows.py [--rows 1000000] [--rank 2000] [--separate 100000]

Synthetic features and values, because no public table is this long. Prints the tables of
docs/large-databases.md. Times are of one process on one thread; "CPU" is what to compare on
a machine that does other things too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import _kit
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forescale.learners import Grid, GridPrediction, TransferData
from forescale.learners.gp.learner import GPLearner
from forescale.learners.gp.options import GPOptions
from forescale.splits import Split

FEATURES, TRAIN, TEST = 20, 200, 1_000


def synthetic(rows: int) -> TransferData:
    """A sum of waves, and noise."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows + TRAIN + TEST, FEATURES), dtype=np.float32)
    bends = rng.standard_normal((FEATURES, 12)).astype(np.float32) / FEATURES**0.5
    y = np.cos(0.8 * (x @ bends) + np.arange(12)).sum(axis=1).astype(float)
    y += 0.3 * rng.standard_normal(len(y))
    return TransferData.of_rows(
        x[:rows],
        x[rows:],
        np.zeros(FEATURES, bool),
        y[:rows],
        1.1 * y[rows:] + 0.3 * rng.standard_normal(TRAIN + TEST),
        np.arange(rows),
    )


def curve(
    data: TransferData, options: GPOptions, sizes: NDArray[np.int64]
) -> tuple[GridPrediction, float, float]:
    """The prediction, CPU seconds and wall seconds of one replicate."""
    rng = np.random.default_rng(1)
    rows = len(data.source_values)
    split = Split(rng.permutation(rows), np.arange(TRAIN), np.arange(TRAIN, TRAIN + TEST))
    with TemporaryDirectory(dir=Path.cwd()) as folder, threadpool_limits(1):
        cpu, wall = time.process_time(), time.perf_counter()
        prepared = GPLearner(options).prepare(data, Path(folder))
        result = prepared.predict(split, Grid(sizes, np.array([50, TRAIN])), seed=0)
    return result, time.process_time() - cpu, time.perf_counter() - wall


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table, and what it took."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rank", type=int, default=2_000)
    parser.add_argument("--separate", type=int, default=100_000)
    quick = {"rows": 3_000, "rank": 100, "separate": 2_000}
    arguments = _kit.parse(parser, argv, smoke=quick)
    options = GPOptions(method="low-rank", rank=arguments.rank)
    data = synthetic(arguments.rows)
    sizes = np.unique(np.rint(np.geomspace(100, arguments.rows, 12)).astype(np.int64))
    result, cpu, wall = curve(data, options, sizes)
    peak = _kit.peak_gib()
    measured = data.target_values[TRAIN:]
    errors = np.sqrt(np.mean((result.mean - measured) ** 2, axis=-1))
    assert result.half_capacity is not None, "half the rank was asked for"
    half = np.sqrt(np.mean((result.half_capacity - measured) ** 2, axis=-1))
    table = _kit.Table("n", "zero-shot RMSE", f"m = {TRAIN}")
    for n, row in zip(["scratch", *sizes], errors, strict=True):
        table.row(n, f"{row[0]:.3f}", f"{row[-1]:.3f}")
    table.row(f"{sizes[-1]}, half the rank", f"{half[0]:.3f}", f"{half[-1]:.3f}")
    print(
        f"\n{len(sizes)} sizes up to {arguments.rows} rows of {FEATURES} features, rank "
        f"{arguments.rank}: {cpu:.0f} s CPU, {wall:.0f} s wall, peak {peak:.2f} GiB"
    )
    some = synthetic(arguments.separate)
    sizes = np.unique(np.rint(np.geomspace(100, arguments.separate, 12)).astype(np.int64))
    _, together, _ = curve(some, options, sizes)
    alone = sum(curve(some, options, np.array([n]))[1] for n in sizes)
    print(
        f"\nUp to {arguments.separate} rows: {together:.0f} s CPU for the curve, {alone:.0f} s for "
        f"one run for each n: {alone / together:.1f} times"
    )


if __name__ == "__main__":
    main()
