"""Flory-Huggins chi, COSMO-RS → measured: every split and policy, baselines, laws.

    FORESCALE_MIRROR=… python benchmarks/chi.py OUT [--replicates 20] [--workers 2]

Prints the tables of docs/chi.md. Run folders are kept in OUT, so that a second call only
prints; `benchmarks/forecast_own_studies.py OUT/*` judges their laws' forecasts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from _pair_tables import Variant, print_curves, print_models, run

from forescale.study import load_study

STUDY = Path(__file__).parents[1] / "examples" / "chi.toml"
VARIANTS = (
    Variant("unseen pairs, all their computed values hidden", "group:pair", "exclude-group", 940),
    Variant("unseen pairs, computed values of test pairs allowed", "group:pair", "allow", 940),
    Variant("random rows, computed values of test rows hidden", "random", "exclude", 940),
    Variant("random rows, computed values of test rows allowed", "random", "allow", 940),
    Variant("unseen polymers, computed values hidden", "group:polymer", "exclude-group", 780),
    Variant("unseen polymers, computed values allowed", "group:polymer", "allow", 780),
    Variant("unseen solvents, computed values hidden", "group:solvent", "exclude-group", 890),
    Variant("unseen solvents, computed values allowed", "group:solvent", "allow", 890),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--baselines", type=int, default=10, help="replicates for baselines")
    parser.add_argument("--only", nargs="*", help="variants, by the names of their run folders")
    arguments = parser.parse_args()
    study = load_study(STUDY).model_copy(update={"replicates": arguments.replicates})
    arguments.out.mkdir(parents=True, exist_ok=True)
    chosen = [v for v in VARIANTS if not arguments.only or v.slug in arguments.only]
    judged = min(arguments.baselines, arguments.replicates)
    for variant in chosen:
        finished, others, n = run(study, variant, arguments.out, arguments.workers, judged)
        print(f"\n## {variant.title} (split = {variant.split}, overlap = {variant.overlap})")
        print_models(finished, others, ("r2", "rmse", "mae"), judged or arguments.replicates, n)
        print_curves(finished, "rmse")


if __name__ == "__main__":
    main()
