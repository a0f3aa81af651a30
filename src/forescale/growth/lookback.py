"""Looking back: what would each order of computing have saved, on values that exist?

The measured materials are halved in each replicate: the orders see the inputs of one half (and
predictors learn from its values), the other half judges. Computed values of judged materials are
never learnt from. So what is compared is honest, and differs between orders in nothing but which
materials are computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale._machine.executors import run_jobs
from forescale._machine.progress import progress
from forescale.growth.arms import Arm
from forescale.growth.judging import REFERENCE, Bench, Computed, errors_of
from forescale.growth.orders import Pool, choose, get_order
from forescale.learners import Grid
from forescale.learners.contract import Ints
from forescale.splits import Split

LEVEL = 0.9
_RESAMPLES = 2000


@dataclass(frozen=True)
class LookBack:
    """Errors of several orders on one table.

    Parameters
    ----------
    errors
        Columns order, replicate, n_source, n_target, metric, value.
    """

    errors: pd.DataFrame

    def means(self) -> pd.DataFrame:
        """Mean error and its standard error by order, n and m."""
        by = self.errors.groupby(["n_target", "n_source", "order"])["value"]
        return by.agg(mean="mean", std_error="sem").reset_index()

    def needed(self, against: str = "random", seed: int = 0) -> pd.DataFrame:
        """Share of the computations that each order needs for another's error.

        Returns
        -------
        DataFrame
            Columns n_target, n_source (of the other), order, share, low, high: the median and the
            90 % interval of n(order)/n(other) over resampled replicates. A share at the edge of
            what was computed is a bound: ``beyond`` is the part of resamples in which the order
            never reached the error.
        """
        rng = np.random.default_rng(seed)
        rows = []
        for m, part in self.errors.groupby("n_target"):
            cube = part.pivot_table(
                index="replicate", columns=["order", "n_source"], values="value"
            )
            orders = [o for o in cube.columns.unique(0) if o != against]
            if against not in cube.columns.unique(0):
                continue
            picks = rng.integers(len(cube), size=(_RESAMPLES, len(cube)))
            sizes = np.array(sorted(cube[against].columns), dtype=float)
            base = cube[against][sizes].to_numpy()[picks].mean(axis=1)
            for order in orders:
                own = cube[order][sizes].to_numpy()[picks].mean(axis=1)
                for place, size in enumerate(sizes):
                    reached = np.array(
                        [_first(sizes, own[k], base[k, place]) for k in range(_RESAMPLES)]
                    )
                    share = reached / size
                    low, middle, high = np.quantile(
                        share, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], method="inverted_cdf"
                    )
                    beyond = float(np.mean(~np.isfinite(reached)))
                    rows.append((m, int(size), order, middle, low, high, beyond))
        columns = ["n_target", "n_source", "order", "share", "low", "high", "beyond"]
        return pd.DataFrame(rows, columns=columns)


def look_back(
    arm: Arm,
    bench: Bench,
    orders: tuple[str, ...],
    sizes: Ints,
    *,
    replicates: int = 10,
    seed: int = 0,
    control: float = 0.0,
    pool_size: int | None = None,
    workers: int = 1,
    show_progress: bool = True,
) -> LookBack:
    """Compute in each order, on an arm whose values are all there.

    Parameters
    ----------
    sizes
        Numbers of computed values at which errors are found, ascending.
    control
        Share at random in every order but ``random``.
    pool_size
        Draw the pool anew in each replicate, of this many materials.
    workers
        Processes for the replicates; numbers do not depend on it.
    """
    job = _Replicate(arm, bench, orders, sizes, seed, control, pool_size)
    jobs = {number: (number,) for number in range(replicates)}
    found: dict[int, pd.DataFrame] = {}
    with progress("Looking back", replicates, shown=show_progress) as advance:
        for number, errors in run_jobs(job, jobs, workers, "replicates"):
            found[number] = errors
            advance()
    return LookBack(pd.concat([found[number] for number in jobs], ignore_index=True))


@dataclass(frozen=True)
class _Replicate:
    """All orders on one half of the measured materials; for whichever process does it."""

    arm: Arm
    bench: Bench
    orders: tuple[str, ...]
    sizes: Ints
    seed: int
    control: float
    pool_size: int | None

    def __call__(self, replicate: int) -> pd.DataFrame:
        arm, bench = self.arm, self.bench
        rng = np.random.default_rng([self.seed, replicate])
        known, judged = np.array_split(rng.permutation(len(bench.target)), 2)
        candidates = _candidates(arm, bench, judged, rng, self.pool_size)
        pool = Pool(
            arm.features,
            arm.is_count,
            np.empty(0, dtype=np.int64),
            candidates,
            bench.features[known],
            arm.sides,
            hidden=True,
        )
        frames = []
        for order in self.orders:
            rows, _ = choose(
                get_order(order),
                pool,
                int(self.sizes[-1]),
                self.seed + replicate,
                control=0.0 if order == "random" else self.control,
            )
            found = _errors(arm, bench, candidates, rows, known, judged, self.sizes, replicate)
            frames.append(found.assign(order=order))
        return pd.concat(frames, ignore_index=True)


def _candidates(
    arm: Arm, bench: Bench, judged: Ints, rng: np.random.Generator, size: int | None
) -> Ints:
    hidden = set(bench.target.keys[judged])
    there = set(arm.replayed_keys())
    rows = [row for row, key in enumerate(arm.keys) if key in there and key not in hidden]
    chosen = np.array(rows, dtype=np.int64)
    if size is not None and size < len(chosen):
        chosen = np.sort(rng.choice(chosen, size, replace=False))
    return chosen


def _errors(
    arm: Arm,
    bench: Bench,
    candidates: Ints,
    rows: Ints,
    known: Ints,
    judged: Ints,
    sizes: Ints,
    replicate: int,
) -> pd.DataFrame:
    computed = Computed(
        arm.keys[rows],
        arm.features[rows],
        arm.replayed_values(rows),
        np.zeros(len(rows), dtype=np.int64),
        exchangeable=False,
        reference=arm.features[candidates[:REFERENCE]],
    )
    split = Split(np.arange(len(rows)), known[: bench.sizes_m[-1]], judged)
    grid = Grid(sizes[sizes <= len(rows)], np.array(bench.sizes_m))
    with TemporaryDirectory() as scratch:
        learnt = bench.prepared(computed, Path(scratch), hidden=True)
        found = errors_of(learnt, split, grid, bench, replicate)
    return found[(found["n_source"] > 0) & (found["n_target"] > 0)]


def _first(sizes: NDArray[np.float64], errors: NDArray[np.float64], goal: float) -> float:
    """Size at which a curve first comes down to a goal, in logarithms between sizes."""
    reached = np.flatnonzero(errors <= goal)
    if not len(reached):
        return float("inf")
    place = int(reached[0])
    if place == 0:
        return float(sizes[0])
    before, after = np.log(errors[place - 1]), np.log(errors[place])
    part = (before - np.log(goal)) / max(before - after, 1e-12)
    return float(np.exp(np.interp(part, [0, 1], np.log(sizes[place - 1 : place + 1]))))
