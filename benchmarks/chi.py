"""Flory-Huggins chi, COSMO-RS → measured: every split and policy, baselines, laws.

    FORESCALE_MIRROR=… python benchmarks/chi.py OUT [--replicates 20] [--workers 2]

Prints the tables of docs/chi.md. Run folders are kept in OUT, so that a second call only
prints; `benchmarks/forecast_own_studies.py OUT/*` judges their laws' forecasts.
"""

from __future__ import annotations

from collections.abc import Sequence

from _variants import Variant, main_of

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


def main(argv: Sequence[str] | None = None) -> None:
    """Run every variant and print its tables."""
    main_of(__doc__, "chi", VARIANTS, argv, metrics=("r2", "rmse", "mae"), replicates=(20, 10))


if __name__ == "__main__":
    main()
