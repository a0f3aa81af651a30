"""Keys that another release has made, as this one makes them."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from forescale.errors import MaterialError
from forescale.materials import parse_material
from forescale.tables.repeats import merge_repeats


def with_current_keys(
    frame: pd.DataFrame, kind: str, origin: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A table's rows under the keys of this release, and the rows that have none any more.

    Two keys that are one now become one row, the mean.

    Parameters
    ----------
    frame
        Columns of a property table.
    kind
        Kind of material.
    origin
        Where the rows come from, for the rejects.

    Returns
    -------
    frame, rejected
        Rows as before; columns file, row, material, value, reason.
    """
    known = {key: _current(kind, key) for key in frame["key"].unique()}
    keys = [known[key][0] for key in frame["key"]]
    if keys == frame["key"].tolist():
        return frame, _rejects(frame.iloc[:0], origin, [])
    lost = pd.Series([key is None for key in keys], index=frame.index)
    reasons = [known[key][1] for key in frame["key"][lost]]
    renewed = frame.assign(key=keys)[~lost].reset_index(drop=True)
    if renewed["key"].duplicated().any():
        renewed = merge_repeats(renewed.drop(columns=["repeats", "scatter"]))
    return renewed, _rejects(frame[lost], origin, reasons)


@lru_cache(maxsize=100_000)  # a campaign's table is read again and again while it grows
def _current(kind: str, key: str) -> tuple[str | None, str | None]:
    """The key of a key, or the reason why there is none."""
    try:
        return parse_material(kind, key).key, None
    except MaterialError as error:
        return None, str(error)


def _rejects(rows: pd.DataFrame, origin: str, reasons: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": pd.Series([origin] * len(rows), dtype="str"),
            "row": pd.Series(rows.index.to_numpy() + 1, dtype="int64"),
            "material": pd.Series(rows["material"].to_numpy(), dtype="str"),
            "value": pd.Series(rows["value"].astype(str).to_numpy(), dtype="str"),
            "reason": pd.Series(reasons, dtype="str"),
        }
    )
