"""A live loop: a campaign grows, a study is repeated, and the law says whether to go on.

At each of ten sizes the campaign computes what is missing (really, with the xtb engine), the study
is run on the table as it then is, and the law forecasts the error at the next sizes. Later sizes
show what came. The stopping rule: stop when the next batch almost surely brings less than
``--matters``; ``stop_right`` says whether less did come.

    pip install "forescale[simulation]"
    python live_loop.py FOLDER                      # minutes; resumes if stopped

writes ``live-loop.csv`` (forecast and outcome for each pair of sizes), ``stopping.csv`` and
``live-loop.png``.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from forescale.laws import Law
from forescale.planning import stopping
from forescale.simulation import Campaign, campaign_table, run_campaign
from forescale.simulation.campaign import MaterialsConfig
from forescale.simulation.sources import list_materials
from forescale.study import load_study
from forescale.workflow import run_study

CAMPAIGN = Path(__file__).with_name("refractive-index.toml")
PROPERTY = "refractive_index"
STUDY = """
name = "live-loop-{size}"
seed = 0
replicates = {replicates}

[[source]]
file = "{table}"

[target]
dataset = "refractive-index-measured"

[grid]
n_source = {{ from = {first}, to = {usable}, count = {count} }}
n_target = [{n_target}]

[evaluation]
metrics = ["mae"]
overlap = "allow"
"""


def shortlist(folder: Path, count: int) -> Path:
    """The leading materials of the campaign, as a file: a random subset in a fixed order."""
    path = folder / "materials.csv"
    if not path.exists():
        keys = list_materials(Campaign.from_toml(CAMPAIGN)).keys[:count]
        path.write_text("\n".join(["smiles", *keys]) + "\n")
    return path


def grow(folder: Path, materials: Path, size: int, workers: int) -> Path:
    """Let the campaign compute until ``size`` materials are done; return its table."""
    table = folder / f"source-{size}.parquet"
    if not table.exists():
        campaign = Campaign.from_toml(CAMPAIGN).model_copy(
            update={
                "results": folder / "campaign",
                "materials": (MaterialsConfig(file=materials),),
                "workers": workers,
            }
        )
        done = len(campaign_table(campaign.results, PROPERTY)) if campaign.results.exists() else 0
        while done < size:
            done = run_campaign(campaign, limit=size - done).done
        campaign_table(campaign.results, PROPERTY).to_parquet(table)
    return table


def law_at(folder: Path, table: Path, size: int, options: argparse.Namespace) -> Law:
    """Run the study on the table as it is, and return its law."""
    path = folder / f"study-{size}.toml"
    count = max(5, round(6 * np.log10(size / options.first * 2)))
    path.write_text(
        STUDY.format(
            size=size,
            replicates=options.replicates,
            table=table.resolve(),
            first=options.first // 2,
            usable=size,
            count=count,
            n_target=options.n_target,
        )
    )
    finished = run_study(load_study(path), folder / f"run-{size}", workers=options.workers)
    return next(law for law in finished.laws if law.n_target == options.n_target)


def decisions(laws: dict[int, Law], matters: float) -> pd.DataFrame:
    """For each size but the last: the gain foreseen for the next batch, and what came."""
    rows = []
    for size, following in pairwise(laws):
        answer = stopping(laws[size], following - size, matters)
        came = laws[following].curve
        gain = float(np.interp(size, came.n, came.error) - came.error[-1])
        foreseen = [answer.gain.median, answer.gain.low, answer.gain.high]
        rows.append((size, following, *foreseen, gain, answer.stop, gain < matters))
    columns = ["size", "next", "gain", "gain_low", "gain_high", "gain_came", "stop", "stop_right"]
    return pd.DataFrame(rows, columns=columns)


def forecasts(laws: dict[int, Law]) -> pd.DataFrame:
    """For each pair of sizes: the forecast of the smaller for the larger, and what came."""
    rows = []
    for size, law in laws.items():
        later = [n for n in laws if n > size]
        if later:
            seen = law.predict(np.array(later, dtype=float))
            came = [float(laws[n].curve.error[-1]) for n in later]
            last = float(law.curve.error[-1])
            columns = (later, seen.median, seen.low, seen.high, came)
            rows += [(size, *row, last) for row in zip(*columns, strict=True)]
    columns = ["size", "at", "forecast", "low", "high", "came", "last_value"]
    return pd.DataFrame(rows, columns=columns)


def draw(laws: dict[int, Law], path: Path) -> None:
    """Forecasts made at four moments, and the errors that came."""
    import matplotlib.pyplot as plt

    sizes = list(laws)
    moments = sizes[2:-1:2][:4]
    figure, axes = plt.subplots(
        1, len(moments), figsize=(3.2 * len(moments), 3.2), sharey=True, squeeze=False
    )
    came = [float(law.curve.error[-1]) for law in laws.values()]
    for axis, moment in zip(axes[0], moments, strict=True):
        grid = np.geomspace(sizes[0], sizes[-1], 60)
        seen = laws[moment].predict(grid)
        axis.fill_between(grid, seen.low, seen.high, alpha=0.25, linewidth=0)
        axis.plot(grid, seen.median, linewidth=1)
        past = [n <= moment for n in sizes]
        axis.plot(np.array(sizes)[past], np.array(came)[past], "ko", markersize=4)
        axis.plot(np.array(sizes)[~np.array(past)], np.array(came)[~np.array(past)], "wo", mec="k")
        axis.set(xscale="log", title=f"law at n = {moment:,}", xlabel="computed molecules")
    axes[0, 0].set_ylabel("MAE of measured refractive index")
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main() -> None:
    """Grow, study, forecast; then compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=60, help="first size")
    parser.add_argument("--ratio", type=float, default=1.7, help="of successive sizes")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--n-target", type=int, default=20)
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--matters", type=float, default=0.0005, help="gain worth a batch")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    laws = {}
    sizes = [round(options.first * options.ratio**step) for step in range(options.steps)]
    materials = shortlist(options.folder, round(1.1 * sizes[-1]) + 20)
    for size in sizes:
        table = grow(options.folder, materials, size, options.workers)
        laws[size] = law_at(options.folder, table, size, options)
        print(f"n = {size}: error {laws[size].curve.error[-1]:.4f}")
    table, rule = forecasts(laws), decisions(laws, options.matters)
    table.to_csv(options.folder / "live-loop.csv", index=False)
    rule.to_csv(options.folder / "stopping.csv", index=False)
    draw(laws, options.folder / "live-loop.png")
    inside = table["came"].between(table["low"], table["high"]).mean()
    error = np.abs(np.log(table["forecast"] / table["came"])).mean()
    naive = np.abs(np.log(table["last_value"] / table["came"])).mean()
    print(table.to_string(index=False), rule.to_string(index=False), sep="\n\n")
    print(f"\n{inside:.0%} of {len(table)} outcomes inside the 90 % interval; ")
    print(f"mean |log error|: law {error:.3f}, last value {naive:.3f}")


if __name__ == "__main__":
    main()
