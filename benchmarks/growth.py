"""Growing a database: what orders save, what forecasts and stops are worth, what a round costs.

    python benchmarks/growth.py orders    [--seeds 10] [--out FILE] [--linear]
    python benchmarks/growth.py loops     [--seeds 10] [--out FILE]
    python benchmarks/growth.py kills     [--kills 20]
    python benchmarks/growth.py round     [--rows 5000]
    python benchmarks/growth.py overhead  [--rows 200]

Prints the tables of docs/grow.md, on the bundled refractive indices. Each result is appended to a
file as it lands, and what is there is not computed again.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
import pandas as pd
from _slow_replay import SECONDS

from forescale.catalog import load_dataset
from forescale.growth import Loop, LoopConfig
from forescale.growth.arms import Arm
from forescale.growth.config import ArmConfig
from forescale.growth.describing import on_shared_columns
from forescale.growth.folder import LoopFolder
from forescale.growth.judging import Bench, bench_of
from forescale.growth.lookback import LookBack, look_back
from forescale.study.sections import LearnerSpec

EXAMPLE = Path(__file__).parents[1] / "examples" / "loops" / "refractive-index-replay.toml"
SIZES = np.array([50, 100, 200, 400, 800, 1600])
ORDERS: dict[str, tuple[str, float]] = {
    "random": ("random", 0.0),
    "informative": ("informative", 0.0),
    "half informative": ("informative", 0.5),
    "uncertain": ("uncertain", 0.0),
    "diverse": ("diverse", 0.0),
    "near": ("near", 0.0),
}
LINEAR = LearnerSpec.model_validate({"name": "gp", "linear": [0.0, 1.0, 10.0]})
"""The process of studies, whose kernel may have a linear part: loops have none by default."""
MEASURED = 800
"""Measured molecules of a seed: half of them known to the orders, half of them judge."""


class Kept:
    """Results on disk, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]

    def has(self, **known: object) -> bool:
        """Whether a row says all of this."""
        return any(all(row.get(k) == v for k, v in known.items()) for row in self.rows)

    def add(self, row: dict[str, Any]) -> None:
        """Append a row."""
        self.rows.append(row)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def config_of(**changes: object) -> LoopConfig:
    """The example with other settings."""
    return LoopConfig.from_toml(EXAMPLE).model_copy(update=changes)


def with_pool(arm: ArmConfig, sample: int) -> ArmConfig:
    """The arm with so many of the table's molecules."""
    protocol = {**arm.engine.protocol, "sample": sample}
    return arm.model_copy(update={"engine": arm.engine.model_copy(update={"protocol": protocol})})


def smaller(bench: Bench, seed: int) -> Bench:
    """Some of the measured molecules, drawn by the seed."""
    count = min(MEASURED, len(bench.target))
    rows = np.sort(np.random.default_rng([seed, 10]).choice(len(bench.target), count, False))
    frame = bench.target.frame.iloc[rows].reset_index(drop=True)
    target = replace(bench.target, frame=frame)
    return replace(bench, target=target, features=bench.features[rows])


def orders(
    seeds: int, kept: Kept, names: list[str], most: int, pool: int, *, linear: bool = False
) -> None:
    """Errors of every order at every size."""
    wanted = [(s, n) for s in range(seeds) for n in names if not kept.has(seed=s, order=n)]
    if wanted:
        config = config_of()
        config = config.model_copy(update={"arm": (with_pool(config.arm[0], pool),)})
        target = config.target.model_copy(update={"sample": None})
        config = config.model_copy(update={"target": target})
        if linear:
            config = config.model_copy(update={"learner": LINEAR})
        bench = bench_of(config, 1, show_progress=False)
        with TemporaryDirectory() as scratch:
            arm = Arm(config.arm[0], config, bench.target.material_kind, Path(scratch) / "arm")
            bench = on_shared_columns(bench, [arm], 1, show_progress=False)
        for seed, name in wanted:
            order, control = ORDERS[name]
            begun = time.process_time()
            found = look_back(
                arm, smaller(bench, seed), (order,), SIZES[most >= SIZES],
                replicates=1, seed=seed, control=control, show_progress=False,
            ).errors  # fmt: skip
            errors = found[["n_source", "n_target", "value"]].to_dict("records")
            kept.add(
                {"seed": seed, "order": name, "errors": errors,
                 "seconds": time.process_time() - begun}
            )  # fmt: skip
    report_orders(kept)


def together(kept: Kept) -> pd.DataFrame:
    """Errors of the seeds that every order has: differences are paired."""
    whole = pd.DataFrame(
        [
            {"replicate": row["seed"], "order": row["order"], **one}
            for row in kept.rows
            for one in row["errors"]
        ]
    )
    counts = whole.groupby("replicate")["order"].nunique()
    return whole[whole["replicate"].isin(counts.index[counts == counts.max()])]


def report_orders(kept: Kept) -> None:
    """Mean errors by order, and what each needs for random order's error."""
    whole = together(kept)
    print(f"{whole['replicate'].nunique()} seeds")
    sizes = sorted(whole["n_source"].unique())
    by_seed = whole.pivot_table(
        index="replicate", columns=["n_target", "order", "n_source"], values="value"
    )
    table = _kit.Table("order", *(f"n = {size}" for size in sizes))
    for m in sorted(whole["n_target"].unique()):
        table.row(f"**m = {m}**", *[""] * len(sizes))
        for order in whole["order"].unique():
            own, others = by_seed[m][order], by_seed[m]["random"]
            table.row(order, *(_beside(own[n], others[n], order) for n in sizes))
    print()
    needed = LookBack(whole).needed()
    _kit.table(needed.columns, needed.round(3).itertuples(index=False))


def _beside(own: pd.Series, random: pd.Series, order: str) -> str:
    """Mean error; its difference to random order's, with its standard error over seeds."""
    if order == "random":
        return f"{own.mean():.4f}"
    return f"{own.mean():.4f} ({_kit.mean_and_error((own - random).to_numpy(), 4)})"


def loops(seeds: int, kept: Kept) -> None:
    """Run loops to their stop, then on to their whole budget."""
    for seed in range(seeds):
        if kept.has(seed=seed):
            continue
        config = config_of(seed=seed)
        begun = time.process_time()
        with TemporaryDirectory() as scratch:
            stopped = Loop(config, scratch).run(workers=1, show_progress=False)
            # The same loop without a stop goes on where it ended.
            budget = config.budget.model_copy(update={"matters": None})
            whole = config.model_copy(update={"budget": budget})
            every = Loop(whole, scratch).run(workers=1, show_progress=False)
        rounds = [
            {key: r[key] for key in ("round", "arm", "n", "cost", "error", "errors", "forecast")}
            for r in every.rounds
        ]
        kept.add(
            {"seed": seed, "stopped_after": len(stopped.rounds), "reason": stopped.stopped,
             "budget": config.budget.total, "matters": config.budget.matters, "rounds": rounds,
             "seconds": time.process_time() - begun}
        )  # fmt: skip
    report_loops(kept)


def report_loops(kept: Kept) -> None:
    """Coverage and misses of forecasts; what was spent beyond the right moment."""
    inside, ours, last, beyond = [], [], [], []
    for row in kept.rows:
        before: dict[str, float] = {}
        for record in row["rounds"]:
            arm, seen = record["arm"], record["forecast"]
            came = record["errors"][arm]
            if came is not None and seen is not None and arm in before:
                inside.append(seen["low"] <= came <= seen["high"])
                ours.append(abs(came - seen["median"]))
                last.append(abs(came - before[arm]))
            if came is not None:
                before[arm] = came
        beyond.append(too_late(row))
    print(f"{len(kept.rows)} loops, {len(inside)} forecasts of the next round")
    print(f"inside the 90 % interval: {np.mean(inside):.0%}")
    print(f"mean miss: {np.mean(ours):.5f}; of the last value: {np.mean(last):.5f}; "
          f"ratio {np.mean(ours) / np.mean(last):.2f}")  # fmt: skip
    late = np.array(beyond)
    print("spent beyond the right moment, share of the budget (below zero: stopped too soon):",
          np.round(late, 2), f"median {np.median(late):.2f}")  # fmt: skip


def too_late(row: dict[str, Any]) -> float:
    """Share of the budget between the right moment and the stop.

    The right moment is the first round after which no later one lowers the best error by what
    matters a round in the mean, as seen from the whole run.
    """
    best = np.minimum.accumulate(
        [np.inf if r["error"] is None else r["error"] for r in row["rounds"]]
    )
    costs = [r["cost"] for r in row["rounds"]]
    right = len(best) - 1
    for place in range(len(best)):
        later = np.arange(place + 1, len(best))
        gains = (best[place] - best[later]) / (later - place)
        if not len(later) or gains.max() < row["matters"]:
            right = place
            break
    return float((costs[row["stopped_after"] - 1] - costs[right]) / row["budget"])


def kills(number: int) -> None:
    """Kill a loop at random moments, over and over; then compare with one that was not."""
    with TemporaryDirectory() as scratch:
        example = Path(scratch) / "loop.toml"
        text = EXAMPLE.read_text(encoding="utf-8").replace("sample = 1000", "sample = 120")
        text = text.replace("replicates = 10", "replicates = 3").replace(
            "total = 1500", "total = 400"
        )
        text = text.replace("sample = 2000", "sample = 400").replace("[20, 80]", "[20, 40]")
        example.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "forescale", "grow", str(example), "--workers", "1"]
        begun = time.monotonic()
        subprocess.run([*command, "--out", f"{scratch}/whole"], check=True)
        longest = time.monotonic() - begun
        rng, done = random.Random(0), 0
        while done < number:
            shutil.rmtree(f"{scratch}/killed", ignore_errors=True)
            for _ in range(min(3, number - done)):
                started = subprocess.Popen([*command, "--out", f"{scratch}/killed"])
                try:
                    started.wait(rng.uniform(0.1, 1.0) * longest)
                except subprocess.TimeoutExpired:
                    started.kill()
                    started.wait()
                    done += 1
            subprocess.run([*command, "--out", f"{scratch}/killed"], check=True)
            folders = [LoopFolder(Path(scratch) / name) for name in ("whole", "killed")]
            same = folders[0].rounds() == folders[1].rounds()
            print(f"after {done} kills: {'the same' if same else 'NOT THE SAME'}")


def one_round(rows: int) -> None:
    """Seconds of a round that brings the last rows, and of what it consists."""
    import cProfile
    import pstats

    config = config_of(first=max(60, rows * 2 // 3), growth=1.5)
    arm = with_pool(config.arm[0], rows).model_copy(update={"order": "random"})
    target = config.target.model_copy(update={"sample": None})
    budget = config.budget.model_copy(update={"total": float(rows), "matters": None})
    config = config.model_copy(update={"arm": (arm,), "budget": budget, "target": target})
    with TemporaryDirectory() as scratch:
        loop = Loop(config, scratch)
        begun = time.perf_counter()
        loop.run(rounds=1, show_progress=False)
        print(f"first round, of {config.first} values: {time.perf_counter() - begun:.1f} s")
        profile = cProfile.Profile()
        begun = time.perf_counter()
        profile.enable()
        loop.run(rounds=1, show_progress=False)
        profile.disable()
        print(f"second round, to {rows} values: {time.perf_counter() - begun:.1f} s")
        pstats.Stats(profile).sort_stats("cumtime").print_stats(25)


def overhead(jobs: int) -> None:
    """Seconds of a round of so many jobs of a second each, beside the jobs themselves."""
    config = config_of(first=jobs, batch=jobs)
    keys = load_dataset("xtb-refractive-index").keys[:2000]
    with TemporaryDirectory() as scratch:
        pool = Path(scratch) / "pool.csv"
        pool.write_text("\n".join(["smiles", *keys]) + "\n", encoding="utf-8")
        engine = {"name": f"{Path(__file__).parent / '_slow_replay.py'}:SlowReplay",
                  "protocol": {"dataset": "xtb-refractive-index"}}  # fmt: skip
        arm = ArmConfig.model_validate(
            {"name": "slow", "engine": engine, "pool": [{"file": str(pool)}], "cost": 1.0}
        )
        budget = config.budget.model_copy(update={"total": 10.0 * jobs, "matters": None})
        loop = Loop(config.model_copy(update={"arm": (arm,), "budget": budget}), f"{scratch}/loop")
        table = _kit.Table("round", "values", "seconds", "of jobs", "beside them")
        for number in range(3):
            begun = time.perf_counter()
            loop.run(rounds=1, workers=1, show_progress=False)
            took, computing = time.perf_counter() - begun, jobs * SECONDS
            table.row(number + 1, jobs * (number + 1), f"{took:.0f}", f"{computing:.0f}",
                      f"{took / computing - 1:.0%}")  # fmt: skip


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["orders", "loops", "kills", "round", "overhead"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=None)
    parser.add_argument("--most", type=int, default=1600, help="largest n of orders")
    parser.add_argument("--pool", type=int, default=4809, help="materials of the pool")
    parser.add_argument("--orders", nargs="+", default=list(ORDERS), choices=list(ORDERS))
    parser.add_argument("--linear", action="store_true", help="the process that studies have")
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    kept = Kept(given.out or Path(f"growth-{given.what}.jsonl"))
    if given.what == "orders":
        orders(given.seeds, kept, given.orders, given.most, given.pool, linear=given.linear)
    elif given.what == "loops":
        loops(given.seeds, kept)
    elif given.what == "kills":
        kills(given.kills)
    elif given.what == "overhead":
        overhead(given.rows or 200)
    else:
        one_round(given.rows or 5000)


if __name__ == "__main__":
    main()
