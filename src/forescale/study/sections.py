"""The tables of a study file: descriptor, learner, grid, evaluation, censoring, plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    Strict,
    StrictBool,
    field_validator,
    model_validator,
)

from forescale._machine.toml import Float, Int
from forescale.metrics import Metric
from forescale.splits import Overlap, SplitRule, Testing, folds_of
from forescale.study.sizes import LARGEST, Sizes, SourceSizes, ascending

_Measured = Annotated[Int, Ge(3), Le(LARGEST)]


class Section(BaseModel):
    """A table of a study file: keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _several(value: Any) -> Any:
    """Take one number for a list of one."""
    return value if isinstance(value, (list, tuple)) else (value,)


class DescriptorSpec(Section):
    """Which descriptor; by default the one for the kind of material.

    Parameters
    ----------
    name
        Of the materials, or of a pair's solutes (or polymers); ``table`` with a file. The
        default is ``element_properties`` for compositions, ``periodic`` for polymers and
        ``structure`` for molecules and pairs.
    solvent
        Of a pair's solvents, if it is another.
    file, material
        A table of features computed elsewhere (CSV or Parquet), and its column of
        materials; its other columns are numbers.
    """

    name: str = "default"
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


class GridSpec(Section):
    """Sizes of the computed (n) and measured (m) data.

    Parameters
    ----------
    n_source, n_target
        Sizes, ascending; of n also a range.
    all_measured
        Add to ``n_target`` all measured values that every replicate has for fine-tuning: the
        m at hand, which plans answer at.
    """

    n_source: Sizes = SourceSizes.model_validate({})
    n_target: Annotated[tuple[_Measured, ...], MinLen(1)] = (20, 40, 80, 160)
    all_measured: StrictBool = True

    _ascending = field_validator("n_source", "n_target")(ascending)


_Split = Annotated[
    InstanceOf[SplitRule],
    BeforeValidator(SplitRule.parse),
    PlainSerializer(lambda rule: str(rule), return_type=str),
]


class EvaluationSpec(Section):
    """How predictions are judged.

    Parameters
    ----------
    metrics
        Of ``rmse``, ``mae`` and ``r2``; the first leads, laws are fitted to all but ``r2``.
    split
        ``random``; ``group:COLUMN``, whole groups of a column of the target's file on one
        side; or ``cluster``, groups of materials alike in descriptor space.
    test_fraction
        Share of the target's materials to test on; balanced test sets may hold fewer.
    test
        ``balanced``: the test sets of 1 / test_fraction replicates divide the target, so that
        each material is tested equally often; or ``random``, drawn anew in each replicate.
    overlap
        ``exclude`` computed values of test materials, or ``allow`` them; or
        ``exclude-group``, those of all materials in the groups that are tested; or
        ``disjoint``, those of all measured materials.
    """

    metrics: Annotated[tuple[Metric, ...], MinLen(1)] = tuple(Metric)
    split: _Split = SplitRule()
    test_fraction: Annotated[float, Strict(), Gt(0), Lt(1)] = 0.2
    test: Testing = Testing.BALANCED
    overlap: Overlap = Overlap.EXCLUDE

    @property
    def block(self) -> int | None:
        """How many replicates divide the target into their test sets; None where none do."""
        return folds_of(self.test_fraction) if self.test is Testing.BALANCED else None

    @field_validator("metrics")
    @classmethod
    def _a_law_needs_an_error(cls, value: tuple[Metric, ...]) -> tuple[Metric, ...]:
        if not any(metric.is_error for metric in value):
            raise ValueError("expected rmse or mae among them: laws are fitted to errors")
        return value


class CensoringSpec(Section):
    """Values at a floor say only that the true one is no higher.

    Parameters
    ----------
    floor
        Lowest value of the property, in the target's unit: 0 for a band gap.
    learn_as
        What learners are given in place of values at or below it, lower than the floor.
        Predictions below the floor are raised to it.
    """

    floor: Float
    learn_as: Float

    @model_validator(mode="after")
    def _below(self) -> CensoringSpec:
        if not self.learn_as < self.floor:
            raise ValueError(f"learn_as is expected below the floor, {self.floor:g}")
        return self


_Positive = Annotated[float, Gt(0), Field(allow_inf_nan=False)]


class PlanSpec(Section):
    """What the plan of a study is asked; the numbers of its errors do not depend on it.

    Parameters
    ----------
    target_error
        Error to reach, or several, in the unit of the first metric.
    cost_source, cost_target
        Cost of one computed and of one measured value, in one unit.
    budget
        To split between the two.
    matters, batch
        Smallest fall of the error worth a batch, and the computed values in it.
    """

    target_error: Annotated[tuple[_Positive, ...], BeforeValidator(_several)] = ()
    cost_source: _Positive | None = None
    cost_target: _Positive | None = None
    budget: _Positive | None = None
    matters: _Positive | None = None
    batch: _Positive | None = None

    @model_validator(mode="after")
    def _a_budget_has_costs(self) -> PlanSpec:
        if self.budget is not None and None in (self.cost_source, self.cost_target):
            raise ValueError("budget: needs cost_source and cost_target, the costs of one value")
        return self
