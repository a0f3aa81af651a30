"""From a file's rows to a property table: every bad row is named, none is dropped silently."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from forescale.errors import DataError, MaterialError
from forescale.materials import parse_material
from forescale.tables.merging import merge_repeats
from forescale.tables.property_table import Kind, PropertyTable, Provenance

OnError = Literal["raise", "skip"]
_SHOWN = 5  # bad rows listed in an error message


@dataclass(frozen=True)
class ColumnMap:
    """Which columns of a raw table mean what.

    Parameters
    ----------
    material, value
        Names of the material and value columns.
    keep
        Further columns to keep, for instance to split by.
    valid
        Lowest and highest credible value, in the file's unit; rows outside are set
        aside with that reason, whatever ``on_error`` says.
    """

    material: str
    value: str
    keep: tuple[str, ...] = ()
    valid: tuple[float, float] | None = None


def read_columns(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a CSV or Parquet file as text and numbers, with no string taken for missing.

    Raises
    ------
    DataError
        If the file is absent, unreadable, or lacks one of ``columns``.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(
                path,
                sep="\t" if path.suffix.lower() == ".tsv" else ",",
                dtype=str,
                keep_default_na=False,  # "NaN" is sodium nitride
                encoding="utf-8-sig",
            )
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read as a table ({error})") from None
    missing = [column for column in columns or [] if column not in frame.columns]
    if missing:
        raise DataError(
            f"{path}: got columns {', '.join(map(str, frame.columns[:20]))}; "
            f"expected also {', '.join(missing)}"
        )
    return frame


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
    raw = read_columns(path, [columns.material, columns.value, *columns.keep])
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
    texts = raw[columns.material].astype(str)
    values = pd.to_numeric(raw[columns.value], errors="coerce").to_numpy(dtype=float)
    keys, reasons = _parse_all(material_kind, texts)
    low, high = columns.valid or (-np.inf, np.inf)
    for index, value in enumerate(values):
        if reasons[index] is None and not np.isfinite(value):
            got = raw[columns.value].iloc[index]
            reasons[index] = f"got value {got!r} in column {columns.value!r}, expected a number"
    faulty = np.array([reason is not None for reason in reasons], dtype=bool)
    implausible = ~faulty & ((values < low) | (values > high))
    for index in np.flatnonzero(implausible).tolist():
        reasons[index] = (
            f"value {values[index]:g} {unit} outside the valid range {low:g} to {high:g}"
        )
    rejected = pd.DataFrame(
        {
            "file": origin,
            "row": raw.index.to_numpy() + 1,
            "material": texts.to_numpy(),
            "value": raw[columns.value].astype(str).to_numpy(),
            "reason": reasons,
        }
    )[faulty | implausible].reset_index(drop=True)
    if faulty.any() and on_error == "raise":
        raise DataError(_complaint(origin, rejected[~implausible[faulty | implausible]]))
    kept = ~(faulty | implausible)
    if not kept.any():
        raise DataError(f"{origin}: none of its {len(raw)} rows can be used")
    rows = raw.loc[kept, list(columns.keep)].reset_index(drop=True)
    rows.insert(0, "key", np.array(keys, dtype=object)[kept])
    rows.insert(1, "material", texts[kept].to_numpy())
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


def _parse_all(kind: str, texts: pd.Series) -> tuple[list[str | None], list[str | None]]:
    keys: list[str | None] = []
    reasons: list[str | None] = []
    for text in texts:
        try:
            keys.append(parse_material(kind, text).key)
            reasons.append(None)
        except MaterialError as error:
            keys.append(None)
            reasons.append(str(error))
    return keys, reasons


def _complaint(origin: str, rejected: pd.DataFrame) -> str:
    lines = [f"{origin}: {len(rejected)} bad row{'s' if len(rejected) > 1 else ''}"]
    shown = rejected.head(_SHOWN)
    lines += [f"  row {row}: {why}" for row, why in zip(shown.row, shown.reason, strict=True)]
    if len(rejected) > _SHOWN:
        lines.append(f"  … and {len(rejected) - _SHOWN} more")
    lines.append(
        "Mend them, or set them aside with --on-error skip (they are listed in rejects.csv)"
    )
    return "\n".join(lines)
