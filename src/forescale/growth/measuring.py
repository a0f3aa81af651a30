"""What to measure next: a list for the laboratory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from forescale._machine.files import write_text
from forescale.growth.arms import Arm
from forescale.growth.judging import Bench
from forescale.growth.orders import Pool, choose, get_order
from forescale.learners.contract import Ints

ASKED = 500
"""Materials of the pool, drawn at random, that stand for all that predictions are for."""


def materials_to_measure(arm: Arm, bench: Bench, seed: int, count: int = 20) -> Ints:
    """Rows of an arm's pool whose measurement most lowers the variance over the pool.

    Measured values teach about the difference between computed and measured, so what is measured
    already counts as known and the whole pool as asked for.
    """
    rng = np.random.default_rng(seed)
    rows = len(arm.keys)
    asked = rng.choice(rows, min(ASKED, rows), replace=False)
    known = set(bench.target.keys)
    candidates = np.flatnonzero([key not in known for key in arm.keys])
    pool = Pool(
        np.concatenate([arm.features, bench.features]),
        arm.is_count,
        np.arange(rows, rows + len(bench.features)),
        candidates,
        arm.features[asked],
    )
    chosen, _ = choose(get_order("informative"), pool, count, seed)
    return chosen


def write_measure_list(folder: Path, arm: Arm, bench: Bench, seed: int) -> Path:
    """Write ``measure.csv``: materials in the order in which to measure them."""
    rows = materials_to_measure(arm, bench, seed)
    frame = pd.DataFrame(
        {
            "rank": np.arange(1, len(rows) + 1),
            "material": arm.keys[rows],
            "property": bench.target.name,
            "unit": bench.target.unit,
        }
    )
    path = folder / "measure.csv"
    write_text(path, frame.to_csv(index=False))
    return path
