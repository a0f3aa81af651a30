"""A catalog dataset as a property table."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from forescale.catalog._chemicals import hyphenated, structures
from forescale.catalog._pairs import pair_columns, with_sides
from forescale.catalog.entry import CatalogEntry, get_entry
from forescale.catalog.locating import locate, locate_lookup, sha256_of
from forescale.tables import (
    ColumnMap,
    PairColumns,
    PropertyTable,
    Provenance,
    build_table,
    read_columns,
)

_STRUCTURE = "__structure__"


def load_dataset(
    name: str,
    property_name: str | None = None,
    *,
    sample: int | None = None,
    seed: int = 0,
) -> PropertyTable:
    """Read one property of a catalog dataset.

    Rows without a usable material or value are always set aside, with reasons, in
    ``rejected``: a public file cannot be mended by its user.

    Parameters
    ----------
    name
        Dataset, see ``forescale data list``.
    property_name
        Property; may be left out where a dataset has one.
    sample
        Draw at most this many usable rows at random.
    seed
        Seed of the draw.

    Raises
    ------
    ConfigError
        If there is no such dataset or property.
    IntegrityError
        If the file is not the catalog's.
    """
    entry = get_entry(name)
    property_name, column = entry.get_property(property_name)
    paths = locate(entry)
    origin = ", ".join(path.name for path in paths)
    columns = [*entry.columns.names, column.column, *(f.column for f in entry.filters)]
    files = [_read(path, entry, columns) for path in paths]
    raw, rejected = _filtered(_end_to_end(files), entry, column.column, origin)
    raw, material, without = _with_materials(raw, entry, column.column, origin)
    rejected = pd.concat([rejected, without], ignore_index=True)
    if sample is not None and len(raw) > sample:
        chosen = np.random.default_rng(seed).choice(len(raw), sample, replace=False)
        raw = raw.iloc[np.sort(chosen)]
    table = build_table(
        raw,
        ColumnMap(material=material, value=column.column, valid=column.valid),
        name=property_name,
        unit=column.unit,
        kind=entry.kind,
        material_kind=entry.material_kind,
        provenance=Provenance(
            dataset=name,
            version=entry.version,
            method=entry.method,
            reference=entry.citation,
            licence=entry.licence,
            sha256=" ".join(sha256_of(path) for path in paths),
        ),
        on_error="skip",
        origin=origin,
    )
    rejected = pd.concat([rejected, table.rejected], ignore_index=True)
    return replace(table, rejected=_by_file(rejected, paths, files))


def kept_dataset(
    name: str, property_name: str | None = None, *, sample: int | None = None
) -> PropertyTable:
    """:func:`load_dataset`, read once in a process while its files stay as they are.

    All callers get one table: it is not to be changed.
    """
    stamps = tuple((str(path), path.stat().st_mtime_ns) for path in locate(get_entry(name)))
    return _kept(name, property_name, sample, stamps)


@lru_cache(maxsize=4)
def _kept(
    name: str,
    property_name: str | None,
    sample: int | None,
    stamps: tuple[tuple[str, int], ...],  # noqa: ARG001 - part of what is remembered
) -> PropertyTable:
    return load_dataset(name, property_name, sample=sample)


def _end_to_end(files: list[pd.DataFrame]) -> pd.DataFrame:
    """One table of all files; its index counts on from one file to the next."""
    starts = np.cumsum([0, *(_length(file) for file in files)])
    moved = [file.set_axis(file.index + start) for file, start in zip(files, starts, strict=False)]
    return pd.concat(moved) if len(moved) > 1 else files[0]


def _by_file(
    rejected: pd.DataFrame, paths: tuple[Path, ...], files: list[pd.DataFrame]
) -> pd.DataFrame:
    """The rows set aside, each with its own file and its number there."""
    starts = np.cumsum([0, *(_length(file) for file in files)])
    row = rejected["row"].to_numpy() - 1
    place = np.searchsorted(starts, row, side="right") - 1
    names = np.array([path.name for path in paths], dtype=object)
    return rejected.assign(file=names[place], row=row - starts[place] + 1)


def _length(file: pd.DataFrame) -> int:
    return int(file.index[-1]) + 1 if len(file) else 0  # empty lines are numbered too


def _read(path: Path, entry: CatalogEntry, columns: list[str]) -> pd.DataFrame:
    if entry.package is not None and path.suffix != ".parquet":
        # The tables of chemicals are tab-separated, whatever their suffix says.
        return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    if entry.comment:
        return pd.read_csv(path, comment=entry.comment, dtype=str, keep_default_na=False)
    return read_columns(path, columns)


def _filtered(
    raw: pd.DataFrame, entry: CatalogEntry, value: str, origin: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that say something about the property; the others with the entry's reasons."""
    # A wide file leaves cells empty.
    raw = raw[~raw[value].astype(str).str.strip().isin(["", entry.missing])]
    rejected = [_rejects(raw.iloc[:0], "", value, origin, "")]
    for one in entry.filters:
        number = pd.to_numeric(raw[one.column], errors="coerce")
        good = number.between(one.low, one.high)
        rejected.append(_rejects(raw[~good], entry.columns.main, value, origin, one.reason))
        raw = raw[good]
    return raw, pd.concat(rejected, ignore_index=True)


def _with_materials(
    raw: pd.DataFrame, entry: CatalogEntry, value: str, origin: str
) -> tuple[pd.DataFrame, str | PairColumns, pd.DataFrame]:
    """Rows whose material can be told, the columns that tell it, and the other rows."""
    columns = entry.columns
    if columns.cas is not None:
        return _with_structures(raw, columns.cas, value, origin)
    if columns.pair is not None:
        raw, divided = with_sides(raw, columns.pair, locate_lookup(entry))
        rejected = [
            _rejects(rows, columns.main, value, origin, why) for why, rows in divided.items()
        ]
        return raw, pair_columns(columns.pair), pd.concat(rejected, ignore_index=True)
    return raw, columns.main, _rejects(raw.iloc[:0], "", value, origin, "")


def _with_structures(
    raw: pd.DataFrame, cas: str, value: str, origin: str
) -> tuple[pd.DataFrame, str, pd.DataFrame]:
    numbers = raw[cas].map(hyphenated)
    known = structures(numbers)
    found = numbers.isin(known.keys())
    kept = raw[found].assign(**{_STRUCTURE: numbers[found].map(known)})
    reason = "no structure for this CAS number in the identifier tables of chemicals"
    return kept, _STRUCTURE, _rejects(raw[~found], cas, value, origin, reason)


def _rejects(
    rows: pd.DataFrame, material: str, value: str, origin: str, reason: str
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": origin,
            "row": rows.index.to_numpy() + 1,
            "material": rows[material].astype(str).to_numpy() if material else "",
            "value": rows[value].astype(str).to_numpy(),
            "reason": reason,
        },
        index=range(len(rows)),
    )
