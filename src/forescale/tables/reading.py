"""From a file's rows to a property table: every bad row is named, none is dropped silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api.types import (
    is_bool_dtype,
    is_numeric_dtype,
    is_object_dtype,
    is_string_dtype,
)

from forescale.errors import DataError
from forescale.tables.materials import PairColumns, ParsedRows, parse_rows
from forescale.tables.merging import merge_repeats
from forescale.tables.property_table import KEY_COLUMNS, Kind, PropertyTable, Provenance

OnError = Literal["raise", "skip"]
_SHOWN = 5  # bad rows listed in an error message


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
    """

    material: str | PairColumns
    value: str
    keep: tuple[str, ...] = ()
    valid: tuple[float, float] | None = None

    @property
    def names(self) -> list[str]:
        """All columns used."""
        material = self.material
        sides = material.names if isinstance(material, PairColumns) else (material,)
        return [*sides, self.value, *self.keep]


def read_columns(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a CSV or Parquet file as text and numbers, with no string taken for missing.

    The index numbers the file's data rows from 0, empty lines counted.

    Raises
    ------
    DataError
        If the file is absent, unreadable, or lacks one of ``columns``.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        frame = _parquet(path) if path.suffix.lower() in {".parquet", ".pq"} else _csv(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from None
    check_columns(path, list(frame.columns), columns or [])
    return frame


def unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that is no table."""
    return DataError(
        f"{path}: cannot be read as a table ({str(error).strip()}); expected Parquet, or "
        "UTF-8 text with one header line, as many fields in every line as in the header, "
        "and numbers with a decimal point"
    )


def check_columns(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a table that lacks a column, or has two of its name."""
    missing = [column for column in wanted if column not in found]
    if missing:
        raise DataError(
            f"{path}: got columns {', '.join(map(str, found[:20]))}; "
            f"expected also {', '.join(missing)}"
        )
    twice = [column for column in wanted if found.count(column) > 1]
    if twice:
        raise DataError(f"{path}: has several columns {twice[0]!r}, expected one of that name")


def _parquet(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    return frame.reset_index(drop=all(name is None for name in frame.index.names))


def _csv(path: Path) -> pd.DataFrame:
    raw = pd.read_csv(
        path,
        sep=separator(path),
        header=None,  # else pandas renames equal names, and takes surplus fields for an index
        dtype=str,
        keep_default_na=False,  # "NaN" is sodium nitride
        skip_blank_lines=False,
        encoding="utf-8-sig",
    ).fillna("")
    header, rows = raw.iloc[0], raw.iloc[1:].reset_index(drop=True)
    rows.columns = pd.Index([name.strip() for name in header])
    return rows[(rows != "").any(axis=1)]


def separator(path: Path) -> str:
    """Tab for ``.tsv``; else comma, unless the header has none but has another separator."""
    if path.suffix.lower() in {".tsv", ".tab"}:
        return "\t"
    with path.open(encoding="utf-8-sig") as lines:
        header = lines.readline()
    return next((mark for mark in (",", "\t", ";") if mark in header), ",")


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
) -> PropertyTable:
    """Read a CSV or Parquet file as a property table.

    Raises
    ------
    DataError
        Names file, row and reason of the bad rows, unless ``on_error`` is ``"skip"``.
    """
    raw = read_columns(path, columns.names)
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
    values = _numbers(raw[columns.value], origin)
    parsed = parse_rows(material_kind, raw, columns.material)
    reasons, faulty, implausible = _judge(raw[columns.value], values, columns, unit, parsed)
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
    return PropertyTable(
        frame=merge_repeats(rows),
        name=name,
        unit=unit,
        kind=kind,
        material_kind=material_kind,
        provenance=(provenance,),
        rejected=rejected,
    )


def _judge(
    given: pd.Series,
    values: NDArray[np.float64],
    columns: ColumnMap,
    unit: str,
    parsed: ParsedRows,
) -> tuple[list[str | None], NDArray[np.bool_], NDArray[np.bool_]]:
    """Why rows are set aside; which of them are faulty, and which merely implausible."""
    low, high = columns.valid or (-np.inf, np.inf)
    reasons = list(parsed.faults)
    for index in np.flatnonzero(~np.isfinite(values)).tolist():
        got = given.iloc[index]
        reasons[index] = reasons[index] or (
            f"got value {got!r} in column {columns.value!r}, expected a finite number"
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


def _numbers(column: pd.Series, origin: str) -> NDArray[np.float64]:
    """Values as numbers, NaN where they are none."""
    if not (is_numeric_dtype(column) or is_string_dtype(column) or is_object_dtype(column)) or (
        is_bool_dtype(column)
    ):
        raise DataError(
            f"{origin}: column {column.name!r} holds values of type {column.dtype}, "
            "expected numbers"
        )
    return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan))


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
    lines.append(f"Mend them, or set them aside with --on-error skip (they are listed in {listed})")
    return "\n".join(lines)
