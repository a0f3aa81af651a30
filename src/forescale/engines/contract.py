"""The contract of an engine: one material in, a record of computed properties out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, get_args, get_origin, runtime_checkable

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo


class EngineProtocol(BaseModel):
    """Base of an engine's settings: everything that changes its numbers.

    Subclass it with typed fields. Two campaigns with equal settings share results; unknown keys
    are refused, and so is a value of another type (``true`` or ``"2"`` for a number); relative
    paths are relative to the campaign file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _of_toml(cls, value: Any) -> Any:
        """Texts for paths and lists for tuples, as files have them."""
        if not isinstance(value, dict):
            return value
        return {name: _as_field(cls.model_fields.get(name), one) for name, one in value.items()}

    @field_validator("*")
    @classmethod
    def _absolute(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Path) and info.context:
            return Path(info.context["folder"]) / value
        return value


def _as_field(field: FieldInfo | None, value: Any) -> Any:
    wanted = () if field is None else (field.annotation, *get_args(field.annotation))
    if isinstance(value, str) and Path in wanted:
        return Path(value)
    if isinstance(value, list) and any(one is tuple or get_origin(one) is tuple for one in wanted):
        return tuple(value)
    return value


@dataclass(frozen=True)
class Record:
    """What an engine found for one material.

    Attributes
    ----------
    values
        One finite number for every property in the engine's ``units``.
    converged
        Whether every iterative step reached its threshold.
    notes
        Anything a reader of the results should know; may be empty.
    """

    values: Mapping[str, float]
    converged: bool = True
    notes: str = ""


@dataclass(frozen=True)
class Job:
    """One calculation to do.

    Attributes
    ----------
    material
        Canonical key of the material.
    kind
        ``"molecule"``, ``"polymer"`` or ``"pair"``.
    seed
        Seed for anything random; another one on a second attempt.
    scratch
        An empty folder for the engine's files, removed afterwards.
    checkpoint
        A folder that outlives the process: a long job may create it, save its progress there, and
        go on from what it finds there when the same job is begun again after an interruption. It
        is removed once the job has ended, well or badly.
    shared
        A folder that all jobs of this engine share in a results folder, for what several of them
        need; it stays. Jobs run at the same time: the engine sees to it that they do not disturb
        each other there, and that what lies there is of the protocol asked for.
    """

    material: str
    kind: str
    seed: int = 0
    scratch: Path = field(default_factory=Path)
    checkpoint: Path | None = None
    shared: Path | None = None


@runtime_checkable
class Engine(Protocol):
    """A program that computes properties of materials.

    An engine is built in each worker process from its settings alone, ``Engine(protocol)``,
    and is used for many jobs. It may crash, hang or leave files in the scratch folder: the
    campaign copes. It reports failure by raising: :class:`~forescale.errors.MaterialError` for
    a material that it will never be able to do (not tried again), anything else for a failure
    that another seed might cure. :func:`forescale.simulation.testing.check_engine` checks an
    implementation against this contract.

    Attributes
    ----------
    name
        Short name, as in campaign files.
    kinds
        Kinds of material it takes.
    units
        Unit of each property it computes; empty for a pure number.
    Settings
        The :class:`EngineProtocol` subclass it is built from.
    settings
        The settings it was built from.
    version
        Versions of the programs that make the numbers.
    """

    Settings: ClassVar[type[Any]]

    def __init__(self, settings: Any) -> None: ...

    @property
    def name(self) -> str:
        """The word for this engine in a campaign."""
        ...

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of material it can do."""
        ...

    @property
    def units(self) -> Mapping[str, str]:
        """Unit of each value that it computes."""
        ...

    @property
    def settings(self) -> Any:
        """The settings as given, defaults written out."""
        ...

    @property
    def version(self) -> str:
        """Versions of the programs behind it: part of what identifies a result."""
        ...

    def check(self) -> None:
        """Return if all that it needs is installed.

        Raises
        ------
        MissingDependencyError
            With the command that installs what is missing.
        """

    def compute(self, job: Job) -> Record:
        """Do one job."""
        ...
