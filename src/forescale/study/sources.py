"""Where a study's tables come from: the catalog, a table kept by forescale, a raw file, memory.

Each kind of source is a model of its own with what all share; ``load`` gives the table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Tag, model_serializer, model_validator

from forescale._machine.toml import Float
from forescale.catalog import load_dataset
from forescale.errors import ConfigError
from forescale.labels import MaterialKind, Take
from forescale.study.radonpy import RadonPyTable
from forescale.study.sizes import SourceSizes
from forescale.study.source_contract import Reading, _Source
from forescale.tables import (
    ColumnMap,
    Dialect,
    PairColumns,
    PropertyTable,
    Provenance,
    read_table,
    same_dimension,
)

_PAIR_KEYS = ("solute", "solvent", "temperature", "temperature_unit", "valid_temperature")
_READING_KEYS = ("decimal", "sheet", "take")
_RAW_KEYS = ("kind", "material", "value", "unit", "valid", *_READING_KEYS, *_PAIR_KEYS)


class CatalogTable(_Source):
    """A dataset of the catalog.

    Parameters
    ----------
    dataset
        Its name, see ``forescale data list``; ``property`` says which, where it has several.
    """

    dataset: str

    def _own_name(self) -> str:
        return self.dataset

    @model_validator(mode="before")
    @classmethod
    def _knows_itself(cls, value: Any) -> Any:
        for key in _RAW_KEYS if isinstance(value, dict) else ():
            if value.get(key) is not None:
                raise ValueError(f"{key} is known from the catalog, expected it only with file")
        return value

    def _read(self, reading: Reading) -> PropertyTable:
        table = load_dataset(self.dataset, self.property, sample=self.sample, seed=reading.seed)
        return self._checked(table, reading, f"dataset {self.dataset!r}")


class StoredTable(_Source):
    """A Parquet table that forescale wrote: it knows kind, columns and unit itself.

    Parameters
    ----------
    file
        Its path; relative paths are relative to the study file.
    """

    file: Path

    def _own_name(self) -> str:
        return self.file.stem

    def _read(self, reading: Reading) -> PropertyTable:
        table = PropertyTable.from_parquet(self.file)
        return self._checked(table, reading, str(self.file))


class RawTable(_Source):
    """A file of the user's own, with its columns.

    Parameters
    ----------
    file
        CSV, Excel or Parquet file; relative paths are relative to the study file.
    kind, material, value, unit
        Kind of material, its column, the value's column and unit.
    solute, solvent, temperature, temperature_unit, valid_temperature
        Of pairs, instead of ``material``: columns of the two SMILES (a solute with two ``*``
        is a repeat unit) and, where there is one, of the temperature, with its unit and its
        lowest and highest credible value.
    valid
        Lowest and highest credible value, in the unit.
    decimal, sheet
        Decimal mark of the file's numbers, and the sheet of an Excel file with several.
    take
        What to take for bounds, ranges, estimates and values with an uncertainty.
    """

    file: Path
    kind: MaterialKind
    value: str
    unit: str
    material: str | None = None
    solute: str | None = None
    solvent: str | None = None
    temperature: str | None = None
    temperature_unit: str | None = None
    valid_temperature: tuple[Float, Float] | None = None
    valid: tuple[Float, Float] | None = None
    decimal: Literal[".", ","] = "."
    sheet: str | None = None
    take: Take = Take.REFUSE

    @model_validator(mode="before")
    @classmethod
    def _described(cls, value: Any) -> Any:
        if isinstance(value, dict):
            material = value.get("material") or value.get("solute")
            if None in [material, *(value.get(key) for key in ("kind", "value", "unit"))]:
                raise ValueError(
                    "a file needs all of kind, material, value and unit "
                    "(pairs: solute and solvent for material)"
                )
        return value

    @model_validator(mode="after")
    def _limits_ascend(self) -> RawTable:
        for key in ("valid", "valid_temperature"):
            limits = getattr(self, key)
            if limits is not None and not limits[0] < limits[1]:
                raise ValueError(
                    f"{key} is the lowest and the highest credible value, in that order"
                )
        return self

    @model_validator(mode="after")
    def _pairs_have_two_sides(self) -> RawTable:
        sides = {key for key in _PAIR_KEYS if getattr(self, key) is not None}
        if sides and self.kind != "pair":
            raise ValueError(f'{min(sides)} is of a pair, expected it only with kind = "pair"')
        if sides and (self.material is not None or not {"solute", "solvent"} <= sides):
            raise ValueError("pairs need solute and solvent columns, or one material column")
        if "temperature" not in sides and sides & {"temperature_unit", "valid_temperature"}:
            raise ValueError("a unit or range of temperatures needs temperature, their column")
        if self.temperature is not None and self.temperature_unit is None:
            raise ValueError('temperature needs temperature_unit, such as "K" or "degC"')
        return self

    def columns(self) -> str | PairColumns | None:
        """The columns of the material."""
        if self.solute is None or self.solvent is None:
            return self.material
        return PairColumns(
            self.solute,
            self.solvent,
            self.temperature,
            self.temperature_unit or "K",
            self.valid_temperature,
        )

    def _own_name(self) -> str:
        return self.file.stem

    def _read(self, reading: Reading) -> PropertyTable:
        try:
            same_dimension(self.unit, self.unit)
        except ConfigError as error:
            raise ConfigError(f"{reading.where}.unit: {error}") from None
        try:
            columns = self.columns()
        except ConfigError as error:
            raise ConfigError(f"{reading.where}.{error}") from None
        table = read_table(
            self.file,
            ColumnMap(columns or "", self.value, reading.keep, self.valid, self.take),
            name=self.property or self.value,
            unit=self.unit,
            kind=reading.kind,
            material_kind=self.kind,
            provenance=Provenance(dataset=self.file.name),
            on_error=reading.on_error,
            dialect=Dialect(self.decimal, self.sheet),
        )
        return table


class HeldTable(_Source):
    """A table in memory; a run folder keeps it as a :class:`StoredTable`.

    Parameters
    ----------
    table
        The table.
    file
        Where a run folder keeps it, relative to the folder.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    table: PropertyTable
    file: Path

    @model_serializer
    def _as_stored(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"file": self.file.as_posix()}
        plain |= {"property": self.property, "sample": self.sample}
        plain |= {"cross_property": self.cross_property, "task": self.task}
        plain |= {"name": self.name, "cost": self.cost}
        if isinstance(self.n_source, SourceSizes):
            plain["n_source"] = self.n_source.model_dump(by_alias=True, exclude_none=True)
        elif self.n_source is not None:
            plain["n_source"] = list(self.n_source)
        return {key: value for key, value in plain.items() if value is not None}

    def _own_name(self) -> str:
        return self.file.stem

    def _read(self, reading: Reading) -> PropertyTable:
        return self._checked(self.table, reading, "the table")


_TAGS: dict[type[_Source], str] = {
    CatalogTable: "catalog",
    StoredTable: "stored",
    RawTable: "raw",
    RadonPyTable: "radonpy",
    HeldTable: "held",
}


def _tag(value: Any) -> str | None:
    """Which kind of source it is, by the keys that are there."""
    if isinstance(value, _Source):
        return _TAGS[type(value)]
    if not isinstance(value, dict):
        return None
    if (value.get("dataset") is None) == (value.get("file") is None):
        return None
    if value.get("dataset") is not None:
        return "catalog"
    if value.get("format") is not None:
        return "radonpy"
    return "raw" if any(value.get(key) is not None for key in _RAW_KEYS) else "stored"


Source = Annotated[
    Annotated[CatalogTable, Tag("catalog")]
    | Annotated[StoredTable, Tag("stored")]
    | Annotated[RawTable, Tag("raw")]
    | Annotated[RadonPyTable, Tag("radonpy")]
    | Annotated[HeldTable, Tag("held")],
    Discriminator(
        _tag,
        custom_error_type="one_origin",
        custom_error_message="expected either dataset (a catalog name) or file",
    ),
]
"""A table of a study: one of the five kinds, told apart by its keys."""
