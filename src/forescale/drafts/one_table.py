"""What one table seems to hold, by its cells first and its names second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from forescale.drafts.guess import Open, Role, Said, TableGuess
from forescale.drafts.profile import Column, Profile, profile, reads
from forescale.drafts.properties import property_of, usual_units
from forescale.drafts.units import unit_in_name
from forescale.drafts.usual import is_temperature, role_of, structure_bonus, value_score
from forescale.errors import ConfigError, did_you_mean
from forescale.labels import MaterialKind
from forescale.tables._excel import sheet_names
from forescale.tables.reading import check_columns
from forescale.words import percent

_COLUMNS = ("material", "value", "solute", "solvent", "temperature")
_LEAST = 0.5  # of the cells of a column must be materials, for it to be guessed
_ORDER = {"pair": 0.02, "polymer": 0.01, "molecule": 0.0, "composition": -0.01}
_CLEAR = 0.3  # by which the likeliest column of values must lead
KELVIN_FROM = 150.0  # temperatures with a median above are in kelvin, below in °C


def guess_table(path: Path, said: Said = Said()) -> TableGuess:  # noqa: B008 - frozen
    r"""Guess kind, columns and unit of a table; nothing that is said is changed.

    Parameters
    ----------
    path
        CSV, TSV, Excel or Parquet file with a header line.
    said
        What is known already.

    Raises
    ------
    DataError
        If the file is absent, empty or no table.
    ConfigError
        If a column or kind that is said is not there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.csv")
    ...     _ = path.write_text("id,smiles,tb_degC\n1,CCO,78.2\n2,CCCO,97.2\n3,CCC,-42.1\n")
    ...     found = guess_table(path)
    >>> found.kind.value, found.material, found.value, found.unit
    ('molecule', 'smiles', 'tb_degC', 'degC')
    """
    return Guesser(path, said).guess()


class Guesser:
    """Guesses one table; kept, it answers again when more is said."""

    def __init__(self, path: Path, said: Said) -> None:
        self.path, self.said = path, said
        self._why: list[tuple[Role, str]] = []
        self._open: list[Open] = []
        self.profile: Profile | None = None

    def guess(self) -> TableGuess:
        """See :func:`guess_table`."""
        said = self.said
        sheets = sheet_names(self.path) if said.sheet is None else ()
        if len(sheets) > 1:
            asked = Open("sheet", sheets, "it has several sheets; which one?")
            return TableGuess(self.path, (), open=(asked,))
        self.profile = profile(self.path, sheet=said.sheet, decimal=said.decimal)
        names = tuple(column.name for column in self.profile.columns)
        self._check_said(names)
        found = TableGuess(self.path, names, decimal=self.profile.decimal, sheet=said.sheet)
        if said.decimal is None and found.decimal == ",":
            self._why.append(("decimal", "its numbers have decimal commas"))
        found = self._material(found)
        found = self._values(found)
        found = self._unit(found)
        return replace(found, reasons=tuple(self._why), open=tuple(self._open))

    def saying(self, **said: Any) -> Guesser:
        """The same table, of which more is said."""
        return type(self)(self.path, replace(self.said, **said))

    def column(self, name: str) -> Column:
        """A column by name."""
        assert self.profile is not None
        return next(one for one in self.profile.columns if one.name == name)

    def _check_said(self, names: tuple[str, ...]) -> None:
        said = (getattr(self.said, role) for role in _COLUMNS)
        check_columns(self.path, names, [name for name in said if name is not None])
        kind = self.said.kind
        if kind is not None and kind not in list(MaterialKind):
            raise ConfigError(
                f"--kind: got {kind!r}, expected {', '.join(MaterialKind)}"
                f"{did_you_mean(kind, list(MaterialKind))}"
            )

    def _material(self, found: TableGuess) -> TableGuess:
        said = self.said
        if said.solute is not None and said.solvent is not None:
            return self._pair(found, said.solute, said.solvent)
        if said.kind in (None, "pair") and said.material is None and (sides := self._sides()):
            return self._pair(found, *sides)
        scored = self._scored()
        if not scored:
            return self._no_material(found)
        _, kind, name = scored[0]
        share = self.column(name).kinds.get(kind, 0.0)
        if said.material is None:
            self._why.append(("material", f"{percent(share)} of its cells are {kind}s"))
        if said.kind is None:
            self._why.append(("kind", _kind_reason(kind)))
        return replace(found, kind=MaterialKind(kind), material=name)

    def _scored(self) -> list[tuple[float, str, str]]:
        """Columns that may hold the material, as kinds, likeliest first."""
        assert self.profile is not None
        said = self.said
        scored = []
        for column in self.profile.columns:
            if said.material not in (None, column.name):
                continue
            for kind, share in column.kinds.items():
                told = said.kind == kind or said.material == column.name
                if said.kind in (None, kind) and (share >= _LEAST or (told and share > 0)):
                    bonus = structure_bonus(column.name, kind) + _ORDER[kind]
                    scored.append((share + bonus, kind, column.name))
        return sorted(scored, key=lambda one: -one[0])

    def _no_material(self, found: TableGuess) -> TableGuess:
        said, words = self.said, [c.name for c in self.profile.columns if c.numeric < 0.5]  # type: ignore[union-attr]
        kind = None if said.kind is None else MaterialKind(said.kind)
        if kind is None:
            why = "no column holds SMILES, repeat units or formulas; what is a row about?"
            self._open.append(Open("kind", tuple(MaterialKind), why))
        if said.material is None:
            why = f"no column holds {'materials' if kind is None else f'{kind}s'}; which one?"
            self._open.append(Open("material", tuple(words), why))
        return replace(found, kind=kind, material=said.material)

    def _sides(self) -> tuple[str, str] | None:
        """Columns of solutes and solvents, by their names and cells."""
        assert self.profile is not None
        found = [one for one in self.profile.columns if _holds_structures(one)]
        solute, solvent = self.said.solute, self.said.solvent
        for column in found:
            side = role_of(column.name)
            if side == "solvent":
                solvent = solvent or column.name
            elif side is not None:
                solute = solute or column.name
        if (solute and solvent) or not (self.said.kind or self.said.solute or self.said.solvent):
            return (solute, solvent) if solute and solvent else None
        # Pairs are meant: of two columns, repeat units are solutes, and what is left is the other.
        left = sorted(
            (one for one in found if one.name not in (solute, solvent)),
            key=lambda one: -one.kinds.get("polymer", 0.0),
        )
        sides = [solute or (left.pop(0).name if left else None), solvent]
        sides[1] = sides[1] or (left.pop(0).name if left else None)
        return (sides[0], sides[1]) if sides[0] and sides[1] and not left else None

    def _pair(self, found: TableGuess, solute: str, solvent: str) -> TableGuess:
        assert self.profile is not None
        self._why.append(("kind", f"columns {solute!r} and {solvent!r} hold two sides"))
        fit = [
            c.name for c in self.profile.columns if c.numeric >= _LEAST and is_temperature(c.name)
        ]
        temperature = self.said.temperature or (fit[0] if len(fit) == 1 else None)
        if temperature is None and len(fit) > 1:
            self._open.append(Open("temperature", tuple(fit), "several columns may be it"))
        unit = self.said.temperature_unit
        if temperature is not None and unit is None:
            unit = self._temperature_unit(temperature)
        return replace(
            found, kind=MaterialKind.PAIR, solute=solute, solvent=solvent,
            temperature=temperature, temperature_unit=unit if temperature else None,
        )  # fmt: skip

    def _temperature_unit(self, name: str) -> str:
        _, unit = unit_in_name(name)
        if unit is not None:
            self._why.append(("temperature_unit", "its name says so"))
            return unit
        middle = float(np.nanmedian(self.column(name).numbers))
        unit = "K" if middle >= KELVIN_FROM else "degC"
        self._why.append(("temperature_unit", f"guessed from the values, around {middle:.4g}"))
        return unit

    def _values(self, found: TableGuess) -> TableGuess:
        assert self.profile is not None
        if self.said.value is not None:
            return replace(found, value=self.said.value, values=(self.said.value,))
        taken = {found.material, found.solute, found.solvent, found.temperature}
        numbers = [c for c in self.profile.columns if c.numeric >= _LEAST and c.name not in taken]
        scored = sorted(((value_score(c.name), c.name) for c in numbers), key=lambda one: -one[0])
        values = tuple(name for score, name in scored if score > 0) or tuple(n for _, n in scored)
        if not values:
            self._open.append(Open("value", (), "no column holds numbers; which one is the value?"))
            return found
        clear = len(values) == 1 or scored[0][0] - scored[1][0] >= _CLEAR
        if not clear:
            self._open.append(Open("value", values, "several columns hold numbers; which one?"))
            return replace(found, values=values)
        why = "its only column of numbers" if len(numbers) == 1 else "its name is that of values"
        self._why.append(("value", why))
        return replace(found, value=values[0], values=values)

    def _unit(self, found: TableGuess) -> TableGuess:
        if self.said.unit is not None or found.value is None:
            return replace(found, unit=self.said.unit)
        unit, why, options = self.unit_of(found.value)
        if unit is None:
            self._open.append(Open("unit", options, why))
        else:
            self._why.append(("unit", why))
        return replace(found, unit=unit)

    def unit_of(self, value: str) -> tuple[str | None, str, tuple[str, ...]]:
        """The unit of a column of values, why, and what else it may be."""
        assert self.profile is not None
        _, unit = unit_in_name(value)
        if unit is not None:
            return unit, "the column's name says so", (unit,)
        for column in self.profile.columns:
            if column.name.lower() in ("unit", "units") and len(set(column.texts)) == 1:
                return column.texts[0], f"column {column.name!r} says so", (column.texts[0],)
        options = usual_units(value, self.column(value).numbers.tolist())
        known = property_of(value)
        if known is not None and len(options) == 1:
            shown = options[0] or "no unit"
            return options[0], f"guessed from the size of values called {known.name}", (shown,)
        return None, f'nothing says the unit of {value!r} ("" for a pure number)', options


def _kind_reason(kind: str) -> str:
    return {
        "polymer": "SMILES with two open ends '*'",
        "molecule": "SMILES",
        "composition": "formulas",
        "pair": "texts 'A in B'",
    }[kind]


def _holds_structures(column: Column) -> bool:
    """Whether a column holds molecules, repeat units, or both beside each other."""
    if not column.kinds:
        return False
    if max(column.kinds.get(kind, 0.0) for kind in ("molecule", "polymer")) >= _LEAST:
        return True
    some = column.texts[:40]
    good = sum(reads("molecule", text) or reads("polymer", text) for text in some)
    return good >= _LEAST * max(len(some), 1)
