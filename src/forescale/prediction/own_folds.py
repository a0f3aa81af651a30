"""The study's own test predictions as the folds of a calibration: nothing is computed again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forescale.errors import RunFolderError
from forescale.splits import Testing
from forescale.study import Design, RunFolder, Study, StudyData

_NEARLY_ALL = 0.9
"""Of the measured values left for fine-tuning: what the largest m of a study must be for its
test predictions to be those of a fold."""


def own_folds(study: Study, data: StudyData, run: RunFolder, design: Design) -> pd.DataFrame | None:
    """Test predictions of the first block of replicates, whose test sets divide the target.

    They are of the largest n and m, which is what a fold would be learnt from.

    Returns
    -------
    DataFrame or None
        Columns row, fold (the replicate), measured, predicted, std; None where the replicates
        have no such block (test sets drawn at random, too few replicates, one of them lost), or
        were fine-tuned on much less than all other measured values.
    """
    rows = len(data.target)
    if study.evaluation.test is not Testing.BALANCED:
        return None
    try:
        found = run.predictions()
    except RunFolderError:
        return None
    tested, parts = np.zeros(rows, dtype=int), []
    for replicate, split in enumerate(design.splits):
        part = found[found["replicate"] == replicate]
        if not np.array_equal(np.sort(part["row"]), np.sort(split.test)):
            return None
        left = rows - len(split.test)
        if len(split.train[: design.grid.n_target[-1]]) < _NEARLY_ALL * left:
            return None
        tested[split.test] += 1
        parts.append(part)
        if tested.max() > 1:
            return None
        if tested.all():
            break
    else:
        return None
    whole = pd.concat(parts, ignore_index=True).rename(columns={"replicate": "fold"})
    if not np.isfinite(whole["predicted"]).all():
        return None
    return whole[["row", "fold", "measured", "predicted", "std"]]
