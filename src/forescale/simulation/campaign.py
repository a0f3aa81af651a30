"""What a campaign file may say.

A campaign is one TOML file: materials, an engine with its protocol, and limits. Relative paths
are relative to that file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from forescale._machine.executors import ClusterChoice
from forescale._machine.toml import Float, Int, read_toml, validated
from forescale.errors import ConfigError

LARGEST_SEED = 2_000_000_000
"""Seeds of retries count on from an engine's seed; programs take 32 bits of them."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MaterialsConfig(_Section):
    """One list of materials: exactly one of ``file``, ``dataset`` and ``generator``.

    Attributes
    ----------
    file
        CSV, TSV, Excel or Parquet table.
    column
        Its column of SMILES.
    sheet
        Sheet of an Excel file; needed where it has several.
    dataset
        Name of a catalog entry.
    generator
        ``"chemicals"``, ``"pairs"``, or ``"module:function"`` (``"file.py:function"``) of a
        function that takes ``options`` as keywords and returns an iterable of SMILES.
    options
        Keyword arguments of the generator.
    limit
        Keep this many, after shuffling.
    """

    file: Path | None = None
    column: str = "smiles"
    sheet: str | None = None
    dataset: str | None = None
    generator: str | None = None
    options: dict[str, Any] = {}
    limit: Int | None = Field(default=None, ge=1, le=10**9)

    @model_validator(mode="after")
    def _one_origin(self) -> MaterialsConfig:
        given = [name for name in ("file", "dataset", "generator") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                f"got {' and '.join(given) or 'none of them'}, "
                "expected exactly one of file, dataset, generator"
            )
        if self.sheet is not None and self.file is None:
            raise ValueError(f"got sheet {self.sheet!r}, expected it beside file only")
        return self


class EngineConfig(_Section):
    """Which engine, with which settings.

    Attributes
    ----------
    name
        ``"xtb"``, ``"md"``, ``"cosmo"``, ``"replay"``, or ``"module:Class"``
        (``"file.py:Class"``) of your own.
    seed
        Seed of everything random in a calculation.
    protocol
        The engine's own settings.
    """

    name: str
    seed: Int = Field(default=0, ge=0, le=LARGEST_SEED)
    protocol: dict[str, Any] = {}


class LimitsConfig(_Section):
    """Limits of one job.

    Attributes
    ----------
    time
        Seconds of wall time.
    memory
        GiB.
    """

    time: Float = Field(default=600.0, gt=0)
    memory: Float = Field(default=8.0, gt=0, le=2**20)


class Campaign(_Section):
    """A whole campaign file.

    Attributes
    ----------
    name
        What results are called.
    kind
        Kind of the materials. A pair reads ``SOLUTE in SOLVENT at TEMPERATURE K``.
    results
        Results folder; campaigns may share one. Default: the file's name without ``.toml``,
        with ``-results``.
    materials
        Lists to merge.
    engine
        Engine and protocol.
    workers
        Worker processes.
    threads
        Threads that numerical libraries may use in each worker.
    retries
        Further attempts at a job that failed.
    seed
        Seed of the order in which materials are done.
    limits
        Limits of one job.
    on_error
        Whether an unreadable material stops the campaign or is set aside.
    cluster
        Where jobs run: a name of the user's ``clusters.toml``, an address, or a whole table.
    """

    name: str
    kind: Literal["composition", "molecule", "polymer", "pair"] = "molecule"
    results: Path
    materials: tuple[MaterialsConfig, ...] = Field(min_length=1)
    engine: EngineConfig
    workers: Int = Field(default=1, ge=1, le=512)
    threads: Int = Field(default=1, ge=1, le=4096)
    retries: Int = Field(default=1, ge=0, le=10)
    seed: Int = Field(default=0, ge=-(2**63), le=2**63 - 1)
    limits: LimitsConfig = LimitsConfig()
    on_error: Literal["raise", "skip"] = "raise"
    cluster: ClusterChoice | None = None
    folder: Path = Field(default_factory=Path.cwd, exclude=True)

    @classmethod
    def from_toml(cls, path: Path) -> Campaign:
        """Read a campaign file.

        Raises
        ------
        ConfigError
            Names the file, each bad key, what was got and what is allowed.
        """
        raw = read_toml(path, "campaign file")
        raw.setdefault("name", path.stem)
        raw.setdefault("results", f"{path.stem}-results")
        base = path.resolve().parent
        if "folder" in raw:
            raise ConfigError(f"{path}: folder: there is no such key")
        campaign = validated(cls, {**raw, "folder": base}, path)
        return campaign._with_absolute_paths(base)

    def _with_absolute_paths(self, base: Path) -> Campaign:
        materials = tuple(
            m.model_copy(update={"file": base / m.file}) if m.file else m for m in self.materials
        )
        return self.model_copy(update={"results": base / self.results, "materials": materials})
