"""A new study from dropped tables: what they seem to hold, and the study file that follows.

All guesses are those of ``forescale init`` (`forescale.drafts`). Every computed table is drafted
with the measured one; what that holds, the first of them settles.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from forescale._machine.files import write_text
from forescale.app.folder import Folder
from forescale.app.uploads import SIDES, Table, Uploads
from forescale.drafts import Block, Draft, Said, TableGuess, draft_study, study_text
from forescale.drafts.draft import Side, study_name
from forescale.errors import ConfigError, RequestError
from forescale.study import Study, load_study

REPLICATES = 10
"""Of a first run: quick, and ten more are one click away."""
_MOST_KEPT = 12


@dataclass(frozen=True)
class Asked:
    """What the page says of a new study beside its tables.

    Attributes
    ----------
    name
        Of the study; empty for that of the measured table.
    replicates
        Repetitions.
    sample
        At most this many values of each computed table, drawn at random; None for all.
    says
        What is said of the table of a side.
    """

    name: str = ""
    replicates: int = REPLICATES
    sample: int | None = None
    says: Mapping[str, Said] = field(default_factory=dict)


@dataclass(frozen=True)
class Drafted:
    """A study of one or several computed tables and a measured one.

    Attributes
    ----------
    name
        Of the study.
    tables
        Files, by side, the measured one last.
    drafts
        Each computed side with the measured one.
    """

    name: str
    tables: Mapping[str, Table]
    drafts: Mapping[str, Draft]

    @property
    def first(self) -> Draft:
        """The draft that settles what the measured table holds."""
        return self.drafts[SIDES[0]]

    @property
    def sides(self) -> dict[str, Side]:
        """Every table, the measured one last."""
        computed = {side: draft.computed for side, draft in self.drafts.items()}
        return computed | {SIDES[1]: self.first.measured}

    @property
    def complete(self) -> bool:
        """Whether nothing has to be asked of the user."""
        return all(side.guess.complete for side in self.sides.values())

    @property
    def problems(self) -> tuple[str, ...]:
        """What keeps the study from running."""
        return tuple(dict.fromkeys(p for draft in self.drafts.values() for p in draft.problems))

    @property
    def notes(self) -> tuple[str, ...]:
        """What its user should know."""
        return tuple(dict.fromkeys(n for draft in self.drafts.values() for n in draft.notes))

    @property
    def rejected(self) -> int:
        """Rows that are set aside, of all tables."""
        tables = (side.table for side in self.sides.values())
        return sum(len(table.rejected) for table in tables if table is not None)

    def files(self) -> dict[str, str]:
        """Names of the tables' files beside the study file, by side; each its own."""
        found: dict[str, str] = {}
        for side, table in self.tables.items():
            name = table.path.name
            taken = {other.lower() for other in found.values()}
            found[side] = f"{side}-{name}" if name.lower() in taken else name
        return found


class Drafter:
    """Drafts studies of uploaded tables; the last ones are kept in memory."""

    def __init__(self, uploads: Uploads) -> None:
        self.uploads = uploads
        self._kept: OrderedDict[tuple[Any, ...], Draft] = OrderedDict()
        self._lock = threading.Lock()

    def draft(self, name: str, asked: Asked) -> Drafted:
        """The draft of some tables, with what is said of them.

        Raises
        ------
        NotHereError
            If a table is missing.
        DataError, ConfigError
            If one is no table, or has no such column.
        """
        tables = self.uploads.tables(name)
        says = {side: _known(one, asked.says.get(side, Said())) for side, one in tables.items()}
        drafts: dict[str, Draft] = {}
        for side in list(tables)[:-1]:
            measured = says[SIDES[1]] if not drafts else _settled(drafts[SIDES[0]].measured.guess)
            drafts[side] = self._of(tables[side], tables[SIDES[1]], says[side], measured)
        named = study_name(Path(asked.name)) if asked.name.strip() else drafts[SIDES[0]].name
        return Drafted(named, tables, drafts)

    def _of(self, computed: Table, measured: Table, first: Said, second: Said) -> Draft:
        """One computed table with the measured one; drafted once."""
        key = (computed.path, measured.path, first, second)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = draft_study(computed.path, measured.path, computed_says=first, measured_says=second)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def text(self, draft: Drafted, asked: Asked, folder: Path) -> str:
        """The study file, to be written into a folder beside its tables.

        Raises
        ------
        ConfigError
            If something is open, or keeps the study from running.
        """
        for one in draft.drafts.values():
            one.needed()
        blocks = {
            side: _block(draft, side, folder / file, folder) for side, file in draft.files().items()
        }
        sources = [_as_source(blocks[side], draft, side, asked) for side in draft.drafts]
        return study_text(
            draft.name,
            sources,
            blocks[SIDES[1]],
            draft.first.measured.guess,
            replicates=asked.replicates,
            notes=draft.notes,
        )

    def save(self, draft: Drafted, asked: Asked, folder: Folder) -> Path:
        """Write ``studies/NAME`` with the study file and its tables; return the file.

        Raises
        ------
        ConfigError
            If the study cannot run as it is.
        """
        place = free(folder.root / "studies" / study_name(Path(draft.name)))
        text = self.text(draft, asked, place)
        place.mkdir(parents=True)
        try:
            self.write(draft, text, place)
        except (ConfigError, OSError) as error:
            shutil.rmtree(place, ignore_errors=True)
            raise RequestError(f"the study cannot be saved: {error}") from None
        return place / "study.toml"

    def write(self, draft: Drafted, text: str, place: Path) -> Study:
        """Write a study file and its tables into a folder; return the study.

        Raises
        ------
        ConfigError
            If it is none that can run.
        """
        for side, file in draft.files().items():
            if not draft.tables[side].is_of_catalog:
                shutil.copyfile(draft.tables[side].path, place / file)
        write_text(place / "study.toml", text)
        return load_study(place / "study.toml")


def free(path: Path) -> Path:
    """A path that is not taken: the path itself, or with a number."""
    taken, number = path, 2
    while taken.exists() or taken.is_symlink():
        taken = path.with_name(f"{path.name}-{number}")
        number += 1
    return taken


def _known(table: Table, said: Said) -> Said:
    """What is said, and what the catalog knows of its own."""
    if not table.is_of_catalog:
        return said
    return Said(kind=table.kind, material="material", value="value", unit=table.unit)


def _settled(guess: TableGuess) -> Said:
    """What a guess came to, so that it is not guessed again."""
    found = {one.name: getattr(guess, one.name) for one in fields(Said)}
    return Said(**found | {"kind": None if guess.kind is None else guess.kind.value})


def _block(draft: Drafted, side: str, file: Path, folder: Path) -> Block:
    """A table as the study file says it: a dataset by its name, a file beside it."""
    table = draft.tables[side]
    if table.is_of_catalog:
        keys: dict[str, Any] = {"dataset": table.dataset, "property": table.holds}
        return Block(keys | _crossing(draft, side))
    guess = replace(draft.sides[side].guess, file=file)
    return Block.of(guess, folder, cross_property=bool(_crossing(draft, side)))


def _crossing(draft: Drafted, side: str) -> dict[str, bool]:
    crossing = side in draft.drafts and draft.drafts[side].cross_property
    return {"cross_property": True} if crossing else {}


def _as_source(block: Block, draft: Drafted, side: str, asked: Asked) -> Block:
    """A computed table with its name, where there are several, and how much of it is drawn."""
    keys, why = dict(block.keys), dict(block.reasons)
    if len(draft.drafts) > 1:
        table = draft.tables[side]
        name = f"{table.dataset} {table.holds}" if table.is_of_catalog else draft.files()[side]
        keys = {"name": name.rsplit(".", 1)[0][:60], **keys}
    if asked.sample is not None:
        keys["sample"], why["sample"] = asked.sample, "drawn at random"
    return Block(keys, why)
