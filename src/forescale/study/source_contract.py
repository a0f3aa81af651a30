"""What every source of a study may say, and does."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, MaxLen, MinLen
from pydantic import BaseModel, ConfigDict, Field, field_validator

from forescale._machine.toml import Flag, Float, Int
from forescale.errors import ConfigError
from forescale.study.sizes import Sizes, ascending
from forescale.tables import PairColumns, PropertyTable
from forescale.tables.property_table import Kind
from forescale.tables.reading import OnError


@dataclass(frozen=True)
class Reading:
    """What a study asks of a source; see :meth:`_Source.load`."""

    where: str
    kind: Kind
    seed: int
    keep: tuple[str, ...]
    on_error: OnError


class _Source(BaseModel):
    """What every source may say.

    Parameters
    ----------
    property
        The property, where the table does not tell it.
    sample
        Draw at most this many rows at random (by the study's seed).
    cross_property
        For a source: its property is another than the target's, in any unit. It is
        learnt from on its own scale, nothing is assumed of the slope between the two, and
        there is no zero-shot prediction.
    task
        For a source: the name of a further computed property, learnt beside the study's by
        learners that take several (``mlp``). Its unit is its own; it has values for the
        materials of the study's property that are in it.
    name
        What one of several sources is called; by default its dataset, or file.
    cost
        Of one more of its values, in any unit that all sources of the study share.
    n_source
        Sizes of one of several sources at which its own curve is measured, the others all
        there: a list, or a range. By default six, even in log n.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[^\s,][^,\n]*$"), MaxLen(60)] | None = None
    cost: Annotated[Float, Gt(0)] | None = None
    n_source: Sizes | None = None
    property: str | None = None
    sample: Annotated[Int, Ge(10)] | None = None
    cross_property: Flag = False
    task: Annotated[str, MinLen(1)] | None = None

    _ascending = field_validator("n_source")(ascending)

    def columns(self) -> str | PairColumns | None:
        """The columns of the material; ``None`` where the table knows them itself."""
        return None

    def called(self) -> str:
        """Its name, given or not."""
        return self.name or self._own_name()

    @abstractmethod
    def _own_name(self) -> str:
        """What it is called where it has no name."""

    @abstractmethod
    def _read(self, reading: Reading) -> PropertyTable:
        """The whole table, or already as many rows as are drawn."""

    def load(
        self,
        where: str,
        kind: Kind,
        *,
        seed: int = 0,
        keep: tuple[str, ...] = (),
        on_error: OnError = "raise",
    ) -> PropertyTable:
        """The table, of computed or of measured values.

        Parameters
        ----------
        where
            The source's place in the study, for messages: ``source[0]``, ``target``.
        kind
            What its values are.
        seed
            Of the rows drawn, where ``sample`` says to draw.
        keep
            Further columns that are needed.
        on_error
            ``"skip"`` sets bad rows of a raw file aside.

        Raises
        ------
        ConfigError
            If the table is of the other kind, or lacks a column.
        DataError
            If a file is unusable.
        """
        return self._sampled(self._read(Reading(where, kind, seed, keep, on_error)), seed)

    def _checked(self, table: PropertyTable, reading: Reading, name: str) -> PropertyTable:
        """The table, if it is of the right kind and has the columns."""
        if table.kind != reading.kind:
            raise ConfigError(
                f"{reading.where}: {name} holds {table.kind} values, expected {reading.kind}"
            )
        missing = [column for column in reading.keep if column not in table.frame]
        if missing:
            raise ConfigError(f"evaluation.split: {name} has no column {missing[0]!r}")
        return table

    def _sampled(self, table: PropertyTable, seed: int) -> PropertyTable:
        if self.sample is None or len(table) <= self.sample:
            return table
        drawn = np.random.default_rng(seed).choice(len(table), self.sample, replace=False)
        return replace(table, frame=table.frame.iloc[np.sort(drawn)].reset_index(drop=True))
