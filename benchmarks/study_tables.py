"""Tables of finished runs, as the case-study pages show them.

    python benchmarks/study_tables.py RUN [RUN …] [--metric mae]

For each run folder: mean error at five sizes of n and at the largest with half the
learner's capacity, the laws with 90 % intervals, and what the next doubling would bring.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from forescale.laws import study_laws
from forescale.study import RunFolder


def print_errors(folder: RunFolder, metric: str) -> None:
    def averaged(errors):
        errors = errors[errors["metric"] == metric]
        return errors.groupby(["n_source", "n_target"])["value"].mean()

    means, half = averaged(folder.errors()), averaged(folder.half_capacity_errors())
    n = sorted({size for size, _ in means.index} - {0})
    m = sorted({size for _, size in means.index} - {0})
    shown = [0, *np.array(n)[np.linspace(0, len(n) - 1, 5).astype(int)].tolist()]
    print("| n | " + " | ".join(f"m = {size}" for size in m) + " | zero-shot |")
    print("| --- |" + " --- |" * (len(m) + 1))
    for size in shown:
        row = [f"{means[size, other]:.4f}" for other in m]
        zero = f"{means[size, 0]:.4f}" if (size, 0) in means.index else "–"
        print(f"| {size or 'scratch'} | " + " | ".join([*row, zero]) + " |")
    if len(half):
        row = [
            f"{half[n[-1], size]:.4f}" if (n[-1], size) in half.index else "–" for size in [*m, 0]
        ]
        print(f"| {n[-1]}, half the capacity | " + " | ".join(row) + " |")


def print_laws(folder: RunFolder, metric: str) -> None:
    heads = (
        "m",
        "decay rate",
        "scale D",
        "transfer gap C",
        "R²",
        "flags",
        "doubling n would bring",
    )
    print("\n| " + " | ".join(heads) + " |\n" + "| --- " * len(heads) + "|")
    laws = study_laws(
        folder.errors(),
        noise_floor=folder.manifest["noise_floor"],
        half_capacity=folder.half_capacity_errors(),
    )
    for law in laws:
        if law.metric != metric:
            continue
        parts = [
            f"{part.estimate:.2g} [{part.low:.2g}, {part.high:.2g}]"
            for part in (law.decay_rate, law.scale, law.transfer_gap)
        ]
        last = law.curve.n[-1]
        now, later = law.predict([last]).median[0], law.predict([2 * last]).median[0]
        print(
            f"| {law.n_target or 'zero-shot'} | {' | '.join(parts)} | {law.r_squared:.3f} "
            f"| {', '.join(law.flags)} | {now - later:+.4f} lower |"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--metric", default="rmse")
    arguments = parser.parse_args()
    for path in arguments.runs:
        folder = RunFolder(path)
        manifest = folder.manifest
        evaluation = manifest["study"]["evaluation"]
        print(f"\n### {path.name}: mean {arguments.metric.upper()} ({manifest['metric_unit']})\n")
        print(f"split = {evaluation['split']}, overlap = {evaluation['overlap']}\n")
        print_errors(folder, arguments.metric)
        print_laws(folder, arguments.metric)
        print(f"\nNoise floor: {manifest['noise_floor']}")


if __name__ == "__main__":
    main()
