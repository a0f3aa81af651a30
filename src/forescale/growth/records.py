"""What a loop folder says of itself, validated: it may be damaged, or have come from anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from forescale.errors import RunFolderError

ERRORS = ("arm", "replicate", "n_source", "n_target", "metric", "value")
_SEQUENCE = {"key": str, "round": "int64", "control": bool}
_MEASURE_ROWS = 100_000


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Forecast(_Strict):
    median: float
    low: float
    high: float


class _Next(_Strict):
    action: Literal["compute", "measure", "stop"]
    reason: str
    arm: str | None = None
    count: int = Field(default=0, ge=0)
    probability_best: dict[str, float] = {}
    forecast: _Forecast | None = None


class _Round(_Strict):
    """The record of a finished round."""

    round: int = Field(ge=1)
    arm: str
    n: dict[str, int]
    cost: float
    error: float | None
    errors: dict[str, float | None]
    forecast: _Forecast | None
    decision: str
    reason: str
    digests: dict[str, str] = {}
    anew: list[str] = []
    next: _Next

    @model_validator(mode="after")
    def _its_arm_is_told_of(self) -> Self:
        if self.arm not in self.n or self.arm not in self.errors:
            raise ValueError(f"n and errors do not tell of arm {self.arm!r}")
        return self


class _Arm(_Strict):
    label: str
    property: str


def read_record(path: Path) -> dict[str, Any]:
    """The record of a round.

    Raises
    ------
    RunFolderError
        If it is damaged, or another round's than its name says.
    """
    remedy = "delete it and all later rounds, and run again"
    record = _validated(path, _Round, remedy)
    if record["round"] != int(path.stem):
        raise RunFolderError(f"{path}: damaged (it tells of round {record['round']}); {remedy}")
    return record


def read_arm(path: Path) -> dict[str, Any]:
    """What an arm was begun with: label of its protocol, and property."""
    return _validated(path, _Arm, "restore it, or give the arm a name of its own")


def _validated(path: Path, model: type[BaseModel], remedy: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return model.model_validate(found).model_dump()
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3]
        )
        raise RunFolderError(f"{path}: damaged ({wrong}); {remedy}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunFolderError(f"{path}: damaged ({_line(error)}); {remedy}") from None


def read_errors(path: Path) -> pd.DataFrame:
    """Errors found in a round, one row a cell."""
    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # of pandas and pyarrow, many kinds
        raise _damaged_errors(path, _line(error)) from None
    missing = [name for name in ERRORS if name not in frame]
    if missing:
        raise _damaged_errors(path, f"it has no column {missing[0]!r}")
    for name in ("replicate", "n_source", "n_target", "value"):
        if not pd.api.types.is_numeric_dtype(frame[name]):
            raise _damaged_errors(path, f"its column {name!r} holds no numbers")
        if not np.isfinite(frame[name].to_numpy(dtype=float, na_value=np.nan)).all():
            raise _damaged_errors(path, f"its column {name!r} holds no finite numbers throughout")
    if not all(isinstance(text, str) for text in [*frame["arm"], *frame["metric"]]):
        raise _damaged_errors(path, "names that are no texts")
    return frame


def _damaged_errors(path: Path, why: str) -> RunFolderError:
    return RunFolderError(
        f"{path}: damaged ({why}); delete it with the record of its round and all later ones, "
        "and run again"
    )


def no_sequence() -> pd.DataFrame:
    """A sequence of nothing."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _SEQUENCE.items()})


def read_sequence(path: Path) -> pd.DataFrame:
    """What an arm was asked for, in order: key, round, whether by control."""
    try:
        frame = pd.read_csv(path, dtype=_SEQUENCE, keep_default_na=False)
        if list(frame.columns) != list(_SEQUENCE):
            raise ValueError(f"expected the columns {', '.join(_SEQUENCE)}")
        if frame["key"].duplicated().any():
            raise ValueError("a material was asked for twice")
    except (OSError, ValueError, OverflowError) as error:
        raise RunFolderError(
            f"{path}: damaged ({_line(error)}); restore it or delete the loop"
        ) from None
    return frame


def read_measure_list(path: Path) -> list[dict[str, Any]]:
    """What to measure next, best first; nothing where the list is not there."""
    try:
        frame = pd.read_csv(path, keep_default_na=False, nrows=_MEASURE_ROWS)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise RunFolderError(
            f"{path}: damaged ({_line(error)}); delete it, and it is written anew"
        ) from None
    return [dict(row) for row in frame.to_dict("records")]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
