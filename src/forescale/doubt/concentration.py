"""Whether a few materials carry most of a run's squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

SHARE = 0.5
"""Share of the squared error above which so few materials are named."""
_MOST = 3
_OF_ALL = 0.02
_NAMED = 5
"""Materials that the sentence names; of a large table a hundred may be meant."""


@dataclass(frozen=True)
class Concentration:
    """The few materials that carry most of the squared error.

    Parameters
    ----------
    materials
        Columns key, measured, predicted (means over replicates) and share (of the squared
        error), the largest first.
    share
        What they carry together.
    of
        How many materials were tested.
    """

    materials: pd.DataFrame
    share: float
    of: int

    @property
    def sentence(self) -> str:
        """In words."""
        count = len(self.materials)
        shown = count if count <= _NAMED + 1 else _NAMED  # "and 1 more" would take as much room
        named = ", ".join(self.materials["key"][:shown])
        if count > shown:
            named += f" and {count - shown} more"
        return (
            f"{_COUNTS.get(count, str(count))} material{'s' if count > 1 else ''} of {self.of} "
            f"carr{'y' if count > 1 else 'ies'} {self.share:.0%} of the squared error: {named}. "
            "Check the measured values"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        rows = self.materials.to_dict("records")
        return {"materials": rows, "share": self.share, "of": self.of}


_COUNTS = {1: "One", 2: "Two", 3: "Three"}


def concentration(predictions: pd.DataFrame) -> Concentration | None:
    """The materials that carry more than half of the squared error, if they are few.

    Parameters
    ----------
    predictions
        Columns measured, predicted, and key (or row): a run's test predictions.

    Returns
    -------
    Concentration or None
        At most three materials, or two in a hundred if that is more; None where the error is
        spread more widely.

    Examples
    --------
    >>> import pandas as pd
    >>> found = concentration(pd.DataFrame({
    ...     "key": ["C", "CC", "CCC", "CCCC"] * 5, "measured": [4210.0, 1.0, 2.0, 3.0] * 5,
    ...     "predicted": [420.0, 2.0, 3.0, 4.0] * 5}))
    >>> found.sentence
    'One material of 4 carries 100% of the squared error: C. Check the measured values'
    """
    if "key" not in predictions:
        predictions = predictions.assign(key=predictions["row"].astype(str))
    squared = (predictions["measured"] - predictions["predicted"]) ** 2
    by_key = squared.groupby(predictions["key"]).sum().sort_values(ascending=False)
    total = float(by_key.sum())
    most = max(_MOST, int(_OF_ALL * len(by_key)))
    if not total > 0 or len(by_key) <= most:
        return None
    shares = by_key / total
    count = int((shares.cumsum() < SHARE).sum()) + 1
    if count > most:
        return None
    # those beside them that carry much as well
    while count < most and float(shares.iloc[count]) > 0.5 * float(shares.iloc[count - 1]) > 0.05:
        count += 1
    keys = shares.index[:count]
    means = predictions.groupby("key")[["measured", "predicted"]].mean().loc[keys]
    found = means.assign(share=shares.iloc[:count]).reset_index()
    return Concentration(found, float(shares.iloc[:count].sum()), len(by_key))
