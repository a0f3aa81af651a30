"""A study drafted from two tables: guesses, what would be set aside, and whether it can run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from forescale.catalog import kept_dataset
from forescale.doubt import Doubt, doubts_of
from forescale.drafts.guess import Said, TableGuess
from forescale.drafts.text import Block, learner_of, study_text
from forescale.drafts.two_tables import guess_both, rank_correlation
from forescale.errors import ConfigError, DataError
from forescale.study.config import Study
from forescale.study.sections import LearnerSpec
from forescale.study.sources import CatalogTable, RawTable
from forescale.tables import PropertyTable, read_table, same_dimension
from forescale.tables.dialect import Dialect
from forescale.tables.property_table import Kind
from forescale.tables.reading import ColumnMap
from forescale.words import count, listed

FEWEST_MEASURED = 15
"""Measured materials below which hardly anything can be tested on."""


@dataclass(frozen=True)
class Side:
    """One table of a draft.

    Parameters
    ----------
    guess
        What it seems to hold.
    table
        Its usable rows, and those set aside with reasons (``table.rejected``); None while
        something is open.
    doubts
        Values that can hardly be what they say.
    problem
        Why none of it can be used; empty where it can.
    """

    guess: TableGuess
    table: PropertyTable | None = None
    doubts: tuple[Doubt, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Draft:
    """A study of two tables, before anything runs.

    Parameters
    ----------
    name
        Of the study.
    computed, measured
        The two sides.
    shared
        Materials that have a computed and a measured value.
    correlation
        Rank correlation of the two values of shared materials; None where these are few.
    cross_property
        Whether the sides hold different properties: their units do not convert.
    problems
        What keeps the study from running, in sentences; empty where nothing does.
    notes
        What its user should know, in sentences.
    """

    name: str
    computed: Side
    measured: Side
    shared: int = 0
    correlation: float | None = None
    cross_property: bool = False
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing has to be asked of the user."""
        return self.computed.guess.complete and self.measured.guess.complete

    @property
    def rejected(self) -> int:
        """Rows of one's own tables that would be set aside."""
        own = [side for side in (self.computed, self.measured) if side.guess.dataset is None]
        return sum(len(side.table.rejected) for side in own if side.table is not None)

    def needed(self) -> None:
        """Refuse a draft that has open questions or cannot run.

        Raises
        ------
        ConfigError
            Names each open question with what may be said, or each problem.
        """
        for side in (self.computed, self.measured):
            side.guess.needed()
        if self.problems:
            raise ConfigError("; ".join(self.problems))

    def study_toml(self, folder: Path) -> str:
        """A commented study file, to be written into a folder.

        Raises
        ------
        ConfigError
            As :meth:`needed`.
        """
        self.needed()
        source = Block.of(self.computed.guess, folder, cross_property=self.cross_property)
        target = Block.of(self.measured.guess, folder)
        return study_text(self.name, [source], target, self.measured.guess, notes=self.notes)

    def study(self) -> Study:
        """The study, ready to run from Python.

        Raises
        ------
        ConfigError
            As :meth:`needed`.
        """
        self.needed()
        source = _spec(self.computed.guess)
        if self.cross_property:
            source = source.model_copy(update={"cross_property": True})
        return Study(
            name=self.name,
            source=(source,),
            target=_spec(self.measured.guess),
            learner=LearnerSpec(name=learner_of(self.measured.guess)),
        )

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "name": self.name,
            "computed": _side_json(self.computed),
            "measured": _side_json(self.measured),
            "shared": self.shared,
            "correlation": self.correlation,
            "cross_property": self.cross_property,
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


def draft_study(
    computed: str | Path,
    measured: str | Path,
    *,
    name: str | None = None,
    computed_says: Said = Said(),  # noqa: B008 - frozen
    measured_says: Said = Said(),  # noqa: B008 - frozen
) -> Draft:
    r"""Draft a study from a computed and a measured table.

    Nothing is written. What cannot be told is open (`Draft.complete`): say it, and draft again.

    Parameters
    ----------
    computed, measured
        CSV, TSV, Excel or Parquet files with a header line, or names of datasets of the catalog.
    name
        Of the study; by default the measured table's name.
    computed_says, measured_says
        What is known already.

    Raises
    ------
    DataError
        If a file is absent, empty or no table.
    ConfigError
        If a column or kind that is said is not there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     one, other = Path(folder, "md.csv"), Path(folder, "exp.csv")
    ...     _ = one.write_text("psmiles,rho_g_cm3\n*CC*,0.81\n*CC(*)C,0.84\n*CO*,1.2\n")
    ...     _ = other.write_text("psmiles,density (kg/m3)\n*CC*,850\n*CC(*)C,860\n*CX*,1\n")
    ...     draft = draft_study(one, other)
    >>> draft.measured.guess.unit, draft.shared, draft.rejected
    ('kg/m3', 2, 1)
    """
    computed, measured = Path(computed), Path(measured)
    one, other = guess_both(computed, measured, (computed_says, measured_says))
    first, second = _read(one, "computed"), _read(other, "measured")
    name = name or study_name(measured)
    problems = [side.problem for side in (first, second) if side.problem]
    if first.table is None or second.table is None:
        return Draft(name, first, second, problems=tuple(problems))
    if one.kind != other.kind:
        problems.append(
            f"{one.file.name} holds {one.kind}s and {other.file.name} {other.kind}s, expected "
            "one kind of material on both sides"
        )
    cross = not same_dimension(one.unit or "", other.unit or "")
    shared, correlation = _agreement(first.table, second.table)
    notes = _notes(first.table, second.table, shared, correlation, cross)
    return Draft(name, first, second, shared, correlation, cross, tuple(problems), notes)


def study_name(path: Path) -> str:
    """A name for a study, from a file's: letters, digits and hyphens.

    >>> study_name(Path("my table (2).csv"))
    'my-table-2'
    """
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in path.name.split(".")[0])
    return "-".join(part for part in plain.split("-") if part)[:80] or "study"


def _spec(guess: TableGuess) -> RawTable | CatalogTable:
    if guess.dataset is not None:
        return CatalogTable.model_validate(guess.to_toml())
    return RawTable.model_validate({"file": guess.file.resolve(), **guess.to_toml()})


def _read(guess: TableGuess, kind: Kind) -> Side:
    """A side with its rows, where nothing is open."""
    if not guess.complete:
        return Side(guess)
    assert guess.value is not None
    assert guess.kind is not None
    if guess.dataset is not None:
        table = kept_dataset(guess.dataset, guess.value)
        return Side(guess, table, doubts_of(table))
    try:
        table = read_table(
            guess.file,
            ColumnMap(guess.material_columns(), guess.value),
            name=guess.value,
            unit=guess.unit or "",
            kind=kind,
            material_kind=guess.kind.value,
            on_error="skip",
            dialect=Dialect(guess.decimal, guess.sheet),
        )
    except DataError as error:
        return Side(guess, problem=str(error))
    return Side(guess, table, doubts_of(table))


def _agreement(computed: PropertyTable, measured: PropertyTable) -> tuple[int, float | None]:
    """Materials on both sides, and the rank correlation of their two values."""
    known = dict(zip(computed.keys, computed.values, strict=True))
    both = [
        (known[k], v) for k, v in zip(measured.keys, measured.values, strict=True) if k in known
    ]
    values = np.array(both, dtype=float).reshape(len(both), 2)
    found = rank_correlation(values[:, 0], values[:, 1])
    return len(both), found or None


def _notes(
    computed: PropertyTable,
    measured: PropertyTable,
    shared: int,
    correlation: float | None,
    cross: bool,
) -> tuple[str, ...]:
    notes = []
    if len(measured) < FEWEST_MEASURED:
        notes.append(
            f"{count(len(measured))} measured materials are few to learn from and to test on; "
            "read the intervals, not the numbers"
        )
    if len(computed) < 2 * len(measured):
        notes.append(
            f"{count(len(computed))} computed materials beside {count(len(measured))} measured "
            "ones: a scaling law needs more computed than measured values"
        )
    if cross:
        notes.append(
            f"the units {computed.unit!r} and {measured.unit!r} do not convert: taken as two "
            "properties (cross_property = true); if it is one, a unit is wrong"
        )
    if correlation is not None and correlation < 0.2 and not cross:
        notes.append(
            f"computed and measured values of the {shared} shared materials hardly agree (rank "
            f"correlation {correlation:.2f}): are columns and units right?"
        )
    return tuple(notes)


def _side_json(side: Side) -> dict[str, Any]:
    found: dict[str, Any] = {**side.guess.to_json(), "problem": side.problem}
    if (table := side.table) is not None:
        found |= {
            "accepted": int(table.frame["repeats"].sum()),
            "materials": len(table),
            "rejected": [
                {"row": int(row), "reason": str(reason)}
                for row, reason in zip(table.rejected.row, table.rejected.reason, strict=True)
            ],
            "doubts": [one.to_json() for one in side.doubts],
        }
    return found


def side_lines(side: Side, shown: int = 5) -> list[str]:
    """What a side holds and what would be set aside, as lines for people."""
    guess, table = side.guess, side.table
    if guess.dataset is not None and table is not None:
        unit = f" in {guess.unit}" if guess.unit else ""
        rows = int(table.frame["repeats"].sum())
        return [
            f"  dataset of the catalog: {guess.value}{unit}, {count(rows)} rows of "
            f"{count(len(table))} {table.material_kind}s"
        ]
    columns = guess.material or listed(
        [name for name in (guess.solute, guess.solvent, guess.temperature) if name]
    )
    unit = "no unit" if guess.unit == "" else guess.unit or "?"
    kind = "?" if guess.kind is None else guess.kind.label
    lines = [f"  {kind}s in {columns or '?'}, values in {guess.value or '?'}, {unit}"]
    lines += [f"    {role.replace('_', ' ')}: {why}" for role, why in guess.reasons]
    if side.problem:
        lines.append(f"    {side.problem}")
    if table is None:
        return lines
    rows = int(table.frame["repeats"].sum()) + len(table.rejected)
    lines.append(
        f"  {count(rows - len(table.rejected))} of {count(rows)} rows usable, "
        f"{count(len(table))} different materials"
    )
    if len(table.rejected):
        lines.append(f"  set aside: {count(len(table.rejected))} (row 1 is the first row of data)")
        first = table.rejected.head(shown)
        lines += [f"    row {r}: {why}" for r, why in zip(first.row, first.reason, strict=True)]
        if len(table.rejected) > shown:
            lines.append(f"    … and {count(len(table.rejected) - shown)} more")
    for one in side.doubts[:shown]:
        where = f"row {one.rows[0]}" if one.rows else one.material
        lines.append(f"  doubtful: {where}: {one.reason}")
    return lines
