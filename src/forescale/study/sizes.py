"""Sizes of the computed data as a study file gives them: a list, or a range even in log n."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le, MinLen
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from forescale._machine.toml import Int
from forescale.errors import ConfigError

LARGEST = 10**9
"""Rows beyond which no table goes."""
Size = Annotated[Int, Ge(2), Le(LARGEST)]


class SourceSizes(BaseModel):
    """Sizes spaced evenly in log n.

    Parameters
    ----------
    start
        The smallest; ``from`` in a file.
    to
        The largest; all that every replicate has, if not given.
    count
        How many.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Annotated[Int, Ge(5), Le(LARGEST)] = Field(30, alias="from")
    to: Annotated[Int, Ge(5), Le(LARGEST)] | None = None
    count: Annotated[Int, Ge(2), Le(1000)] = 12

    def __str__(self) -> str:
        """Return the range in words."""
        return f"{self.count} sizes from {self.start} to {self.to or 'all there are'}"


def _tag(value: Any) -> str | None:
    if isinstance(value, dict | SourceSizes):
        return "range"
    return "list" if isinstance(value, list | tuple) else None


Sizes = Annotated[
    Annotated[SourceSizes, Tag("range")] | Annotated[tuple[Size, ...], MinLen(1), Tag("list")],
    Discriminator(_tag),
]
"""A range, or a list."""


def resolved(
    wanted: SourceSizes | tuple[int, ...], usable: int, key: str, told: str
) -> NDArray[np.int64]:
    """Sizes up to what every replicate has.

    Parameters
    ----------
    key, told
        Of the sizes in the study file, and what is usable, for messages.

    Raises
    ------
    ConfigError
        If more is asked for than every replicate has.
    """
    if isinstance(wanted, SourceSizes):
        last, key = wanted.to or usable, f"{key}.to"
        sizes = np.geomspace(min(wanted.start, last), last, wanted.count)
        found = np.unique(np.rint(sizes).astype(np.int64))
    else:
        found = np.array(wanted, dtype=np.int64)
    if found[-1] > usable:
        raise ConfigError(f"{key}: got {found[-1]}, expected at most {usable}, {told}")
    return found


def ascending(value: Any) -> Any:
    """Refuse a list that does not ascend."""
    if isinstance(value, tuple) and list(value) != sorted(set(value)):
        raise ValueError("sizes must ascend and differ")
    return value
