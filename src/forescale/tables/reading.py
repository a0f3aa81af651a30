"""From a file's rows to a property table: every bad row is named, none is dropped silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.errors import DataError, did_you_mean
from forescale.labels import Take
from forescale.tables._archives import DAMAGED, bare_name, open_text
from forescale.tables._excel import EXCEL, OTHER_SHEETS, read_excel
from forescale.tables._text import TextRecords
from forescale.tables.dialect import PLAIN, DecimalMark, Dialect
from forescale.tables.materials import PairColumns, ParsedRows, parse_rows
from forescale.tables.numbers import Numbers, read_numbers
from forescale.tables.property_table import KEY_COLUMNS, Kind, PropertyTable, Provenance
from forescale.tables.repeats import merge_repeats

OnError = Literal["raise", "skip"]
_SHOWN = 5  # bad rows listed in an error message
_BLOCK = 1_000_000


@dataclass(frozen=True)
class ColumnMap:
    """Which columns of a raw table mean what.

    Parameters
    ----------
    material
        Name of the material column, or the columns of a pair.
    value
        Name of the value column.
    keep
        Further columns to keep, for instance to split by.
    valid
        Lowest and highest credible value, in the file's unit; rows outside are set
        aside with that reason, whatever ``on_error`` says.
    take
        What to do with bounds, ranges, estimates and values with an uncertainty: refuse
        them (``"refuse"``), take their ``"number"``, or the ``"middle"`` of a range.
    """

    material: str | PairColumns
    value: str
    keep: tuple[str, ...] = ()
    valid: tuple[float, float] | None = None
    take: Take = Take.REFUSE

    @property
    def names(self) -> list[str]:
        """All columns used."""
        material = self.material
        sides = material.names if isinstance(material, PairColumns) else (material,)
        return [*sides, self.value, *self.keep]


def read_columns(
    path: Path, columns: list[str] | None = None, dialect: Dialect = PLAIN
) -> pd.DataFrame:
    """Read a table as text and numbers, with no string taken for missing.

    CSV with commas, tabs or semicolons, Excel (``.xlsx``) and Parquet; text also in an
    archive (``.gz``, ``.bz2``, ``.xz``, ``.zst``, or ``.zip`` and ``.tar`` of one file). Lines
    that begin with ``#`` are comments. The index numbers the file's data rows from 0, empty
    lines counted; ``attrs`` tells how many ``comments`` and ``blank`` lines were read over.

    Raises
    ------
    DataError
        If the file is absent, unreadable, or lacks one of ``columns``.
    """
    wanted = columns or []
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        frame = _read(path, wanted, dialect)
    except DAMAGED as error:
        raise unreadable(path, error) from None
    check_columns(path, list(frame.columns), wanted)
    return frame


def _read(path: Path, wanted: list[str], dialect: Dialect) -> pd.DataFrame:
    if is_parquet(path):
        return _parquet(path)
    if path.suffix.lower() in EXCEL:
        return read_excel(path, dialect.sheet)
    if path.suffix.lower() in OTHER_SHEETS:
        raise ValueError("a spreadsheet of another kind; save it as .xlsx or CSV")
    with open_text(path) as lines:
        records = TextRecords(lines, wanted, tabs=has_tabs(path))
        parts = list(records.blocks(_BLOCK))
    frame = pd.concat(parts) if len(parts) > 1 else parts[0] if parts else _no_rows(records.names)
    assert len(frame) + records.blank + records.noted == records.seen, "a row is lost"
    frame.attrs |= {"comments": records.comments, "blank": records.blank}
    return frame


def _no_rows(names: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame({place: [] for place in range(len(names))}, dtype="str")
    return frame.set_axis(names, axis=1)


def is_parquet(path: Path) -> bool:
    """Whether the file's name says that it is Parquet."""
    return path.suffix.lower() in {".parquet", ".pq"}


def is_text(path: Path) -> bool:
    """Whether the file holds text: it is neither Parquet nor a spreadsheet."""
    return not is_parquet(path) and path.suffix.lower() not in (*EXCEL, *OTHER_SHEETS)


def has_tabs(path: Path) -> bool:
    """Whether the file's name says that tabs separate its fields."""
    return bare_name(path).endswith((".tsv", ".tab"))


def unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that is no table."""
    why = " ".join(str(error).split()) or type(error).__name__
    return DataError(
        f"{path}: cannot be read as a table ({why}); "
        "expected Parquet, Excel (.xlsx), or UTF-8 text with one header line, as many fields in "
        "every line as in the header, "
        "and numbers with a decimal point"
    )


def check_columns(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a table that lacks a column, or has two of its name."""
    missing = [column for column in wanted if column not in found]
    if missing:
        raise DataError(
            f"{path}: got columns {', '.join(map(str, found[:20]))}; "
            f"expected also {', '.join(missing)}{did_you_mean(missing[0], map(str, found))}"
        )
    twice = [column for column in wanted if found.count(column) > 1]
    if twice:
        raise DataError(f"{path}: has several columns {twice[0]!r}, expected one of that name")


def _parquet(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    return frame.reset_index(drop=all(name is None for name in frame.index.names))


def read_table(
    path: Path,
    columns: ColumnMap,
    *,
    name: str,
    unit: str,
    kind: Kind,
    material_kind: str,
    provenance: Provenance | None = None,
    on_error: OnError = "raise",
    dialect: Dialect = PLAIN,
) -> PropertyTable:
    """Read a file (see :func:`read_columns`) as a property table.

    Raises
    ------
    DataError
        Names file, row and reason of the bad rows, unless ``on_error`` is ``"skip"``.
    """
    raw = read_columns(path, columns.names, dialect)
    return build_table(
        raw,
        columns,
        name=name,
        unit=unit,
        kind=kind,
        material_kind=material_kind,
        provenance=provenance or Provenance(dataset=path.name),
        on_error=on_error,
        origin=str(path),
        decimal=dialect.decimal,
    )


def build_table(
    raw: pd.DataFrame,
    columns: ColumnMap,
    *,
    name: str,
    unit: str,
    kind: Kind,
    material_kind: str,
    provenance: Provenance,
    on_error: OnError = "raise",
    origin: str = "table",
    decimal: DecimalMark = ".",
) -> PropertyTable:
    """Check raw rows, canonicalise materials and merge repeats (see :func:`read_table`).

    The index of ``raw`` numbers the rows of the file from 0, so that a sample of a file
    still names the file's own rows.
    """
    clashes = sorted(set(KEY_COLUMNS).intersection(columns.keep))
    if clashes:
        raise DataError(
            f"{origin}: its column {clashes[0]!r} cannot be kept to split by, since forescale's "
            "tables use that name; rename it in the file"
        )
    numbers = read_numbers(raw[columns.value], origin, decimal=decimal, take=columns.take)
    values = numbers.values
    parsed = parse_rows(material_kind, raw, columns.material, decimal)
    reasons, faulty, implausible = _judge(raw[columns.value], numbers, columns, unit, parsed)
    rejected = pd.DataFrame(
        {
            "file": origin,
            "row": raw.index.to_numpy() + 1,
            "material": parsed.texts,
            "value": raw[columns.value].astype(str).to_numpy(),
            "reason": reasons,
        }
    )[faulty | implausible].reset_index(drop=True)
    if faulty.any() and on_error == "raise":
        raise DataError(complaint(origin, rejected[~implausible[faulty | implausible]]))
    kept = ~(faulty | implausible)
    if not kept.any():
        first = rejected.head(1)
        why = "".join(
            f"; row {r}: {reason}" for r, reason in zip(first.row, first.reason, strict=True)
        )
        raise DataError(f"{origin}: none of its {len(raw)} rows can be used{why}")
    rows = raw.loc[kept, list(columns.keep)].reset_index(drop=True)
    rows.insert(0, "key", np.array(parsed.keys, dtype=object)[kept])
    rows.insert(1, "material", np.array(parsed.texts, dtype=object)[kept])
    rows.insert(2, "value", values[kept])
    merged = merge_repeats(rows)
    assert int(merged["repeats"].sum()) + len(rejected) == len(raw), "a row is lost"
    return PropertyTable(
        frame=merged,
        name=name,
        unit=unit,
        kind=kind,
        material_kind=material_kind,
        provenance=(provenance,),
        rejected=rejected,
        notes=_notes(numbers.taken, columns, raw, origin),
        rows=pd.Series(
            np.array(parsed.keys, dtype=object)[kept], index=raw.index.to_numpy()[kept] + 1
        ),
    )


def _notes(
    taken: dict[str, int], columns: ColumnMap, raw: pd.DataFrame, origin: str
) -> tuple[str, ...]:
    """What was read over, or taken for a number because the reader was told to."""
    notes = [
        f"{origin}: {count} values of column {columns.value!r} are {_KINDS[kind]}, taken for "
        f"{'their middle' if kind == 'range' else 'their number'} (take = {columns.take.value!r})"
        for kind, count in taken.items()
    ]
    if comments := raw.attrs.get("comments", 0):
        notes.append(f"{origin}: {comments} comment lines (they begin with '#')")
    return tuple(notes)


_KINDS = {
    "bound": "bounds",
    "estimate": "estimates",
    "uncertainty": "values with an uncertainty",
    "range": "ranges",
}


def _judge(
    given: pd.Series,
    numbers: Numbers,
    columns: ColumnMap,
    unit: str,
    parsed: ParsedRows,
) -> tuple[list[str | None], NDArray[np.bool_], NDArray[np.bool_]]:
    """Why rows are set aside; which of them are faulty, and which merely implausible."""
    low, high = columns.valid or (-np.inf, np.inf)
    values = numbers.values
    reasons = list(parsed.faults)
    for index in np.flatnonzero(~np.isfinite(values)).tolist():
        got = given.iloc[index]
        reasons[index] = reasons[index] or (
            f"got value {_shown(got)} in column {columns.value!r}, expected a finite number"
            + (f": {why}" if (why := numbers.reasons.get(index)) else "")
        )
    faulty = np.array([reason is not None for reason in reasons], dtype=bool)
    doubtful = np.array([reason is not None for reason in parsed.implausible], dtype=bool)
    outside = (values < low) | (values > high)
    implausible = ~faulty & (outside | doubtful)
    for index in np.flatnonzero(implausible).tolist():
        reasons[index] = parsed.implausible[index] or (
            f"value {values[index]:g} {unit} outside the valid range {low:g} to {high:g}"
        )
    return reasons, faulty, implausible


def _shown(value: object) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(text)} characters)"


def complaint(origin: str, rejected: pd.DataFrame, listed: str = "rejects.csv") -> str:
    """What is wrong with a table's rows (columns row, reason), and what to do."""
    lines = [
        f"{origin}: {len(rejected)} bad row{'s' if len(rejected) > 1 else ''} "
        "(row 1 is the first row of data)"
    ]
    shown = rejected.head(_SHOWN)
    lines += [f"  row {row}: {why}" for row, why in zip(shown.row, shown.reason, strict=True)]
    if len(rejected) > _SHOWN:
        lines.append(f"  … and {len(rejected) - _SHOWN} more")
    lines.append(
        "Mend them, or set them aside with --on-error skip, from Python with "
        f'on_error="skip" (they are listed in {listed})'
    )
    return "\n".join(lines)
