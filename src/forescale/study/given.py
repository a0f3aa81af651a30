"""Tables as a notebook has them - frames, files, datasets by name - as sources of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from forescale._machine.toml import validated
from forescale.errors import ConfigError, did_you_mean
from forescale.materials import GROUPINGS
from forescale.study.sources import CatalogTable, HeldTable, RawTable, StoredTable
from forescale.tables import ColumnMap, PropertyTable, Provenance, build_table
from forescale.tables.property_table import Kind
from forescale.tables.reading import OnError

Given: TypeAlias = pd.DataFrame | PropertyTable | str | Path
"""A frame, a table, the path of a file, or the name of a dataset of the catalog."""
Both: TypeAlias = str | tuple[str, str] | None
"""One word for both sides, or one for the computed and one for the measured side."""
SIDES: tuple[Kind, Kind] = ("computed", "measured")
_FILES = {".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq", ".xlsx", ".xls"}


@dataclass(frozen=True)
class Described:
    """How the frames and files of a study are to be read; see :meth:`Study.of`."""

    kind: str | None
    columns: Mapping[str, Both]
    valid: tuple[float, float] | None = None
    on_error: OnError = "raise"

    def source(
        self, given: Given, side: Kind, place: int, keep: Sequence[str] = ()
    ) -> CatalogTable | HeldTable | RawTable | StoredTable:
        """One table of a study.

        Parameters
        ----------
        side
            Whether its values are computed or measured.
        place
            Which one of its side it is, for the name under which a run keeps it.
        keep
            Further columns that are needed.

        Raises
        ------
        ConfigError
            If columns that a frame or a file needs are not named.
        DataError
            If rows are bad; names each with its reason.
        """
        if isinstance(given, PropertyTable):
            return _held(given, side, place)
        if isinstance(given, pd.DataFrame):
            raw = self._raw(Path(f"{side} table"), side)
            return _held(self._table(raw, given, side, keep), side, place)
        path = Path(given)
        if isinstance(given, str) and path.suffix.lower() not in _FILES:
            return CatalogTable(dataset=given)
        if self._word("value", side) is None:
            return StoredTable(file=path.resolve())
        return self._raw(path.resolve(), side)

    def _word(self, role: str, side: Kind) -> str | None:
        word = self.columns.get(role)
        return word[SIDES.index(side)] if isinstance(word, tuple) else word

    def _raw(self, path: Path, side: Kind) -> RawTable:
        said: dict[str, Any] = {role: self._word(role, side) for role in self.columns}
        material = said.get("material") or said.get("solute")
        missing = [
            role
            for role, word in (
                ("kind", self.kind), ("material", material), ("value", said.get("value")),
                ("unit", said.get("unit")),
            )
            if word is None
        ]  # fmt: skip
        if missing:
            raise ConfigError(
                f"the {side} table needs {', '.join(missing)}: the kind of material, the columns "
                "of material and value, and the value's unit ('' for a pure number)"
            )
        whole = {"file": path, "kind": self.kind, "valid": self.valid, **said}
        return validated(RawTable, whole, Path(f"the {side} table"))

    def _table(
        self, raw: RawTable, frame: pd.DataFrame, side: Kind, keep: Sequence[str]
    ) -> PropertyTable:
        columns = raw.columns()
        assert columns is not None  # a raw table has them
        own = [name for name in keep if name not in GROUPINGS.get(raw.kind, {})]
        chosen = ColumnMap(columns, raw.value, tuple(own), raw.valid)
        missing = [name for name in chosen.names if name not in frame]
        if missing:
            raise ConfigError(
                f"the {side} table has the columns {', '.join(map(str, frame.columns[:20]))}; "
                f"expected also {', '.join(missing)}"
                f"{did_you_mean(missing[0], map(str, frame.columns))}"
            )
        return build_table(
            frame.reset_index(drop=True),
            chosen,
            name=raw.value,
            unit=raw.unit,
            kind=side,
            material_kind=raw.kind,
            provenance=Provenance(dataset=str(frame.attrs.get("name", f"{side} table"))),
            on_error=self.on_error,
            origin=f"{side} table",
        )


def _held(table: PropertyTable, side: Kind, place: int) -> HeldTable:
    name = f"{side}-{place}" if place else side
    return HeldTable(table=table, file=Path("tables") / f"{name}.parquet")
