"""Forecasts of our own studies: the law of the smaller n against what the largest n gave.

    python benchmarks/forecast_own_studies.py RUN [RUN …]

Fits the laws of each run to the sizes up to a quarter of the largest, every (metric, m ≤ 320),
forecasts the largest, and prints forecast, 90 % interval and outcome as one Markdown table;
then, for each study, the share of outcomes inside and the miss relative to that of the last
value seen (geometric mean over curves).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import _kit
import numpy as np
from _register import mean_ratio, relative_miss

from forescale.laws import study_laws
from forescale.study import RunFolder


def main(argv: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = _kit.parser(__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    arguments = _kit.parse(parser, argv, smoke={"runs": []})
    curves = _kit.Table(
        "study", "metric", "m", "fitted up to n", "forecast at n", "forecast", "90 % interval",
        "came", "last value",
    )  # fmt: skip
    runs = arguments.runs or [_kit.bundled_run().path]
    totals = [study(RunFolder(path), curves) for path in runs]
    print()
    _kit.table(("study", "curves", "inside", "miss / last value's"), totals)


def study(folder: RunFolder, table: _kit.Table) -> tuple[str, int, str, str]:
    """Print a study's curves; return its name, their number, coverage and relative miss."""
    errors, manifest = folder.errors(), folder.manifest
    errors = errors[errors["metric"].isin(["rmse", "mae"]) & (errors["n_source"] > 0)]
    errors = errors[errors["n_target"] <= 320]
    last = int(errors["n_source"].max())
    early, block = errors[errors["n_source"] <= last / 4], manifest.study.evaluation.block
    laws = study_laws(early, noise_floor=manifest.noise_floor, block=block)
    inside, ratios = [], []
    for law in laws:
        at_last = (errors["n_source"] == last) & (errors["n_target"] == law.n_target)
        came = errors[at_last & (errors["metric"] == law.metric)]["value"].mean()
        forecast, seen = law.predict([last]), float(law.curve.error[-1])
        low, middle, high = forecast.low[0], forecast.median[0], forecast.high[0]
        inside.append(low <= came <= high)
        ratios.append(relative_miss(middle, seen, came))
        table.row(
            manifest.name, law.metric, law.n_target, f"{law.curve.n[-1]:g}", last,
            f"{middle:.4g}", f"{low:.4g} to {high:.4g}", f"{came:.4g}", f"{seen:.4g}",
        )  # fmt: skip
    return manifest.name, len(laws), f"{np.mean(inside):.2f}", f"{mean_ratio(ratios):.2f}"


if __name__ == "__main__":
    main()
