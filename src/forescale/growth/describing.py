"""Columns that the pools and the measured side of a loop have in common."""

from __future__ import annotations

from collections.abc import Sequence

from forescale.growth.arms import Arm
from forescale.growth.judging import Bench


def on_shared_columns(
    bench: Bench, arms: Sequence[Arm], workers: int, *, show_progress: bool
) -> Bench:
    """Describe the pools of arms; each side keeps the columns that all of them have.

    A descriptor leaves out what is undefined for some material (a partial charge of selenium, say),
    so that two sets of materials may have different columns.
    """
    for arm in arms:
        arm.describe(workers, show_progress=show_progress)
    shared = set(bench.columns).intersection(*(arm.columns for arm in arms))
    if all(arm.columns == bench.columns for arm in arms):
        return bench  # as nearly always: nothing large is copied
    for arm in arms:
        arm.keep(shared)
    return bench.keep(shared)
