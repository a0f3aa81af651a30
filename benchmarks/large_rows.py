"""A million rows on landmarks: time, memory, and what one pass saves.

    python benchmarks/large_rows.py [--rows 1000000] [--rank 2000] [--separate 100000]

Synthetic features and values, because no public table is this long. Prints the tables of
docs/large-databases.md. Times are of one process on one thread; "CPU" is what to compare on
a machine that does other things too.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits

from forescale.learners import Grid, TransferData
from forescale.learners.gp import GPLearner, GPOptions
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


def curve(data: TransferData, options: GPOptions, sizes: np.ndarray):
    """The prediction, CPU seconds and wall seconds of one replicate."""
    rng = np.random.default_rng(1)
    rows = len(data.source_values)
    split = Split(rng.permutation(rows), np.arange(TRAIN), np.arange(TRAIN, TRAIN + TEST))
    with TemporaryDirectory(dir=Path.cwd()) as folder, threadpool_limits(1):
        cpu, wall = time.process_time(), time.perf_counter()
        prepared = GPLearner(options).prepare(data, Path(folder))
        result = prepared.predict(split, Grid(sizes, np.array([50, TRAIN])), seed=0)
    return result, time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rank", type=int, default=2_000)
    parser.add_argument("--separate", type=int, default=100_000)
    arguments = parser.parse_args()
    options = GPOptions(method="low-rank", rank=arguments.rank)
    data = synthetic(arguments.rows)
    sizes = np.unique(np.rint(np.geomspace(100, arguments.rows, 12)).astype(np.int64))
    result, cpu, wall = curve(data, options, sizes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    measured = data.target_values[TRAIN:]
    errors = np.sqrt(np.mean((result.mean - measured) ** 2, axis=-1))
    half = np.sqrt(np.mean((result.half_capacity - measured) ** 2, axis=-1))
    print(f"| n | zero-shot RMSE | m = {TRAIN} |\n| --- | --- | --- |")
    for n, row in zip(["scratch", *sizes], errors, strict=True):
        print(f"| {n} | {row[0]:.3f} | {row[-1]:.3f} |")
    print(f"| {sizes[-1]}, half the rank | {half[0]:.3f} | {half[-1]:.3f} |")
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
