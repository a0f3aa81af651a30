"""The study file: what to learn from, with what, on which grid, judged how.

Every error names the key, what was got and what is allowed.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt, MinLen
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from forescale.errors import ConfigError
from forescale.tables import PairColumns

MaterialKind = Literal["composition", "molecule", "pair", "polymer"]
MetricName = Literal["rmse", "mae", "r2"]
_Size = Annotated[int, Ge(2)]


_PAIR_KEYS = ("solute", "solvent", "temperature", "temperature_unit", "valid_temperature")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableSpec(_Strict):
    """A table: a catalog name, or a file with its columns.

    Parameters
    ----------
    dataset, property
        Catalog name, and the property where the dataset has several.
    file
        CSV or Parquet file; relative paths are relative to the study file.
    kind, material, value, unit
        For a file: kind of material, its column, the value's column and unit. A Parquet
        table written by forescale knows them itself.
    solute, solvent, temperature, temperature_unit, valid_temperature
        For a file of pairs, instead of ``material``: columns of the two SMILES (a solute
        with two ``*`` is a repeat unit) and, where there is one, of the temperature, with
        its unit and its lowest and highest credible value.
    sample
        Draw at most this many rows at random (by the study's seed).
    cross_property
        For a source: its property is another than the target's, in any unit. It is
        learnt from on its own scale, nothing is assumed of the slope between the two, and
        there is no zero-shot prediction.
    valid
        Lowest and highest credible value of a file, in its unit.
    task
        For a source: the name of a further computed property, learnt beside the study's by
        learners that take several (``mlp``). Its unit is its own; it has values for the
        materials of the study's property that are in it.
    """

    dataset: str | None = None
    property: str | None = None
    file: Path | None = None
    kind: MaterialKind | None = None
    material: str | None = None
    solute: str | None = None
    solvent: str | None = None
    temperature: str | None = None
    temperature_unit: str | None = None
    valid_temperature: tuple[float, float] | None = None
    value: str | None = None
    unit: str | None = None
    sample: Annotated[int, Ge(10)] | None = None
    valid: tuple[float, float] | None = None
    cross_property: bool = False
    task: Annotated[str, MinLen(1)] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> TableSpec:
        if (self.dataset is None) == (self.file is None):
            raise ValueError("expected either dataset (a catalog name) or file")
        if self.dataset is not None:
            for key in ("kind", "material", "value", "unit", "valid", *_PAIR_KEYS):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key} is known from the catalog, expected it only with file")
        for key in ("valid", "valid_temperature"):
            limits = getattr(self, key)
            if limits is not None and not limits[0] < limits[1]:
                raise ValueError(
                    f"{key} is the lowest and the highest credible value, in that order"
                )
        return self

    @model_validator(mode="after")
    def _described(self) -> TableSpec:
        sides = {key for key in _PAIR_KEYS if getattr(self, key) is not None}
        if sides and self.kind != "pair":
            raise ValueError(f'{min(sides)} is of a pair, expected it only with kind = "pair"')
        if sides and (self.material is not None or not {"solute", "solvent"} <= sides):
            raise ValueError("pairs need solute and solvent columns, or one material column")
        if "temperature" not in sides and sides & {"temperature_unit", "valid_temperature"}:
            raise ValueError("a unit or range of temperatures needs temperature, their column")
        if self.temperature is not None and self.temperature_unit is None:
            raise ValueError('temperature needs temperature_unit, such as "K" or "degC"')
        described = [self.kind, self.material or self.solute, self.value, self.unit]
        if self.file is not None and None in described and any(d is not None for d in described):
            raise ValueError(
                "a file needs all of kind, material, value and unit "
                "(pairs: solute and solvent for material)"
            )
        return self

    def columns(self) -> str | PairColumns | None:
        """The columns of the material; ``None`` where the table knows them itself."""
        if self.solute is None or self.solvent is None:
            return self.material
        return PairColumns(
            self.solute,
            self.solvent,
            self.temperature,
            self.temperature_unit or "K",
            self.valid_temperature,
        )


class DescriptorSpec(_Strict):
    """Which descriptor; by default the one for the kind of material.

    Parameters
    ----------
    name
        Of the materials, or of a pair's solutes (or polymers); ``table`` with a file.
    solvent
        Of a pair's solvents, if it is another.
    file, material
        A table of features computed elsewhere (CSV or Parquet), and its column of
        materials; its other columns are numbers.
    """

    name: str = "structure"
    solvent: str | None = None
    file: Path | None = None
    material: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_file_is_a_table(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("file") is not None:
            return {"name": "table", **value}
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> DescriptorSpec:
        if (self.file is None) != (self.name != "table"):
            raise ValueError("expected either name (a descriptor) or file")
        if (self.file is None) != (self.material is None):
            raise ValueError("a table of features needs both file and material, its column")
        return self


class LearnerSpec(BaseModel):
    """Which learner, and its own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = "gp"

    @property
    def options(self) -> dict[str, Any]:
        """Everything but the name."""
        return dict(self.model_extra or {})


class SourceSizes(BaseModel):
    """Sizes spaced evenly in log n: ``from`` to ``to`` (all there is, if not given)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Annotated[int, Ge(5)] = Field(30, alias="from")
    to: Annotated[int, Ge(5)] | None = None
    count: Annotated[int, Ge(2)] = 12


def _sizes_tag(value: Any) -> str | None:
    if isinstance(value, dict | SourceSizes):
        return "range"
    return "list" if isinstance(value, list | tuple) else None


class GridSpec(_Strict):
    """Sizes of the computed (n) and measured (m) data."""

    n_source: Annotated[
        Annotated[SourceSizes, Tag("range")] | Annotated[tuple[_Size, ...], MinLen(1), Tag("list")],
        Discriminator(_sizes_tag),
    ] = SourceSizes.model_validate({})
    n_target: Annotated[tuple[Annotated[int, Ge(3)], ...], MinLen(1)] = (20, 40, 80, 160)

    @field_validator("n_source", "n_target")
    @classmethod
    def _ascending(cls, value: Any) -> Any:
        if isinstance(value, tuple) and list(value) != sorted(set(value)):
            raise ValueError("sizes must ascend and differ")
        return value


class EvaluationSpec(_Strict):
    """How predictions are judged.

    Parameters
    ----------
    split
        ``random``; ``group:COLUMN``, whole groups of a column of the target's file on one
        side; or ``cluster``, groups of materials alike in descriptor space.
    test_fraction
        Share of the target's materials to test on, drawn anew in each replicate.
    overlap
        ``exclude`` computed values of test materials, or ``allow`` them; or
        ``exclude-group``, those of all materials in the groups that are tested; or
        ``disjoint``, those of all measured materials.
    """

    metrics: Annotated[tuple[MetricName, ...], MinLen(1)] = ("rmse", "mae", "r2")
    split: Annotated[str, Field(pattern=r"^(random|cluster|group:.+)$")] = "random"
    test_fraction: Annotated[float, Gt(0), Lt(1)] = 0.2
    overlap: Literal["exclude", "allow", "exclude-group", "disjoint"] = "exclude"

    @field_validator("metrics")
    @classmethod
    def _a_law_needs_an_error(cls, value: tuple[MetricName, ...]) -> tuple[MetricName, ...]:
        if not {"rmse", "mae"}.intersection(value):
            raise ValueError("expected rmse or mae among them: laws are fitted to errors")
        return value


class CensoringSpec(_Strict):
    """Values at a floor say only that the true one is no higher.

    Parameters
    ----------
    floor
        Lowest value of the property, in the target's unit: 0 for a band gap.
    learn_as
        What learners are given in place of values at or below it, lower than the floor.
        Predictions below the floor are raised to it.
    """

    floor: float
    learn_as: float

    @model_validator(mode="after")
    def _below(self) -> CensoringSpec:
        if not self.learn_as < self.floor:
            raise ValueError(f"learn_as is expected below the floor, {self.floor:g}")
        return self


class Study(_Strict):
    """A whole study; see :func:`load_study`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
    seed: Annotated[int, Ge(0)] = 0
    replicates: Annotated[int, Ge(1)] = 20
    source: Annotated[tuple[TableSpec, ...], MinLen(1)]
    target: TableSpec
    descriptor: DescriptorSpec = DescriptorSpec()
    learner: LearnerSpec = LearnerSpec()
    grid: GridSpec = GridSpec()
    evaluation: EvaluationSpec = EvaluationSpec()
    censoring: CensoringSpec | None = None

    @model_validator(mode="after")
    def _same_or_other_property(self) -> Study:
        if self.target.cross_property:
            raise ValueError("target.cross_property: is for sources, expected it there")
        if len({spec.cross_property for spec in self.source if spec.task is None}) > 1:
            raise ValueError(
                "source: got cross_property in some and not in others, expected sources of one "
                "property"
            )
        return self

    @property
    def cross_property(self) -> bool:
        """Whether the sources hold another property than the target."""
        return any(spec.cross_property for spec in self.source if spec.task is None)

    @model_validator(mode="after")
    def _tasks_are_beside_the_property(self) -> Study:
        if self.target.task is not None:
            raise ValueError("target.task: a task is a further computed property, of a source")
        if all(spec.task is not None for spec in self.source):
            raise ValueError("expected at least one source without task: the study's property")
        return self

    def to_plain(self) -> dict[str, Any]:
        """The study with its defaults written out, as TOML and JSON values."""
        return dict(self.model_dump(mode="json", by_alias=True, exclude_none=True))


def load_study(path: Path) -> Study:
    """Read and check a study file.

    Raises
    ------
    ConfigError
        One line per wrong key: the key, what was got, what is allowed.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such study file")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for table in [raw.get("target"), raw.get("descriptor"), *_as_list(raw.get("source"))]:
        if isinstance(table, dict) and isinstance(table.get("file"), str):
            table["file"] = str((path.parent / table["file"]).resolve())
    try:
        return Study.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(_explain(path, error)) from None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _explain(path: Path, error: ValidationError) -> str:
    lines = []
    for one in error.errors():
        if one["type"] == "too_short" and one["input"]:
            continue  # pydantic repeats so that an item, named already, is wrong
        # a branch of a union that pydantic names is no key of the file
        parts = [str(part) for part in one["loc"] if part not in {"range", "list"}]
        key = ".".join(parts) or "study"
        got = "" if one["type"] == "missing" else f"got {_short(one['input'])}; "
        allowed = _ALLOWED.get((one["type"], key)) or _ALLOWED.get((one["type"], ""))
        allowed = allowed or one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            allowed = f"there is no such key, expected one of {', '.join(_keys(parts[:-1]))}"
        lines.append(f"  {key}: {got}{allowed[:1].lower() + allowed[1:]}")
    return "\n".join([f"{path}: {len(lines)} wrong key{'s' if len(lines) > 1 else ''}", *lines])


_ALLOWED = {
    ("missing", ""): "is required",
    ("tuple_type", ""): "expected a list",
    ("tuple_type", "source"): "expected a list of tables: write [[source]]",
    ("too_short", ""): "expected at least one item",
    ("union_tag_not_found", "grid.n_source"): (
        "expected a list of sizes, or { from = SIZE, to = SIZE, count = NUMBER }"
    ),
    ("string_pattern_mismatch", "evaluation.split"): (
        'expected "random", "cluster" or "group:COLUMN"'
    ),
    ("string_pattern_mismatch", "name"): (
        "expected letters, digits, spaces, '.', '_' and '-', a letter or digit first"
    ),
}


def _keys(parents: list[str]) -> list[str]:
    """Keys allowed in the table of the study file that the parents lead to."""
    model: type[BaseModel] = Study
    for parent in parents:
        model = _TABLES.get(parent, model)
    return [field.alias or name for name, field in model.model_fields.items()]


_TABLES: dict[str, type[BaseModel]] = {
    "source": TableSpec,
    "target": TableSpec,
    "descriptor": DescriptorSpec,
    "grid": GridSpec,
    "n_source": SourceSizes,
    "evaluation": EvaluationSpec,
    "censoring": CensoringSpec,
}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
