"""Repeats of one material become one row; several tables become one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.errors import ConfigError
from forescale.tables.property_table import PropertyTable
from forescale.tables.repeats import merge_repeats


def combine(tables: list[PropertyTable]) -> PropertyTable:
    """Several tables of one kind as one, in the unit of the first.

    A material in several tables gets the mean over tables, each counting once, so that
    a table that repeats itself does not outvote another.
    """
    first, *others = tables
    for other in others:
        if (other.kind, other.material_kind) != (first.kind, first.material_kind):
            raise ConfigError(
                f"got tables of {first.kind} {first.material_kind}s and of {other.kind} "
                f"{other.material_kind}s, expected one kind to merge"
            )
    if not others:
        return first
    parts = [first] + [other.to_unit(first.unit) for other in others]
    return replace(
        first,
        frame=merge_repeats(pd.concat([part.frame for part in parts], ignore_index=True)),
        provenance=tuple(record for part in parts for record in part.provenance),
        rejected=pd.concat([part.rejected for part in parts], ignore_index=True),
        notes=tuple(note for part in parts for note in part.notes),
        rows=first.rows.iloc[:0],
    )


@dataclass(frozen=True)
class TablesApart(PropertyTable):
    """Several tables one below the other; a material may have a row in each.

    Parameters
    ----------
    table_of
        Which table each row is of, shape (rows,).
    units
        Of the values of each table.
    """

    table_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check nothing: each table was checked, and a material may be in several."""

    @classmethod
    def of(cls, tables: list[PropertyTable]) -> Self:
        """Put tables below each other, each in its own unit; name and unit are the first's."""
        first = tables[0]
        return cls(
            frame=pd.concat([table.frame for table in tables], ignore_index=True),
            name=first.name,
            unit=first.unit,
            kind=first.kind,
            material_kind=first.material_kind,
            provenance=tuple(record for table in tables for record in table.provenance),
            rejected=pd.concat([table.rejected for table in tables], ignore_index=True),
            notes=tuple(note for table in tables for note in table.notes),
            table_of=np.repeat(np.arange(len(tables)), [len(table) for table in tables]),
            units=tuple(table.unit for table in tables),
        )


def measurement_scatter(table: PropertyTable) -> tuple[float | None, int]:
    """Pooled standard deviation of repeats, in the table's unit, and how many materials have any.

    The error of a perfect model against single measurements; ``None`` without repeats.
    """
    repeated = table.frame[table.frame["repeats"] > 1]
    if repeated.empty:
        return None, 0
    freedom = repeated["repeats"].to_numpy(dtype=float) - 1
    variance = repeated["scatter"].to_numpy(dtype=float) ** 2
    return float(np.sqrt(np.average(variance, weights=freedom))), len(repeated)
