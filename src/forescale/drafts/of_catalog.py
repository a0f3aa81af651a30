"""A side of a draft that is a dataset of the catalog: what it holds is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from forescale.catalog import entry_names, get_entry, kept_dataset
from forescale.drafts.guess import Open, Said, TableGuess
from forescale.drafts.one_table import Guesser
from forescale.drafts.profile import profile_of
from forescale.errors import DataError, did_you_mean
from forescale.labels import MaterialKind


def guesser_of(table: Path, said: Said) -> Guesser:
    """Who guesses a side: a file, or, where there is none of that name, a dataset.

    Raises
    ------
    DataError
        If it is neither.
    """
    if table.exists() or table.parent != Path() or table.suffix:
        return Guesser(table, said)
    if table.name in entry_names():
        return DatasetGuesser(table, said)
    hint = did_you_mean(table.name, entry_names())
    raise DataError(f"{table}: no such file, nor a dataset of that name{hint}")


class DatasetGuesser(Guesser):
    """Knows a dataset; which of several properties is meant may be open."""

    def guess(self) -> TableGuess:
        """What the catalog says."""
        entry = get_entry(self.path.name)
        names = tuple(entry.properties)
        known = TableGuess(
            self.path,
            names,
            kind=MaterialKind(entry.material_kind),
            material="material",
            values=names,
            dataset=entry.name,
        )
        if self.said.value is None and len(names) > 1:
            asked = Open("value", names, "the dataset has several properties; which one?")
            return replace(known, open=(asked,))
        name, column = entry.get_property(self.said.value)
        frame = kept_dataset(entry.name, name).frame[["material", "value"]]
        self.profile = profile_of(frame.rename(columns={"value": name}), self.path)
        return replace(known, value=name, values=(name,), unit=column.unit)
