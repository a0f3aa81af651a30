"""The contract of an engine: one material in, a record of computed properties out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class EngineProtocol(BaseModel):
    """Base of an engine's settings: everything that changes its numbers.

    Subclass it with typed fields. Two campaigns with equal settings share results; unknown keys
    are refused; relative paths are relative to the campaign file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _absolute(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Path) and info.context:
            return Path(info.context["folder"]) / value
        return value


@dataclass(frozen=True)
class Record:
    """What an engine found for one material.

    Attributes
    ----------
    values : mapping of str to float
        One finite number for every property in the engine's ``units``.
    converged : bool
        Whether every iterative step reached its threshold.
    notes : str
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
    material : str
        Canonical key of the material.
    kind : str
        ``"molecule"``, ``"polymer"`` or ``"pair"``.
    seed : int
        Seed for anything random; another one on a second attempt.
    scratch : Path
        An empty folder for the engine's files, removed afterwards.
    checkpoint : Path, optional
        A folder that outlives the process: a long job may create it, save its progress there, and
        go on from what it finds there when the same job is begun again after an interruption. It
        is removed once the job has ended, well or badly.
    shared : Path, optional
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
    name : str
        Short name, as in campaign files.
    kinds : frozenset of str
        Kinds of material it takes.
    units : mapping of str to str
        Unit of each property it computes; empty for a pure number.
    Settings : type
        The :class:`EngineProtocol` subclass it is built from.
    settings : EngineProtocol
        The settings it was built from.
    version : str
        Versions of the programs that make the numbers.
    """

    Settings: ClassVar[type[Any]]

    def __init__(self, settings: Any) -> None: ...

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> frozenset[str]: ...

    @property
    def units(self) -> Mapping[str, str]: ...

    @property
    def settings(self) -> Any: ...

    @property
    def version(self) -> str: ...

    def check(self) -> None:
        """Raise :class:`~forescale.errors.MissingDependencyError`, with the command that
        installs what is missing; return if all is there."""

    def compute(self, job: Job) -> Record:
        """Do one job."""
        ...
