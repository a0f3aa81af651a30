"""The manifest of a run: what was studied, with what, where. Reading it is checking it.

Folders of older releases lack some keys; the defaults here are what held then.
"""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from forescale import __version__
from forescale.errors import RunFolderError
from forescale.study.config import Study
from forescale.study.data import StudyData
from forescale.study.design import Design
from forescale.tables import PropertyTable, Provenance, TablesApart, measurement_scatter

IDENTITY = ("study", "data", "descriptor", "forescale")
"""What the number of a cell depends on; how many cells and replicates there are is no part."""
MIN_REPEATED = 10
"""Materials with repeats below which their scatter is no noise floor: too few to be typical."""
_PACKAGES = ("numpy", "scipy", "pandas", "rdkit", "chemicals")

RESUMED = ("0.1.0",)
"""Older releases whose folders are resumed; the changelog says which options give their numbers."""


class _Record(BaseModel):
    """A part of the manifest; keys of newer releases are kept, not read."""

    model_config = ConfigDict(extra="allow", frozen=True)


class TableCard(_Record):
    """One side of the study.

    Attributes
    ----------
    property, unit, kind, material_kind
        What its values are, and of what.
    materials, rejected_rows
        How many materials it has, and rows that were set aside.
    datasets
        Where its values come from.
    """

    property: str
    unit: str
    kind: str
    material_kind: str
    materials: int
    rejected_rows: int = 0
    datasets: tuple[Provenance, ...] = ()


class SourceCard(_Record):
    """One of several sources.

    Attributes
    ----------
    name, materials, unit
        What it is called, how many values it has, and their unit.
    cost
        Of one more value, where the study says it.
    """

    name: str
    materials: int
    unit: str
    cost: float | None = None


class Sides(_Record):
    """The tables of both sides, and each of several sources that keep their identity."""

    source: TableCard
    target: TableCard
    sources: tuple[SourceCard, ...] = ()


class DesignRecord(_Record):
    """Grid, splits and seeds as they were resolved.

    Attributes
    ----------
    n_source, n_target
        Sizes of the grid, ascending, without zero.
    seeds
        What the learner draws by in each replicate.
    source_rows, test_rows
        How many rows of either side each replicate learns from and tests.
    splits
        SHA-256 of the rows of every split.
    of_source
        Sizes of the own curve of each of several sources.
    """

    n_source: tuple[int, ...]
    n_target: tuple[int, ...]
    seeds: tuple[int, ...]
    source_rows: tuple[int, ...]
    test_rows: tuple[int, ...]
    splits: str
    of_source: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(cls, design: Design) -> Self:
        """Record a design."""
        digest = hashlib.sha256()
        for split in design.splits:
            for rows in (split.source, split.train, split.test):
                digest.update(np.ascontiguousarray(rows, dtype="<i8").tobytes())
        return cls(
            n_source=tuple(design.grid.n_source.tolist()),
            n_target=tuple(design.grid.n_target.tolist()),
            seeds=design.seeds,
            source_rows=tuple(len(split.source) for split in design.splits),
            test_rows=tuple(len(split.test) for split in design.splits),
            splits=digest.hexdigest(),
            of_source=tuple(tuple(sizes.tolist()) for sizes in design.grid.of_source),
        )


class Manifest(_Record):
    """What a run folder knows of its study.

    Attributes
    ----------
    name, study, seed
        The study, as it was run.
    forescale, versions, machine
        Release, versions of packages, kind of machine.
    data
        SHA-256 of the values of each side.
    descriptor
        Descriptors with their versions.
    metric_unit
        Unit of measured values and of errors; empty for a pure number.
    noise_floor, noise_floor_materials
        Scatter of repeated measurements in that unit, or None where too few materials were
        measured more than once, and how many were.
    tables
        Both sides.
    overlap_materials
        Materials on both sides.
    features, features_dropped
        How many features there are, and the names of those without information.
    design
        Grid, splits and seeds; None in a folder of a release that did not write them.
    """

    name: str
    study: Study
    metric_unit: str
    noise_floor: float | None
    tables: Sides
    versions: dict[str, str]
    seed: int
    forescale: str = ""
    data: dict[str, str] = {}
    descriptor: str = "not named"
    noise_floor_materials: int | None = None
    overlap_materials: int | None = None
    features: int | None = None
    features_dropped: tuple[str, ...] = ()
    machine: dict[str, str] = {}
    design: DesignRecord | None = None

    @field_validator("metric_unit", mode="before")
    @classmethod
    def _a_pure_number(cls, value: Any) -> Any:
        return "" if value is None else value

    @classmethod
    def of(cls, study: Study, data: StudyData, design: Design) -> Self:
        """Describe a study before it is run."""
        floor, repeated = measurement_scatter(data.target)
        return cls(
            name=study.name,
            forescale=__version__,
            study=study,
            data=data.digest(),
            descriptor="; ".join(dict.fromkeys(block.version for block in data.blocks)),
            seed=study.seed,
            metric_unit=data.target.unit,
            noise_floor=floor if repeated >= MIN_REPEATED else None,
            noise_floor_materials=repeated,
            tables=Sides(
                source=_card(data.source),
                target=_card(data.target),
                sources=_source_cards(study, data),
            ),
            overlap_materials=data.shared.on_both_sides,
            features=sum(len(block.features.columns) for block in data.blocks),
            features_dropped=tuple(name for b in data.blocks for name in b.features.dropped),
            versions={package: version(package) for package in _PACKAGES},
            machine={
                "python": platform.python_version(),
                "system": platform.system(),
                "cpu": platform.machine(),
            },
            design=DesignRecord.of(design),
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read ``manifest.json``.

        Raises
        ------
        RunFolderError
            If there is none, or it is no manifest; names what is wrong.
        """
        try:
            return cls.model_validate(_as_it_was(json.loads(path.read_text(encoding="utf-8"))))
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
            )
            reason = f"manifest.json is not as written by forescale: {wrong}"
        except (OSError, ValueError, RecursionError) as error:
            reason = str(error)
        raise RunFolderError(
            f"{path.parent}: not a readable run folder ({reason}); "
            "expected one made by forescale run"
        )

    def to_plain(self) -> dict[str, Any]:
        """The manifest as JSON values."""
        plain = self.model_dump(mode="json", exclude={"study"})
        return {"name": plain.pop("name"), "study": self.study.to_plain(), **plain}

    def to_text(self) -> str:
        """What ``manifest.json`` holds."""
        return json.dumps(self.to_plain(), indent=2, allow_nan=False)

    @property
    def identity(self) -> str:
        """Hash of what the run's numbers depend on: study, data, descriptor, release."""
        found = self._identity()
        return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()

    def differences(self, other: Manifest) -> list[str]:
        """Where another study differs, a line for each key: what is here and what is asked."""
        here, there = self._identity(), other._identity()
        if here["forescale"] in RESUMED:
            here["forescale"] = there["forescale"]
        found = [line for key in IDENTITY for line in _differences(here[key], there[key], key)]
        if any(line.startswith("data.") for line in found):  # another rule of keys tells why
            found += _differences(self.data.get("keys"), other.data.get("keys"), "data.keys")
        return found

    @property
    def older_release(self) -> str:
        """The release that began the run, where it is an older one; else nothing."""
        return self.forescale if self.forescale in RESUMED else ""

    def _identity(self) -> dict[str, Any]:
        plain = self.to_plain()
        # What is asked of a plan changes no error; more replicates and other cells none of
        # those that are there.
        for key in ("plan", "replicates", "grid"):
            plain["study"].pop(key, None)
        for source in plain["study"]["source"]:
            source.pop("cost", None)
            source.pop("n_source", None)
        # The keys themselves are hashed: a rule that gives these materials the same is the same.
        plain["data"].pop("keys", None)
        return {key: _placeless(plain[key]) for key in IDENTITY}


def _as_it_was(raw: Any) -> Any:
    """An older manifest with what held when it was written, where the default has changed."""
    if isinstance(raw, dict) and isinstance(study := raw.get("study"), dict):
        evaluation = study.get("evaluation") or {}
        grid = study.get("grid") or {}
        if isinstance(evaluation, dict) and isinstance(grid, dict):
            # Before replicates were balanced, and before all measured values were a cell.
            evaluation, grid = {"test": "random", **evaluation}, {"all_measured": False, **grid}
            study = {**study, "evaluation": evaluation, "grid": grid}
            if isinstance(sources := study.get("source"), list) and len(sources) > 1:
                study = {"merge": True, **study}  # before sources kept their identity
            return {**raw, "study": study}
    return raw


def _card(table: PropertyTable) -> TableCard:
    return TableCard(
        property=table.name,
        unit=table.unit,
        kind=table.kind,
        material_kind=table.material_kind,
        materials=len(table),
        rejected_rows=len(table.rejected),
        datasets=table.provenance,
    )


def _source_cards(study: Study, data: StudyData) -> tuple[SourceCard, ...]:
    table = data.source
    if not isinstance(table, TablesApart):
        return ()
    rows = np.bincount(table.table_of, minlength=len(study.apart)).tolist()
    return tuple(
        SourceCard(name=spec.called(), materials=number, unit=unit, cost=spec.cost)
        for spec, number, unit in zip(study.apart, rows, table.units, strict=True)
    )


def _placeless(value: Any) -> Any:
    """Without paths of files: where a file lies does not matter, what it holds is hashed."""
    if isinstance(value, dict):
        return {key: _placeless(inner) for key, inner in value.items() if key != "file"}
    return [_placeless(inner) for inner in value] if isinstance(value, list) else value


def _differences(found: Any, wanted: Any, key: str) -> list[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted({*found, *wanted})
        return [
            line for k in keys for line in _differences(found.get(k), wanted.get(k), f"{key}.{k}")
        ]
    return [] if found == wanted else [f"{key}: the folder has {found!r}, asked for {wanted!r}"]
