"""Values of an existing table, handed out as if they were computed.

For studying what a campaign would have taught, and when it could have stopped, before running one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import Field, model_validator

from forescale._machine.toml import Int
from forescale.catalog import kept_dataset
from forescale.engines.contract import EngineProtocol, Job, Record
from forescale.errors import MaterialError
from forescale.materials import KINDS, parse_material
from forescale.tables import PropertyTable


class ReplaySettings(EngineProtocol):
    """Settings of the replay engine.

    Attributes
    ----------
    table
        A property table (Parquet, as written by ``forescale``).
    dataset, property
        A catalog entry instead, and its property where it has several.
    sample
        Draw at most so many of the entry's materials at random.
    """

    table: Path | None = None
    dataset: str | None = None
    property: str | None = None
    sample: Int | None = Field(default=None, ge=10)

    @model_validator(mode="after")
    def _one_origin(self) -> ReplaySettings:
        if (self.table is None) == (self.dataset is None):
            raise ValueError("expected either table (a Parquet file) or dataset (a catalog name)")
        if self.sample is not None and self.dataset is None:
            raise ValueError("sample draws from a dataset, expected it beside one")
        return self

    def load(self) -> PropertyTable:
        """The table."""
        if self.table is not None:
            return PropertyTable.from_parquet(self.table)
        assert self.dataset is not None
        return kept_dataset(self.dataset, self.property, sample=self.sample)


class ReplayEngine:
    """Looks each material up in a table; a material that is not in it is unsupported."""

    name: ClassVar[str] = "replay"
    kinds: ClassVar[frozenset[str]] = frozenset(KINDS)
    Settings: ClassVar[type[ReplaySettings]] = ReplaySettings

    def __init__(self, settings: ReplaySettings) -> None:
        self.settings = settings
        self._table = settings.load()
        self._values = dict(zip(self._table.keys, self._table.values, strict=True))

    @property
    def units(self) -> Mapping[str, str]:
        """The table's property and its unit."""
        return {self._table.name: self._table.unit}

    @property
    def version(self) -> str:
        """Datasets of the table."""
        return ", ".join(record.dataset for record in self._table.provenance) or "table"

    def check(self) -> None:
        """Nothing is needed."""

    def compute(self, job: Job) -> Record:
        """The table's value; raises :class:`MaterialError` if it has none."""
        key = parse_material(job.kind, job.material).key
        if key not in self._values:
            raise MaterialError(
                f"{job.material!r} is not in {self.settings.table or self.settings.dataset}"
            )
        return Record({self._table.name: float(self._values[key])})
