"""Features computed elsewhere: a table of embeddings instead of a descriptor."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.descriptors.contract import Column, Features
from forescale.descriptors.describe import DescribedBlock
from forescale.errors import DataError, MaterialError
from forescale.materials import parse_material
from forescale.tables.reading import read_columns

_SHOWN = 5


def describe_by_table(
    path: Path, column: str, material_kind: str, keys: Sequence[str]
) -> tuple[DescribedBlock, ...]:
    """Features of materials from a file, for instance the embeddings of a network.

    Parameters
    ----------
    path
        CSV or Parquet file: one column of materials, every other one a feature.
    column
        The column of materials, written in any way that :mod:`forescale.materials` reads.
    material_kind
        What they are.
    keys
        Canonical keys of the materials wanted. The file may hold more.

    Returns
    -------
    tuple
        One block; its version holds the SHA-256 of the file, so that a run is resumed only
        on the same numbers.

    Raises
    ------
    DataError
        If a material is missing from the file, is there twice with different numbers, or a
        number is missing or not finite; names file, rows and materials.
    """
    frame = read_columns(path, [column])
    names = [name for name in frame.columns if name != column]
    if not names:
        raise DataError(f"{path}: has no column but {column!r}, expected numbers beside it")
    place = _places(path, frame[column], material_kind, set(keys))
    missing = [key for key in dict.fromkeys(keys) if key not in place]
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
        raise DataError(
            f"{path}: has no features for {len(missing)} of the study's {len(set(keys))} "
            f"materials: {shown}; expected a row for each material of source and target"
        )
    wanted = sorted({row for rows in place.values() for row in rows})
    numbers = dict(zip(wanted, _numbers(path, frame.iloc[wanted], names), strict=True))
    distinct = list(dict.fromkeys(keys))
    for key in distinct:
        _refuse_contradiction(path, frame, key, [(row, numbers[row]) for row in place[key]])
    values = np.stack([numbers[place[key][0]] for key in distinct])
    row_of = {key: row for row, key in enumerate(distinct)}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    columns = tuple(Column(str(name), source=path.name) for name in names)
    index = np.array([row_of[key] for key in keys], dtype=np.int64)
    version = f"table sha256 {digest}"
    return (DescribedBlock("material", version, Features(values, columns), index),)


def _places(path: Path, texts: pd.Series, kind: str, wanted: set[str]) -> dict[str, list[int]]:
    """Rows of each material wanted, counted from 0."""
    place: dict[str, list[int]] = {}
    for row, text in enumerate(texts.astype(str)):
        key = text
        if key not in wanted:  # a key is its own canonical form: parsing is for the others
            try:
                key = parse_material(kind, text).key
            except MaterialError as error:
                raise DataError(f"{path}: row {_line(texts, row)}: {error}") from None
        if key in wanted:
            place.setdefault(key, []).append(row)
    return place


def _numbers(path: Path, frame: pd.DataFrame, names: list[str]) -> NDArray[np.float32]:
    try:
        found = frame[names].to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        found = np.column_stack(
            [pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float) for name in names]
        )
    found = np.asarray(found, dtype=np.float32)
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        got = frame.iloc[row][names[column]]
        raise DataError(
            f"{path}: row {_line(frame.iloc[:, 0], row)}, column {names[column]!r}: got "
            f"{got!r}, expected a finite number ({len(bad)} such); leave out the column, or name "
            "the materials' column as descriptor.material"
        )
    return found


def _refuse_contradiction(
    path: Path, frame: pd.DataFrame, key: str, rows: list[tuple[int, NDArray[np.float32]]]
) -> None:
    first_row, first = rows[0]
    for row, values in rows[1:]:
        if not np.array_equal(values, first):
            lines = [_line(frame.iloc[:, 0], place) for place in (first_row, row)]
            raise DataError(
                f"{path}: rows {lines[0]} and {lines[1]} hold different features of one "
                f"material, {key}; expected one row for each"
            )


def _line(column: pd.Series, row: int) -> int:
    """Row as messages count: 1 is the first row of data, empty lines counted."""
    return int(column.index[row]) + 1
