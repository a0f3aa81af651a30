"""The tables of a study's page, from its run folder.

    python benchmarks/study_tables.py RUN [RUN …]

Prints, for each run, the mean RMSE at some sizes of n, the law at each m with 90 % intervals,
and the noise floor. Nothing is computed: a run folder knows them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from forescale.study import RunFolder


def errors_table(summary: pd.DataFrame) -> None:
    """Mean RMSE; rows n, columns m."""
    means = summary[summary["metric"] == "rmse"].set_index(["n_source", "n_target"])["mean"]
    sizes_n, sizes_m = (sorted(set(means.index.get_level_values(i)) - {0}) for i in (0, 1))
    shown = [sizes_n[i] for i in np.unique(np.linspace(0, len(sizes_n) - 1, 4).astype(int))]
    print("| n | " + " | ".join(f"m = {m}" for m in sizes_m) + " | zero-shot |")
    print("| --- |" + " --- |" * (len(sizes_m) + 1))
    for n in [0, *shown]:
        cells = [f"{means[n, m]:.4g}" for m in sizes_m]
        zero = f"{means[n, 0]:.4g}" if n else "–"
        print(f"| {n or 'scratch'} | " + " | ".join([*cells, zero]) + " |")


def laws_table(laws: list[dict], unit: str) -> None:
    """D, alpha and C with their intervals, R² and flags."""
    heads = ("m", f"scale D ({unit})", "decay rate α", f"transfer gap C ({unit})", "R²", "flags")
    print("| " + " | ".join(heads) + " |")
    print("| --- " * len(heads) + "|")
    for law in laws:
        if law["metric"] == "rmse":
            cells = [_interval(law[key]) for key in ("scale", "decay_rate", "transfer_gap")]
            flags = ", ".join(law["flags"])
            print(
                f"| {law['n_target']} | " + " | ".join(cells) + f" | {law['r_squared']:.3f} "
                f"| {flags} |"
            )


def _interval(q: dict) -> str:
    return f"{q['estimate']:.3g} ({q['low']:.3g} to {q['high']:.3g})"


def main() -> None:
    for path in map(Path, sys.argv[1:]):
        manifest = RunFolder(path).manifest
        evaluation = manifest["study"]["evaluation"]
        print(
            f"\n### {path.name}: split = {evaluation['split']}, overlap = {evaluation['overlap']}\n"
        )
        errors_table(pd.read_csv(path / "summary.csv"))
        print()
        laws_table(json.loads((path / "law.json").read_text()), manifest["metric_unit"])
        print(f"\nNoise floor: {manifest['noise_floor']}")


if __name__ == "__main__":
    main()
