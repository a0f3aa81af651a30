"""The contract of a featuriser, and what it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from forescale.errors import DataError

ColumnKind = Literal["real", "count"]


@dataclass(frozen=True)
class Column:
    """One feature: its name, its unit, whether it counts something, and its source."""

    name: str
    kind: ColumnKind = "real"
    unit: str = ""
    source: str = ""


@runtime_checkable
class Descriptor(Protocol):
    """Turns canonical keys of materials into rows of numbers.

    An implementation is stateless, gives the same row for the same key whatever the other
    keys are, and changes ``version`` whenever any number changes: the cache relies on it.
    One with an attribute ``quick`` that is true takes microseconds a material and is not
    cached.
    ``forescale.descriptors.testing`` holds the tests that every implementation passes.
    """

    name: str
    version: str
    material_kinds: tuple[str, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """One entry per feature, in order."""
        ...

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Features of materials, shape (len(keys), features); NaN where undefined."""
        ...


@dataclass(frozen=True)
class Features:
    """Features of the materials of a study.

    Parameters
    ----------
    values
        Shape (rows, features), finite.
    columns
        One entry per feature.
    dropped
        Names of columns left out because some material has no finite value.
    """

    values: NDArray[np.float32]
    columns: tuple[Column, ...]
    dropped: tuple[str, ...] = ()

    @classmethod
    def finite(cls, values: NDArray[np.float32], columns: Sequence[Column]) -> Features:
        """Keep the columns that are finite for every material."""
        good: NDArray[np.bool_] = np.all(np.isfinite(values), axis=0)
        if not good.any():
            raise DataError("no descriptor column is finite for every material")
        return cls(
            # a million rows are not copied for nothing
            values=np.ascontiguousarray(values if good.all() else values[:, good]),
            columns=tuple(column for column, keep in zip(columns, good, strict=True) if keep),
            dropped=tuple(c.name for c, keep in zip(columns, good, strict=True) if not keep),
        )

    @property
    def is_count(self) -> NDArray[np.bool_]:
        """Which columns count something, shape (features,)."""
        return np.array([column.kind == "count" for column in self.columns], dtype=bool)
