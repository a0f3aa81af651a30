"""Tables that hold more than they say: several curves in one, or scores for errors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forescale.errors import DataError

SCORES = {"r2", "r²", "accuracy", "acc", "auc", "auroc", "f1", "score", "spearman", "pearson"}
REPEATS = {"replicate", "rep", "trial", "seed", "run", "fold", "repeat", "split"}
LARGEST_M = 1e15
APART = 4.0  # times the scatter within blocks, by which blocks are curves of their own


def refuse_merging(
    frame: pd.DataFrame,
    *,
    curve: str | None,
    n: str,
    error: str,
    replicate: str | None,
    se: str | None,
    m: str | None,
) -> None:
    """Refuse a table that would be merged into fewer curves than it holds.

    Parameters are those of `fit_table`.

    Raises
    ------
    DataError
        If a column that was not named tells several curves apart, if blocks of rows do, if
        the column of errors is named for a score, or if m is no number of materials.
    """
    name = error.strip().lower().replace("_", " ").split(" ")[-1]
    if name in SCORES:
        raise DataError(
            f"column {error!r} is named for a score, which is better when higher; laws are of "
            f"errors: add a column 1 - {error} and name it"
        )
    if m is not None:
        _refuse_odd_m(frame, m)
    if curve is not None or replicate is not None:
        return
    by = frame[m] if m is not None else pd.Series(0, index=frame.index)
    cells = pd.DataFrame({"m": by, "n": frame[n]})
    if cells["n"].nunique() < 3 or not cells.duplicated().any():
        return
    named = {n, error, se, m}
    for column in (c for c in frame.columns if c not in named):
        if _tells_apart(cells, frame[column]):
            count = frame[column].nunique()
            say = f"--curve {column} if they are curves of their own"
            if str(column).strip().lower() in REPEATS:
                say = f"--replicate {column}"
            elif str(column).strip().lower() == "m":
                say = f"--m {column}"
            else:
                say += f", or --replicate {column} if they repeat one curve"
            raise DataError(
                f"each n comes several times, and column {column!r} tells {count} series apart, "
                f"which would be merged into one curve; say {say}"
            )
    if m is None and (blocks := _blocks(frame[n], frame[error])):
        raise DataError(
            f"the rows are {blocks} series of the same sizes n, one after another and further "
            "apart than their scatter; add a column that names the curve of each row and say "
            "--curve COLUMN (or --replicate COLUMN if they repeat one curve)"
        )


def _refuse_odd_m(frame: pd.DataFrame, m: str) -> None:
    values = pd.to_numeric(frame[m], errors="coerce")
    odd = ~(values.between(0, LARGEST_M) & frame[m].notna())
    if odd.any() and frame[m].notna().all():
        first = frame.loc[odd, m].iloc[0]
        raise DataError(
            f"column {m!r} must hold numbers of measured values, from 0 to {LARGEST_M:g}; "
            f"got {str(first)[:40]!r} in {int(odd.sum())} rows"
        )


def _tells_apart(cells: pd.DataFrame, column: pd.Series) -> bool:
    """Whether a column has few values that each hold every size at most once."""
    kinds = column.nunique(dropna=False)
    if not 2 <= kinds <= len(column) / 3:
        return False
    return not cells.assign(kind=column).duplicated().any()


def _blocks(n: pd.Series, error: pd.Series) -> int:
    """Number of blocks of rows that run over the same sizes on levels of their own; or 0."""
    sizes = pd.to_numeric(n, errors="coerce").to_numpy(float)
    values = pd.to_numeric(error, errors="coerce").to_numpy(float)
    distinct = len(np.unique(sizes))
    blocks, left = divmod(len(sizes), distinct)
    if left or blocks < 2 or not np.all(np.isfinite(values) & (values > 0)):
        return 0
    table = sizes.reshape(blocks, distinct)
    if not np.all(np.isfinite(table)) or np.any(table != table[0]) or np.any(np.diff(table[0]) < 0):
        return 0
    logs = np.log(values.reshape(blocks, distinct))
    levels = logs.mean(axis=1, keepdims=True)
    rest = logs - levels - (logs - levels).mean(axis=0)
    scatter = np.sqrt(np.sum(rest**2) / max((blocks - 1) * (distinct - 1), 1))
    return blocks if np.std(levels, ddof=1) > APART * scatter else 0
