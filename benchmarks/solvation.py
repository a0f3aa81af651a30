"""Solvation free energy, COSMO-RS → measured: every split, baselines, COSMO-RS itself, laws.

    FORESCALE_MIRROR=… python benchmarks/solvation.py OUT [--replicates 10] [--workers 2]

Prints the tables of docs/solvation.md. Run folders are kept in OUT, so that a second call
only prints; `benchmarks/forecast_own_studies.py OUT/*` judges their laws' forecasts.
"""

from __future__ import annotations

from collections.abc import Sequence

import _kit
import numpy as np
from _variants import Variant, main_of

from forescale.metrics import mae, rmse
from forescale.study import RunFolder, StudyData

VARIANTS = (
    Variant("random pairs, computed values of test pairs hidden", "random", "exclude", 7000),
    Variant("random pairs, computed values of test pairs allowed", "random", "allow", 7000),
    Variant("unseen solvents", "group:solvent", "exclude", 5800),
    Variant("unseen solvents, hidden in the source too", "group:solvent", "exclude-group", 5800),
    Variant("unseen solutes", "group:solute", "exclude", 6800),
)


def print_cosmo(folder: RunFolder, data: StudyData) -> None:
    """COSMO-RS itself against measurement, and ours, on the test pairs that both have."""
    known = dict(zip(data.source.keys, data.source.values, strict=True))
    predictions = folder.predictions()
    keys = data.target.keys[predictions["row"].to_numpy()]
    common = np.array([key in known for key in keys])
    shown = predictions[common]
    ways = {
        "COSMO-RS itself": np.array([known[key] for key in keys[common]]),
        "transfer (ours)": shown["predicted"].to_numpy(),
        "zero-shot": shown["zero_shot"].to_numpy(),
        "scratch": shown["scratch"].to_numpy(),
    }
    print()
    table = _kit.Table(
        f"test pairs that COSMO-RS has too ({len(shown)} predictions)", "MAE", "RMSE"
    )
    measured = shown["measured"].to_numpy()
    for name, values in ways.items():
        if len(shown):
            table.row(name, f"{mae(values, measured):.3f}", f"{rmse(values, measured):.3f}")


def print_water(folder: RunFolder) -> None:
    """Where whole solvents are tested: replicates whose tested solvents include water, or not.

    Of all solvents it has most measured pairs, and is least like the others.
    """
    pairs = folder.predictions()
    in_water = pairs["key"].str.endswith(" in O")
    wet = in_water.groupby(pairs["replicate"]).transform("any")
    print()
    printed = _kit.Table("MAE of", "replicates", "pairs", "scratch", "zero-shot", "transfer (ours)")
    parts = {
        "replicates without water": ~wet,
        "water, where it is tested": in_water,
        "the other solvents beside it": wet & ~in_water,
    }
    for name, chosen in parts.items():
        own = pairs[chosen]
        cells = [own["replicate"].nunique(), len(own)]
        for column in ("scratch", "zero_shot", "predicted"):
            miss = (own[column] - own["measured"]).abs().groupby(own["replicate"]).mean()
            cells.append(_kit.mean_and_error(miss))
        if len(own):
            printed.row(name, *cells)


def print_more(folder: RunFolder, data: StudyData) -> None:
    """What only this page has."""
    print_cosmo(folder, data)
    if str(folder.manifest.study.evaluation.split) == "group:solvent":
        print_water(folder)


def main(argv: Sequence[str] | None = None) -> None:
    """Run every variant and print its tables."""
    metrics = ("mae", "rmse", "r2")
    main_of(__doc__, "solvation", VARIANTS, argv, metrics, replicates=(10, 3), also=print_more)


if __name__ == "__main__":
    main()
