"""Forecasts of our own studies: the law of the smaller n against what the largest n gave.

    python benchmarks/forecast_own_studies.py RUN [RUN …] [--metric mae]

Fits each law to the sizes up to a quarter of the largest, forecasts the largest, and prints
forecast, 90 % interval and outcome as one Markdown table.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from forescale.laws import study_laws
from forescale.study import RunFolder


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--metric", default="rmse")
    arguments = parser.parse_args()
    heads = ("study", "m", "fitted up to n", "forecast at n", "forecast", "90 % interval")
    print("| " + " | ".join((*heads, "came", "last value")) + " |")
    print("| --- " * 8 + "|")
    held = total = 0
    for path in arguments.runs:
        folder = RunFolder(path)
        errors = folder.errors()
        errors = errors[(errors["metric"] == arguments.metric) & (errors["n_source"] > 0)]
        last = int(errors["n_source"].max())
        early = errors[errors["n_source"] <= last / 4]
        laws = study_laws(early, noise_floor=folder.manifest["noise_floor"])
        for law in laws:
            at_last = (errors["n_source"] == last) & (errors["n_target"] == law.n_target)
            came = errors[at_last]["value"].mean()
            forecast = law.predict([last])
            low, high = forecast.low[0], forecast.high[0]
            held += bool(low <= came <= high)
            total += 1
            print(
                f"| {folder.manifest['name']} | {law.n_target} | {law.curve.n[-1]:g} | {last} "
                f"| {forecast.median[0]:.4g} | {low:.4g} to {high:.4g} | {came:.4g} "
                f"| {law.curve.error[-1]:.4g} |"
            )
    print(f"\n{held} of {total} outcomes lie in their 90 % interval.")


if __name__ == "__main__":
    main()
