"""Both sides of a pair from a column that joins them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from forescale.catalog.entry import JoinedPair
from forescale.tables import PairColumns, read_columns

_SOLUTE, _SOLVENT = "__solute__", "__solvent__"


def pair_columns(pair: JoinedPair) -> PairColumns:
    """The columns of the rows that :func:`with_sides` returns."""
    return PairColumns(_SOLUTE, _SOLVENT, pair.temperature, pair.temperature_unit)


def with_sides(
    raw: pd.DataFrame, pair: JoinedPair, lookup: Path | None
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Rows with a column for each side; and by reason, the rows that cannot be divided.

    >>> rows = pd.DataFrame({"ssid": ["O.CCO", "O.[Na+].[Cl-]"]})
    >>> pair = JoinedPair(column="ssid", separator=".", solvent="first")
    >>> kept, rejected = with_sides(rows, pair, None)
    >>> kept["__solute__"].tolist(), list(rejected)
    (['CCO'], ["expected one solute and one solvent joined by '.', no salt or mixture"])
    """
    joined, rejected = raw[pair.column].astype(str), {}
    if pair.lookup is not None and lookup is not None:
        other = read_columns(lookup, [pair.lookup.key, pair.lookup.column])
        known = dict(zip(other[pair.lookup.key], other[pair.lookup.column], strict=True))
        found = joined.isin(known.keys())
        rejected[f"not among the pairs of {lookup.name}, which gives its structures"] = raw[~found]
        raw, joined = raw[found], joined[found].map(known)
    two = joined.str.count(re.escape(pair.separator)) == 1
    rejected[
        f"expected one solute and one solvent joined by {pair.separator!r}, no salt or mixture"
    ] = raw[~two]
    sides = joined[two].str.split(pair.separator, n=1, regex=False, expand=True)
    sides = sides.reindex(columns=[0, 1])
    order = [_SOLVENT, _SOLUTE] if pair.solvent == "first" else [_SOLUTE, _SOLVENT]
    return raw[two].assign(**{order[0]: sides[0], order[1]: sides[1]}), rejected
