"""What a Parquet table of forescale says of itself, validated: it may have come from anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from forescale.errors import DataError
from forescale.materials import KINDS


class _Record(BaseModel):
    model_config = ConfigDict(strict=True)

    dataset: str = ""
    version: str = ""
    method: str = ""
    reference: str = ""
    licence: str = ""
    sha256: str = ""


class StoredCard(BaseModel):
    """The metadata of a stored table; keys of other releases are left out."""

    model_config = ConfigDict(strict=True)

    name: str
    unit: str
    kind: Literal["computed", "measured"]
    material_kind: str
    key_version: int = 1
    provenance: list[_Record] = []


def read_card(raw: bytes, path: Path) -> StoredCard:
    """The metadata of a stored table.

    Raises
    ------
    DataError
        If it is no such metadata.
    """
    try:
        card = StoredCard.model_validate(json.loads(raw))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise DataError(f"{path}: its metadata is not as forescale writes it ({wrong})") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: its metadata cannot be read ({error})") from None
    if card.material_kind not in KINDS:
        raise DataError(
            f"{path}: got material_kind {card.material_kind!r}, expected one of {', '.join(KINDS)}"
        )
    return card


def check_frame(frame: pd.DataFrame, path: Path) -> None:
    """Refuse rows that no property table has.

    Raises
    ------
    DataError
        If a column is missing or of another type, a key is none or twice there, or a value is
        no finite number.
    """
    for column in ("key", "material", "value", "repeats", "scatter"):
        if column not in frame:
            raise DataError(f"{path}: damaged (it has no column {column!r})")
    for column in ("value", "repeats", "scatter"):
        if not pd.api.types.is_numeric_dtype(frame[column]):
            raise DataError(f"{path}: damaged (its column {column!r} holds no numbers)")
    for column in ("key", "material"):
        if not all(isinstance(value, str) for value in frame[column]):
            raise DataError(f"{path}: damaged (its column {column!r} holds more than texts)")
    values = frame["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DataError(
            f"{path}: row {bad[0] + 1}: got the value {values[bad[0]]}, expected a finite number"
        )
    twice = frame["key"].duplicated()
    if twice.any():
        raise DataError(f"{path}: damaged (it has {frame['key'][twice].iloc[0]!r} twice)")
