"""One property of many materials, computed or measured."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from forescale.errors import ConfigError, DataError
from forescale.materials import KEY_VERSION
from forescale.tables.keys import with_current_keys
from forescale.tables.stored import check_frame, read_card
from forescale.tables.units import convert

Kind = Literal["computed", "measured"]
KEY_COLUMNS = ("key", "material", "value", "repeats", "scatter")
_METADATA = b"forescale"


@dataclass(frozen=True)
class Provenance:
    """Where values come from: enough to cite them and to find them again."""

    dataset: str = ""
    version: str = ""
    method: str = ""
    reference: str = ""
    licence: str = ""
    sha256: str = ""


def no_rejects() -> pd.DataFrame:
    """An empty rejects table: file, row (1 is the first data row), material, value, reason."""
    return pd.DataFrame(
        {
            "file": pd.Series(dtype=str),
            "row": pd.Series(dtype="int64"),
            "material": pd.Series(dtype=str),
            "value": pd.Series(dtype=str),
            "reason": pd.Series(dtype=str),
        }
    )


@dataclass(frozen=True)
class PropertyTable:
    """Values of one property, one row per material.

    Parameters
    ----------
    frame
        Columns ``key`` (canonical), ``material`` (as first given), ``value`` (in
        ``unit``), ``repeats`` (number of values merged), ``scatter`` (their standard
        deviation, NaN for a single value) and any further columns kept for grouping.
    name
        The property, e.g. ``"density"``.
    unit
        Unit of ``value``; empty for a pure number.
    kind
        ``"computed"`` or ``"measured"``.
    material_kind
        A name of ``forescale.materials.KINDS``.
    provenance
        One record for each dataset merged into the table.
    rejected
        Rows set aside, with file, row number and reason.
    notes
        What a reader should know of how the rows were read, in sentences.
    rows
        Key of each accepted row of a file, indexed by the row's number (from 1); empty
        where the table was not read from rows.
    """

    frame: pd.DataFrame
    name: str
    unit: str
    kind: Kind
    material_kind: str
    provenance: tuple[Provenance, ...] = ()
    rejected: pd.DataFrame = field(default_factory=no_rejects)
    notes: tuple[str, ...] = ()
    rows: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))

    def __post_init__(self) -> None:
        missing = [column for column in KEY_COLUMNS if column not in self.frame]
        if missing:
            raise DataError(f"a property table needs the columns {', '.join(missing)}")
        if self.frame["key"].duplicated().any():
            raise DataError("a property table has one row per material; merge repeats first")

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        """Return what it holds, in a line."""
        unit = f" in {self.unit}" if self.unit else ""
        aside = f", {len(self.rejected)} rows set aside" if len(self.rejected) else ""
        return f"PropertyTable({self.kind} {self.name}{unit} of {len(self)} materials{aside})"

    def _repr_html_(self) -> str:
        """Return its first rows, for a notebook."""
        shown = self.frame[[c for c in self.frame if c != "key"]].head()
        return f"<p>{escape(repr(self))}</p>{shown.to_html()}"

    @property
    def keys(self) -> NDArray[np.object_]:
        """Canonical keys, shape (rows,)."""
        return np.asarray(self.frame["key"], dtype=object)

    @property
    def values(self) -> NDArray[np.float64]:
        """Values in ``unit``, shape (rows,)."""
        return np.asarray(self.frame["value"], dtype=float)

    def to_unit(self, unit: str) -> PropertyTable:
        """The same table in another unit."""
        values = convert(self.values, self.unit, unit)
        # A difference converts without the offset that 0 °C = 273.15 K has.
        scatter = self.frame["scatter"].to_numpy(dtype=float)
        scatter = convert(scatter, self.unit, unit) - convert(np.zeros(1), self.unit, unit)
        return replace(self, frame=self.frame.assign(value=values, scatter=scatter), unit=unit)

    def to_parquet(self, path: Path) -> None:
        """Write the table with its metadata; rejected rows are not part of it."""
        metadata: dict[str, Any] = {
            "name": self.name,
            "unit": self.unit,
            "kind": self.kind,
            "material_kind": self.material_kind,
            "key_version": KEY_VERSION,
            "provenance": [asdict(record) for record in self.provenance],
        }
        table = pa.Table.from_pandas(self.frame, preserve_index=False)
        table = table.replace_schema_metadata({_METADATA: json.dumps(metadata).encode()})
        pq.write_table(table, path, compression="zstd")

    @classmethod
    def from_parquet(cls, path: Path) -> PropertyTable:
        """Read a table written by :meth:`to_parquet`."""
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: not a readable Parquet file ({error})") from None
        raw = (table.schema.metadata or {}).get(_METADATA)
        if raw is None:
            raise ConfigError(
                f"{path}: a Parquet file without forescale metadata; "
                "name its material, value and unit columns instead"
            )
        card = read_card(raw, path)
        records = tuple(Provenance(**record.model_dump()) for record in card.provenance)
        frame, rejected = table.to_pandas(), no_rejects()
        check_frame(frame, path)
        if card.key_version != KEY_VERSION:
            frame, rejected = with_current_keys(frame, card.material_kind, str(path))
        described = card.model_dump(include={"name", "unit", "kind", "material_kind"})
        return cls(frame=frame, provenance=records, rejected=rejected, **described)
