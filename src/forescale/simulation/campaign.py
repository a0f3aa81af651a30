"""What a campaign file may say.

A campaign is one TOML file: materials, an engine with its protocol, and limits. Relative paths
are relative to that file.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from forescale.errors import ConfigError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MaterialsConfig(_Section):
    """One list of materials: exactly one of ``file``, ``dataset`` and ``generator``.

    Attributes
    ----------
    file : Path, optional
        CSV, TSV or Parquet table.
    column : str
        Its column of SMILES.
    dataset : str, optional
        Name of a catalog entry.
    generator : str, optional
        ``"chemicals"``, ``"pairs"``, or ``"module:function"`` (``"file.py:function"``) of a
        function that takes ``options`` as keywords and returns an iterable of SMILES.
    options : dict
        Keyword arguments of the generator.
    limit : int, optional
        Keep this many, after shuffling.
    """

    file: Path | None = None
    column: str = "smiles"
    dataset: str | None = None
    generator: str | None = None
    options: dict[str, Any] = {}
    limit: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_origin(self) -> MaterialsConfig:
        given = [name for name in ("file", "dataset", "generator") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                f"got {' and '.join(given) or 'none of them'}, "
                "expected exactly one of file, dataset, generator"
            )
        return self


class EngineConfig(_Section):
    """Which engine, with which settings.

    Attributes
    ----------
    name : str
        ``"xtb"``, ``"md"``, ``"cosmo"``, ``"replay"``, or ``"module:Class"``
        (``"file.py:Class"``) of your own.
    seed : int
        Seed of everything random in a calculation.
    protocol : dict
        The engine's own settings.
    """

    name: str
    seed: int = Field(default=0, ge=0)
    protocol: dict[str, Any] = {}


class LimitsConfig(_Section):
    """Limits of one job: seconds of wall time, gibibytes of memory."""

    time: float = Field(default=600.0, gt=0)
    memory: float = Field(default=8.0, gt=0)


class Campaign(_Section):
    """A whole campaign file.

    Attributes
    ----------
    name : str
        What results are called.
    kind : {"molecule", "polymer", "pair"}
        Kind of the materials. A pair reads ``SOLUTE in SOLVENT at TEMPERATURE K``.
    results : Path
        Results folder; campaigns may share one. Default: the file's name without ``.toml``,
        with ``-results``.
    materials : list of MaterialsConfig
        Lists to merge.
    engine : EngineConfig
        Engine and protocol.
    workers : int
        Worker processes.
    threads : int
        Threads that numerical libraries may use in each worker.
    retries : int
        Further attempts at a job that failed.
    seed : int
        Seed of the order in which materials are done.
    limits : LimitsConfig
        Limits of one job.
    on_error : {"raise", "skip"}
        Whether an unreadable material stops the campaign or is set aside.
    """

    name: str
    kind: Literal["molecule", "polymer", "pair"] = "molecule"
    results: Path
    materials: tuple[MaterialsConfig, ...] = Field(min_length=1)
    engine: EngineConfig
    workers: int = Field(default=1, ge=1, le=512)
    threads: int = Field(default=1, ge=1)
    retries: int = Field(default=1, ge=0, le=10)
    seed: int = 0
    limits: LimitsConfig = LimitsConfig()
    on_error: Literal["raise", "skip"] = "raise"
    folder: Path = Field(default_factory=Path.cwd, exclude=True)

    @classmethod
    def from_toml(cls, path: Path) -> Campaign:
        """Read a campaign file.

        Raises
        ------
        ConfigError
            Names the file, each bad key, what was got and what is allowed.
        """
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{path}: no such campaign file") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: not a readable TOML file ({error})") from None
        base = path.resolve().parent
        raw.setdefault("name", path.stem)
        raw.setdefault("results", f"{path.stem}-results")
        try:
            campaign = cls.model_validate({**raw, "folder": base})
        except ValidationError as error:
            raise ConfigError(f"{path}: {_complaints(error)}") from None
        return campaign._with_absolute_paths(base)

    def _with_absolute_paths(self, base: Path) -> Campaign:
        materials = tuple(
            m.model_copy(update={"file": base / m.file}) if m.file else m for m in self.materials
        )
        return self.model_copy(update={"results": base / self.results, "materials": materials})


def _complaints(error: ValidationError) -> str:
    """Every problem on a line of its own: key, what was got, what is allowed."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "campaign"
        if problem["type"] == "missing":
            lines.append(f"{key} is missing")
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{key} is not a key of a campaign file; {_allowed(problem['loc'])}")
        else:
            lines.append(f"{key}: got {problem['input']!r}; {problem['msg']}")
    return "; ".join(lines)


def _allowed(location: tuple[int | str, ...]) -> str:
    sections: dict[str, type[BaseModel]] = {
        "materials": MaterialsConfig,
        "engine": EngineConfig,
        "limits": LimitsConfig,
    }
    section = sections.get(str(location[0]), Campaign) if len(location) > 1 else Campaign
    return "allowed: " + ", ".join(name for name in section.model_fields if name != "folder")
