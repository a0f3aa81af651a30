"""What a table seems to hold: what was told, what was guessed and why, and what is open."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from forescale.errors import ConfigError
from forescale.labels import MaterialKind
from forescale.tables import PairColumns
from forescale.tables.dialect import DecimalMark

Role = Literal[
    "sheet", "kind", "material", "solute", "solvent", "temperature", "temperature_unit",
    "value", "unit", "decimal",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Said:
    """What the user says of a table; None where it is to be guessed.

    Parameters
    ----------
    kind, material, value, unit
        Kind of material, columns of materials and values, unit (``""`` for a pure number).
    solute, solvent, temperature, temperature_unit
        Columns of pairs, and the unit of their temperatures.
    decimal, sheet
        Decimal mark of the numbers, and the sheet of an Excel file.
    """

    kind: str | None = None
    material: str | None = None
    value: str | None = None
    unit: str | None = None
    solute: str | None = None
    solvent: str | None = None
    temperature: str | None = None
    temperature_unit: str | None = None
    decimal: DecimalMark | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Open:
    """A question that the table alone does not answer.

    Parameters
    ----------
    role
        What is asked for.
    options
        What may be it, likeliest first; empty where anything may be.
    why
        In words.
    """

    role: Role
    options: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class TableGuess:
    """What a table seems to hold.

    Parameters
    ----------
    file, columns
        The table, and the names of its columns.
    kind, material, solute, solvent, temperature, temperature_unit, value, unit
        As in a study file; None where open, or not of this kind of material.
    decimal, sheet
        How the file is to be read.
    values
        Columns of numbers that may be the value, likeliest first.
    dataset
        Name in the catalog, where it is no file: ``value`` is the property then.
    reasons
        Why each was taken, by role.
    open
        What has to be asked; empty where the guess is complete.
    """

    file: Path
    columns: tuple[str, ...]
    kind: MaterialKind | None = None
    material: str | None = None
    solute: str | None = None
    solvent: str | None = None
    temperature: str | None = None
    temperature_unit: str | None = None
    value: str | None = None
    unit: str | None = None
    decimal: DecimalMark = "."
    sheet: str | None = None
    values: tuple[str, ...] = ()
    dataset: str | None = None
    reasons: tuple[tuple[Role, str], ...] = ()
    open: tuple[Open, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing has to be asked."""
        return not self.open

    def needed(self) -> None:
        """Refuse a guess with open questions.

        Raises
        ------
        ConfigError
            Names the file and, for each open question, the options and what to say.
        """
        if self.open:
            lines = [f"{self.file}: what cannot be told has to be said"]
            for one in self.open:
                may = f" ({', '.join(one.options)})" if one.options else ""
                lines.append(f"  --{one.role.replace('_', '-')}: {one.why}{may}")
            raise ConfigError("\n".join(lines))

    def material_columns(self) -> str | PairColumns:
        """The columns that tell the material."""
        if self.solute is not None and self.solvent is not None:
            return PairColumns(
                self.solute, self.solvent, self.temperature, self.temperature_unit or "K"
            )
        return self.material or ""

    def to_toml(self) -> dict[str, Any]:
        """The keys of a ``[[source]]`` or ``[target]`` of a study file, without the file."""
        if self.dataset is not None:
            return {"dataset": self.dataset, "property": self.value}
        kind = None if self.kind is None else self.kind.value
        said: dict[str, Any] = {"kind": kind, **{role: getattr(self, role) for role in ROLES[2:]}}
        said["decimal"] = None if self.decimal == "." else self.decimal
        said["sheet"] = self.sheet
        return {key: value for key, value in said.items() if value is not None}

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "file": str(self.file),
            **self.to_toml(),
            "columns": list(self.columns),
            "values": list(self.values),
            "reasons": dict(self.reasons),
            "open": [asdict(one) for one in self.open],
        }
