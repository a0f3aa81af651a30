"""One catalog entry: a TOML file of ``catalog/entries``, named after the dataset."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from forescale.errors import ConfigError, did_you_mean
from forescale.tables.property_table import Kind


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RemoteFile(_Strict):
    """A file of a public repository at one commit, with the hash of its bytes."""

    repository: str
    commit: str = Field(pattern="^[0-9a-f]{40}$")
    path: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    @property
    def url(self) -> str:
        """Address of the raw file."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{self.path}"


class PackageFile(_Strict):
    """A file inside an installed package."""

    name: str
    path: str


class Lookup(_Strict):
    """Another public file that says what the strings of a column stand for."""

    file: RemoteFile
    key: str
    column: str


class JoinedPair(_Strict):
    """A column that joins solvent and solute (or polymer), and a temperature's."""

    column: str
    separator: str = Field(min_length=1)
    solvent: Literal["first", "last"]
    temperature: str | None = None
    temperature_unit: str = "K"
    lookup: Lookup | None = None


class Columns(_Strict):
    """Where the material is: a column of it, CAS numbers to look up, or a joined pair."""

    material: str | None = None
    cas: str | None = None
    pair: JoinedPair | None = None

    @model_validator(mode="after")
    def _one(self) -> Columns:
        if [self.material, self.cas, self.pair].count(None) != 2:
            raise ValueError("expected one of material, cas and pair")
        return self

    @property
    def main(self) -> str:
        """The column that says which material a row is of."""
        return self.material or self.cas or (self.pair.column if self.pair else "")

    @property
    def names(self) -> list[str]:
        """All columns that tell the material."""
        temperature = self.pair.temperature if self.pair else None
        return [self.main] + ([temperature] if temperature else [])


class Property(_Strict):
    """A value column with its unit and its range of credible values."""

    column: str
    unit: str
    valid: tuple[float, float] | None = None


class Filter(_Strict):
    """Rows whose number in a column lies outside a range are set aside."""

    column: str
    low: float
    high: float
    reason: str


class CatalogEntry(_Strict):
    """A dataset: address and hash, licence, citation, columns and units.

    Parameters
    ----------
    name, title
        What a study file calls it, and what people do.
    kind, material_kind
        Computed or measured; what its materials are.
    method, version
        How its values came about, and which edition this is.
    licence, citation
        Of the data.
    note
        What else a user should know of where the values come from.
    rows
        Of its files, as they were published.
    bytes
        What is to be fetched (what is in an installed package is not).
    file, files, package
        Where it is: one public file, several with the same columns, or an installed package.
    columns
        Columns of the material.
    properties
        By name: column, unit, what it is.
    filters
        Rows that count, where not all do.
    comment
        Character that begins the lines above its header, where it has some.
    missing
        What stands in a cell that has no value, beside nothing.
    """

    name: str
    title: str
    kind: Kind
    material_kind: str
    method: str
    version: str
    licence: str
    citation: str
    note: str = ""
    rows: int | None = None
    bytes: int | None = None
    file: RemoteFile | None = None
    files: tuple[RemoteFile, ...] = ()
    package: PackageFile | None = None
    columns: Columns
    properties: dict[str, Property]
    filters: tuple[Filter, ...] = ()
    comment: str = Field("", max_length=1)
    missing: str = ""

    @model_validator(mode="after")
    def _one_origin(self) -> CatalogEntry:
        if [self.file is not None, bool(self.files), self.package is not None].count(True) != 1:
            raise ValueError("expected one of file, files and package")
        return self

    @property
    def remote_files(self) -> tuple[RemoteFile, ...]:
        """The public files the dataset is in, all with the same columns."""
        return self.files or ((self.file,) if self.file is not None else ())

    def get_property(self, name: str | None) -> tuple[str, Property]:
        """A property by name; without a name the only one there is."""
        if name is None and len(self.properties) == 1:
            return next(iter(self.properties.items()))
        if name is None or name not in self.properties:
            raise ConfigError(
                f"dataset {self.name!r}: got property {name!r}, "
                f"expected one of {', '.join(self.properties)}"
                f"{did_you_mean(name or '', self.properties)}"
            )
        return name, self.properties[name]


def entry_names() -> list[str]:
    """Names of all datasets in the catalog.

    >>> "radonpy-pi1070" in entry_names()
    True
    """
    folder = files("forescale.catalog").joinpath("entries")
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir())


def get_entry(name: str) -> CatalogEntry:
    """The entry of that name.

    Raises
    ------
    ConfigError
        If the catalog has none.
    """
    if name not in entry_names():
        names = entry_names()
        raise ConfigError(
            f"got dataset {name!r}, expected one of {', '.join(names)} (forescale data list)"
            f"{did_you_mean(name, names)}"
        )
    text = files("forescale.catalog").joinpath("entries", f"{name}.toml").read_text("utf-8")
    return CatalogEntry(name=name, **tomllib.loads(text))
