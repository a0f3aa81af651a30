"""``model.json`` as a type: reading it is checking it.

Every key of the file is declared here once, with what it may hold. Keys that an older
release did not write have defaults; keys that a later one adds are passed over.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, MaxLen, MinLen
from pydantic import Field, ValidationError, model_validator

from forescale.errors import ModelError
from forescale.prediction.calibration import Calibration
from forescale.prediction.makeup import Makeup
from forescale.prediction.record import Record
from forescale.study.censoring import Censoring

FORMAT = 2
"""Version of the folder's layout that is written; those up to it can be read."""

_Count = Annotated[int, Ge(0)]
_Some = Annotated[int, Gt(0)]
_NotNegative = Annotated[float, Ge(0)]
_Name = Annotated[str, MaxLen(500)]
_Policy = Annotated[str, Field(pattern="^(exclude|allow|exclude-group|disjoint)$")]
_Kind = Annotated[str, Field(pattern="^(composition|molecule|pair|polymer)$")]


class Origin(Record):
    """Where values come from; see :class:`~forescale.tables.Provenance`."""

    dataset: str = ""
    version: str = ""
    method: str = ""
    reference: str = ""
    licence: str = ""
    sha256: str = ""


class Side(Record):
    """The computed or the measured side of the study."""

    property: _Name
    unit: _Name
    material_kind: _Kind
    kind: Literal["computed", "measured"] = "measured"
    materials: _Count = 0
    rejected_rows: _Count = 0
    datasets: tuple[Origin, ...] = ()


class NamedLearner(Record):
    """The learner that made the model, with its options."""

    name: _Name
    options: dict[str, Any] = Field(default_factory=dict)


class NamedDescriptor(Record):
    """The descriptor of the materials, and of a pair's solvents if that is another."""

    name: _Name
    solvent: _Name | None = None


class TrainedBlock(Record):
    """Version and columns of one side's features."""

    name: _Name
    version: _Name
    columns: Annotated[tuple[_Name, ...], MinLen(1)]


class Range(Record):
    """Lowest and highest measured value."""

    lowest: float
    highest: float

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.lowest > self.highest:
            raise ValueError("the lowest value is above the highest")
        return self


class Error(Record):
    """A mean test error of the study, its standard error, and that of scratch."""

    mean: float | None
    std_error: float | None
    scratch: float | None


class StudyErrors(Record):
    """Errors at the largest n and m of the study, by metric."""

    n_source: _Count
    n_target: _Count
    replicates: _Count
    errors: dict[str, Error]


class DomainRecord(Record):
    """What is kept of the domain beside its arrays."""

    blocks: _Some
    threshold: _NotNegative = 0.0
    makeup: Makeup | None = None


class Floor(Record):
    """See :class:`~forescale.study.censoring.Censoring`."""

    floor: float
    learn_as: float

    def censoring(self) -> Censoring:
        """The same, at work."""
        return Censoring(self.floor, self.learn_as)


class ModelManifest(Record):
    """Contents of ``model.json``.

    Parameters
    ----------
    format, forescale, sha256
        Version of the layout, release that wrote it, and hash of everything else.
    name, identity, seed, split, overlap
        Of the study and its run.
    target, sources
        Property, unit and origin of either side.
    learner, settings
        What made the model, and what it keeps beside arrays; the learner checks it.
    descriptor, blocks
        Of the features.
    columns
        Names that the study's files have for the columns of a material, by role.
    temperature
        Of pairs: ``varies``, or the one temperature in K; None without.
    calibrations
        By policy of overlap; ``exclude`` is always there.
    files
        SHA-256 of every other file of the folder.
    """

    format: Annotated[int, Ge(1)]
    forescale: _Name = "unknown"
    name: _Name = "model"
    identity: _Name
    learner: NamedLearner
    target: Side
    sources: Side
    descriptor: NamedDescriptor
    blocks: Annotated[tuple[TrainedBlock, ...], MinLen(1)]
    columns: dict[str, tuple[_Name, ...]]
    temperature: Literal["varies"] | Annotated[float, Gt(0)] | None
    censoring: Floor | None
    n_source: _Count
    n_target: _Count
    overlap_materials: _Count | None = None
    noise_floor: _NotNegative | None = None
    values: Range | None = None
    seed: _Count
    split: _Name = "random"
    overlap: _Policy = "exclude"
    study_errors: StudyErrors | None = None
    settings: dict[str, Any]
    calibrations: dict[_Policy, Calibration]
    calibrated_on: _Count | None = None
    domain: DomainRecord
    files: dict[str, str] = Field(default_factory=dict)
    sha256: str = ""

    @model_validator(mode="after")
    def _whole(self) -> ModelManifest:
        if "exclude" not in self.calibrations:
            raise ValueError("calibrations: lacks exclude, that of new materials")
        if len(self.blocks) != self.domain.blocks:
            raise ValueError(
                f"domain.blocks: is {self.domain.blocks}, but there are {len(self.blocks)} blocks"
            )
        return self

    @property
    def material_kind(self) -> str:
        """What the model predicts the property of."""
        return self.target.material_kind

    def to_text(self) -> str:
        """The file's text, with the hash of all the rest of it."""
        plain = self.model_dump(mode="json", exclude={"sha256"})
        plain["sha256"] = settings_hash(plain)
        return json.dumps(plain, indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_text(cls, text: str, where: str, remedy: str) -> ModelManifest:
        """Read and check the file's text.

        Raises
        ------
        ModelError
            In one line: damaged, of an unknown format, changed, or with a wrong value.
        """
        try:
            found = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{where}: damaged ({_line(error)}); {remedy}") from None
        if not isinstance(found, dict) or "format" not in found:
            raise ModelError(f"{where}: damaged (it names no format); {remedy}")
        if type(found["format"]) is not int or not 1 <= found["format"] <= FORMAT:
            raise ModelError(
                f"{where}: got a model of format {_short(found['format'])}, expected at most "
                f"{FORMAT}; use the release that made it "
                f"(forescale {_short(found.get('forescale', 'unknown'))})"
            )
        missing = [
            name
            for name, field in cls.model_fields.items()
            if field.is_required() and name not in found
        ]
        if missing:
            raise ModelError(f"{where}: damaged (it lacks {', '.join(missing)}); {remedy}")
        given = found.get("sha256")
        try:
            whole = given == settings_hash({k: v for k, v in found.items() if k != "sha256"})
            made = cls.model_validate_json(text) if whole else None
        except ValidationError as error:
            raise ModelError(f"{where}: damaged ({explain(error)}); {remedy}") from None
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{where}: damaged ({_line(error)}); {remedy}") from None
        if made is None:
            raise ModelError(f"{where}: was changed after it was written; {remedy}")
        return made


def settings_hash(plain: dict[str, Any]) -> str:
    """Hash of the contents of ``model.json`` without the hash itself."""
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def explain(error: ValidationError) -> str:
    """The first complaint of a validation, in one line, and how many more there are."""
    found = error.errors(include_url=False)
    first = found[0]
    where = ".".join(str(part) for part in first["loc"])
    words = first["msg"].removeprefix("Value error, ")
    got = "" if first["type"] in {"missing", "value_error"} else f"got {_short(first['input'])}; "
    more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
    return _line(f"{where}: {got}{words}{more}" if where else f"{words}{more}")


def _no_number(text: str) -> float:
    raise ValueError(f"got {text}, expected finite numbers")


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "…"


def _line(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 300 else text[:299] + "…"
