"""Loops on tables that exist: was the right arm chosen, and what does an order save?

    FORESCALE_MIRROR=… python benchmarks/growth_cases.py density  [--seeds 5] [--out FILE]
    FORESCALE_MIRROR=… python benchmarks/growth_cases.py band-gap [--seeds 5] [--out FILE]
    FORESCALE_MIRROR=… python benchmarks/growth_cases.py orders   [--seeds 10] [--out FILE]
    FORESCALE_MIRROR=… python benchmarks/growth_cases.py chi      [--seeds 10] [--out FILE]

``density``: molecular dynamics of ours at a thousandth of the cost of the published one.
``band-gap``: the Materials Project and the OQMD as if they were being computed. Which arm was
right is known from loops of one arm each, over all that the budget buys. ``orders``: case
``band-gap``, by orders of the Materials Project. ``chi``: solvents × polymers, where N + M
calculations give N × M values. Results are appended to a file as they land.
"""

from __future__ import annotations

import argparse
import time
from copy import copy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
import pandas as pd
from growth import Kept, report_orders, together

from forescale.growth import Loop, LoopConfig
from forescale.growth.arms import Arm
from forescale.growth.describing import on_shared_columns
from forescale.growth.judging import Bench, bench_of
from forescale.growth.lookback import _candidates, look_back
from forescale.growth.orders import Pool, choose, get_order


def replayed(name: str, cost: float, order: str = "random", **protocol: object) -> dict[str, Any]:
    """An arm that hands out a table of the catalog."""
    engine = {"name": "replay", "protocol": {"dataset": name, **protocol}}
    return {"name": name, "order": order, "cost": cost, "engine": engine}


CASES: dict[str, dict[str, Any]] = {
    "density": {
        "target": {"dataset": "polymer-density-measured"},
        "descriptor": {"name": "polymer"},
        "arm": [
            replayed("polymer-density-quick", 1.0, property="density"),
            replayed("radonpy-pi1070", 1000.0, property="density"),
        ],
        "first": 8,
        "growth": 1.7,
        "judged": {"n_target": [20, 80], "replicates": 10, "overlap": "allow"},
        "budget": {"total": 300_000.0, "unit": "quick jobs"},
    },
    "band-gap": {
        "target": {"dataset": "band-gap-measured", "sample": 1500},
        "descriptor": {"name": "composition"},
        "arm": [
            replayed("band-gap-materials-project", 1.0, sample=4000),
            replayed("band-gap-oqmd", 1.0, sample=4000),
        ],
        "first": 100,
        "growth": 1.8,
        "judged": {"metric": "mae", "n_target": [40, 160], "replicates": 10},
        "budget": {"total": 4000.0},
    },
}  # fmt: skip


def config_of(case: str, seed: int = 0, arms: list[int] | None = None) -> LoopConfig:
    """The loop of a case, or of some of its arms."""
    raw = dict(CASES[case], name=case, seed=seed)
    if arms is not None:
        raw["arm"] = [raw["arm"][place] for place in arms]
    return LoopConfig.model_validate(raw)


def choices(case: str, seeds: int, kept: Kept) -> None:
    """Loops with all arms; loops with one arm each tell which was right."""
    names = [arm["name"] for arm in CASES[case]["arm"]]
    jobs = [(seed, alone) for seed in range(seeds) for alone in (None, *range(len(names)))]
    for seed, alone in jobs:
        if kept.has(case=case, seed=seed, alone=alone):
            continue
        config = config_of(case, seed, None if alone is None else [alone])
        begun = time.process_time()
        with TemporaryDirectory() as scratch:
            found = Loop(config, scratch).run(workers=1, show_progress=False)
        rounds = [
            {key: one[key] for key in ("arm", "n", "cost", "error", "errors", "decision")}
            | {"best": one["next"]["probability_best"]}
            for one in found.rounds
        ]
        kept.add({"case": case, "seed": seed, "alone": alone, "rounds": rounds,
                  "stopped": found.stopped, "seconds": time.process_time() - begun})  # fmt: skip
    report_choices(case, names, kept)


def report_choices(case: str, names: list[str], kept: Kept) -> None:
    """Share of rounds whose favourite is the arm that turns out best for what was left."""
    config = config_of(case)
    curves = {name: _curve(kept, case, place, name) for place, name in enumerate(names)}
    cost = {arm.name: arm.cost or 1.0 for arm in config.arm}
    table = _kit.Table("seed", "rounds judged", "right", "right or within 1 %", "last favourite")
    every: list[tuple[bool, bool]] = []
    for row in [r for r in kept.rows if r["case"] == case and r["alone"] is None]:
        judged = []
        for one in row["rounds"][3:]:
            if not one["best"]:
                continue
            left = config.budget.total - one["cost"]
            ends = {
                name: float(np.interp(np.log(one["n"].get(name, 0) + left / cost[name]),
                                      *curves[name]))
                for name in names
            }  # fmt: skip
            favourite = max(one["best"], key=lambda name: one["best"][name])
            lowest = min(ends.values())
            judged.append((ends[favourite] == lowest, ends[favourite] <= lowest + np.log(1.01)))
        every += judged
        right, near = (f"{np.mean(one):.0%}" for one in zip(*judged, strict=True))
        table.row(row["seed"], len(judged), right, near, favourite)
    right, near = (f"{np.mean(one):.0%}" for one in zip(*every, strict=True))
    table.row("all", len(every), right, near, "")
    print()
    for name, (size, error) in curves.items():
        shown = (f"{np.exp(n):.0f}: {np.exp(e):.4g}" for n, e in zip(size, error, strict=True))
        print(f"{name} alone, error at n: {', '.join(shown)}")


def _curve(kept: Kept, case: str, place: int, name: str) -> tuple[Any, Any]:
    """Logarithms of n and of the mean error of an arm alone."""
    rows = [r for r in kept.rows if r["case"] == case and r["alone"] == place]
    points = pd.DataFrame(
        [(one["n"][name], one["errors"][name]) for row in rows for one in row["rounds"]],
        columns=["n", "error"],
    )
    mean = np.log(points.dropna().groupby("n")["error"].mean())
    return np.log(mean.index.to_numpy(dtype=float)), mean.to_numpy()


CHI_ORDERS = ("random", "informative", "diverse")
SIZES = np.array([50, 100, 200, 400, 800, 1600])


def orders(seeds: int, kept: Kept) -> None:
    """Errors of orders of the Materials Project's compounds."""
    config = config_of("band-gap", arms=[0])
    bench, arm = _prepared(config)
    for seed in range(seeds):
        for name, control in (("random", 0.0), ("informative", 0.0), ("uncertain", 0.0)):
            if kept.has(seed=seed, order=name):
                continue
            found = look_back(arm, _some(bench, seed), (name,), SIZES, replicates=1, seed=seed,
                              control=control, show_progress=False).errors  # fmt: skip
            columns = found[["n_source", "n_target", "value"]]
            kept.add({"seed": seed, "order": name, "errors": columns.to_dict("records")})
    report_orders(kept)


CHI = {
    "target": {"dataset": "chi-measured"},
    "arm": [replayed("chi-cosmo", 1.0)],
    "judged": {"n_target": [60, 240], "replicates": 10},
    "budget": {"total": 872.0},
    "learner": {"name": "gp", "lengths": [1.0, 2.0, 4.0], "noises": [0.01, 0.1, 1.0]},
    "name": "chi",
}


def chi(seeds: int, kept: Kept) -> None:
    """Errors against calculations: a polymer or a solvent that was not there is one."""
    bench, arm = _prepared(LoopConfig.model_validate(CHI))
    blind = copy(arm)
    blind.sides = None  # takes any pair at random, whatever is there of its two sides
    sizes = np.array([5, 10, 20, 40, 80, 160, 320])
    ways = {"blind": (blind, "random"), **{name: (arm, name) for name in CHI_ORDERS}}
    for seed in range(seeds):
        for name, (one, order) in ways.items():
            if kept.has(seed=seed, order=name):
                continue
            found = look_back(one, bench, (order,), sizes, replicates=1, seed=seed,
                              show_progress=False).errors  # fmt: skip
            calculations = _calculations(one, arm, bench, order, seed, sizes)
            columns = found[["n_source", "n_target", "value"]].assign(
                calculations=found["n_source"].map(calculations)
            )
            kept.add({"seed": seed, "order": name, "errors": columns.to_dict("records")})
    _report_chi(together(kept))


def _report_chi(whole: pd.DataFrame) -> None:
    """Errors at so many calculations, between sizes by logarithms."""
    counts = np.array([10, 15, 20, 30, 40, 50])
    table = _kit.Table("m", "pairs by", *(f"{n} calculations" for n in counts), "pairs of 40")
    for m, part in whole.groupby("n_target"):
        at: dict[str, Any] = {}
        pairs: dict[str, float] = {}
        for order, own in part.groupby("order"):
            rows = [one.sort_values("n_source") for _, one in own.groupby("replicate")]
            at[str(order)] = np.array(
                [np.interp(np.log(counts), np.log(one["calculations"]), one["value"])
                 for one in rows]
            )  # fmt: skip
            found = [np.interp(40, one["calculations"], one["n_source"]) for one in rows]
            pairs[str(order)] = float(np.mean(found))
        for order, errors in at.items():
            beside = errors - at["blind"]
            cells = [
                f"{errors[:, k].mean():.4f}"
                + ("" if order == "blind" else f" ({_kit.mean_and_error(beside[:, k], 4)})")
                for k in range(len(counts))
            ]
            table.row(m, order, *cells, f"{pairs[order]:.0f}")


def _calculations(
    way: Arm, arm: Arm, bench: Bench, order: str, seed: int, sizes: Any
) -> dict[int, int]:
    """How many polymers and solvents the first pairs of an order have."""
    rng = np.random.default_rng([seed, 0])
    known, judged = np.array_split(rng.permutation(len(bench.target)), 2)
    candidates = _candidates(arm, bench, judged, rng, None)
    pool = Pool(arm.features, arm.is_count, np.empty(0, dtype=np.int64), candidates,
                bench.features[known], way.sides, hidden=True)  # fmt: skip
    chosen, _ = choose(get_order(order), pool, int(sizes[-1]), seed, control=0.0)
    assert arm.sides is not None
    return {int(n): sum(len(np.unique(one)) for one in arm.sides[chosen[:n]].T) for n in sizes}


def _prepared(config: LoopConfig) -> tuple[Bench, Arm]:
    bench = bench_of(config, 1, show_progress=False)
    with TemporaryDirectory() as scratch:
        arm = Arm(config.arm[0], config, bench.target.material_kind, Path(scratch) / "arm")
        bench = on_shared_columns(bench, [arm], 1, show_progress=False)
    return bench, arm


def _some(bench: Bench, seed: int) -> Bench:
    rows = np.random.default_rng([seed, 10]).permutation(len(bench.target))[:800]
    frame = bench.target.frame.iloc[np.sort(rows)].reset_index(drop=True)
    target = replace(bench.target, frame=frame)
    return replace(bench, target=target, features=bench.features[np.sort(rows)])


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*CASES, "orders", "chi"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    kept = Kept(given.out or Path(f"growth-{given.what}.jsonl"))
    if given.what == "orders":
        orders(given.seeds, kept)
    elif given.what == "chi":
        chi(given.seeds, kept)
    else:
        choices(given.what, given.seeds, kept)


if __name__ == "__main__":
    main()
