"""Solvation free energy, COSMO-RS → measured: every split, baselines, COSMO-RS itself, laws.

    FORESCALE_MIRROR=… python benchmarks/solvation.py OUT [--replicates 10] [--workers 2]

Prints the tables of docs/solvation.md. Run folders are kept in OUT, so that a second call
only prints; `benchmarks/forecast_own_studies.py OUT/*` judges their laws' forecasts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from _pair_tables import Variant, print_curves, print_models, run

from forescale.catalog import load_dataset
from forescale.study import RunFolder, load_study

STUDY = Path(__file__).parents[1] / "examples" / "solvation.toml"
VARIANTS = (
    Variant("random pairs, computed values of test pairs hidden", "random", "exclude", 7000),
    Variant("random pairs, computed values of test pairs allowed", "random", "allow", 7000),
    Variant("unseen solvents", "group:solvent", "exclude", 5800),
    Variant("unseen solvents, hidden in the source too", "group:solvent", "exclude-group", 5800),
    Variant("unseen solutes", "group:solute", "exclude", 6800),
)


def print_cosmo(folder: RunFolder) -> None:
    """COSMO-RS itself against measurement, and ours, on the test pairs that both have."""
    computed = load_dataset("solvation-cosmo-rs")
    known = dict(zip(computed.keys, computed.values, strict=True))
    measured = load_dataset("solvation-measured")
    predictions = folder.predictions()
    keys = measured.keys[predictions["row"].to_numpy()]
    common = np.array([key in known for key in keys])
    shown = predictions[common]
    theirs = np.array([known[key] for key in keys[common]])
    print(f"\n| test pairs that COSMO-RS has too ({len(shown)} predictions) | MAE | RMSE |")
    print("| --- | --- | --- |")
    for name, values in [
        ("COSMO-RS itself", theirs),
        ("transfer (ours)", shown["predicted"].to_numpy()),
        ("zero-shot", shown["zero_shot"].to_numpy()),
        ("scratch", shown["scratch"].to_numpy()),
    ]:
        error = values - shown["measured"].to_numpy()
        print(f"| {name} | {np.abs(error).mean():.3f} | {np.sqrt((error**2).mean()):.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--replicates", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--baselines", type=int, default=3, help="replicates for baselines")
    parser.add_argument("--baselines-at", type=int, help="most computed values for baselines")
    parser.add_argument("--only", nargs="*", help="variants, by the names of their run folders")
    arguments = parser.parse_args()
    study = load_study(STUDY).model_copy(update={"replicates": arguments.replicates})
    arguments.out.mkdir(parents=True, exist_ok=True)
    chosen = [v for v in VARIANTS if not arguments.only or v.slug in arguments.only]
    judged = min(arguments.baselines, arguments.replicates)
    for variant in chosen:
        finished, others, n = run(
            study, variant, arguments.out, arguments.workers, judged, arguments.baselines_at
        )
        print(f"\n## {variant.title} (split = {variant.split}, overlap = {variant.overlap})")
        print_models(finished, others, ("mae", "rmse", "r2"), judged or arguments.replicates, n)
        print_curves(finished, "mae")
        print_cosmo(finished.folder)


if __name__ == "__main__":
    main()
