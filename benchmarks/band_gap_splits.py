"""Band gaps, Materials Project → measured, by trees: what is tested, and what of it was computed.

    FORESCALE_MIRROR=… python benchmarks/band_gap_splits.py OUT [--replicates 10] [--workers 2]

Prints the tables of docs/band-gap.md on random splits and on whole chemical systems, with computed
values of test formulas hidden and allowed. Run folders are kept in OUT, so that a second call only
prints. The other databases are examples of their own, whose tables ``study_tables.py`` prints.
"""

from __future__ import annotations

from collections.abc import Sequence

from _variants import Variant, main_of

VARIANTS = (
    Variant("random formulas, their computed values hidden", "random", "exclude", 3680),
    Variant("random formulas, their computed values allowed", "random", "allow", 3680),
    Variant("unseen chemical systems", "group:chemical_system", "exclude", 3600),
)


def main(argv: Sequence[str] | None = None) -> None:
    """Run every variant and print its tables."""
    metrics = ("mae", "rmse", "r2")
    main_of(__doc__, "band-gap-materials-project", VARIANTS, argv, metrics, replicates=(10, 0))


if __name__ == "__main__":
    main()
