"""What a loop file may say.

A loop is one TOML file: what is to be predicted better, what can be computed and at what cost, and
when enough is enough. Relative paths are relative to that file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from forescale._machine.executors import ClusterChoice
from forescale._machine.toml import Float, Int, read_toml, validated
from forescale.errors import ConfigError
from forescale.metrics import Metric
from forescale.simulation.campaign import EngineConfig, LimitsConfig, MaterialsConfig
from forescale.study.sections import DescriptorSpec, LearnerSpec
from forescale.study.sources import Source
from forescale.words import number

_Share = Annotated[Float, Ge(0), Le(1)]
_Positive = Annotated[Float, Gt(0)]
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArmConfig(_Section):
    """One way to spend: an engine and its protocol, a property, a pool, an order.

    Parameters
    ----------
    name
        Letters, digits, ``-`` and ``_``; a folder of the loop is called so.
    engine
        As in a campaign file.
    property
        Which of the engine's properties; may be left out where it has one.
    pool
        Lists of materials, as in a campaign file; without any, all that a ``replay`` engine has.
    order
        ``random``, ``diverse``, ``near``, ``uncertain``, ``informative``, or one that an installed
        package announces.
    control
        Share of each batch drawn at random.
    cost
        Of one computed value, in the budget's unit; by default the seconds that jobs took.
    cross_property
        The property is another than the target's.
    workers, threads, retries, limits
        As in a campaign file.
    """

    name: Annotated[str, Field(pattern=_NAME)]
    engine: EngineConfig
    property: str | None = None
    pool: tuple[MaterialsConfig, ...] = ()
    order: str = "informative"
    control: _Share = 0.2
    cost: _Positive | None = None
    cross_property: bool = False
    workers: Annotated[Int, Ge(1), Le(512)] = 1
    threads: Annotated[Int, Ge(1)] = 1
    retries: Annotated[Int, Ge(0), Le(10)] = 1
    limits: LimitsConfig = LimitsConfig()

    @model_validator(mode="after")
    def _has_a_pool(self) -> ArmConfig:
        if not self.pool and self.engine.name != "replay":
            raise ValueError("pool: expected lists of materials; only engine replay has its own")
        return self


class BudgetConfig(_Section):
    """What may be spent, and what for.

    Parameters
    ----------
    total
        In ``unit``.
    unit
        What costs are counted in: "jobs", "core hours", "EUR".
    measured
        Cost of one measured value; without it measuring is not weighed against computing.
    matters
        Smallest fall of the error that is worth one batch, in the metric's unit.
    target_error
        Error at which the loop is done, in the metric's unit.
    """

    total: _Positive
    unit: str = "jobs"
    measured: _Positive | None = None
    matters: _Positive | None = None
    target_error: _Positive | None = None


class JudgedConfig(_Section):
    """How the error on measured materials is found each round.

    Parameters
    ----------
    metric
        ``rmse`` or ``mae``.
    n_target
        Measured values to fine-tune on, ascending; decisions are for the last. By default all
        that are at hand beside the tested ones, and a quarter of them.
    replicates
        Splits of the measured materials.
    test_fraction
        Share of the measured materials that each split tests on.
    overlap
        ``allow`` computed values of tested materials, or ``exclude`` them.
    """

    metric: Metric = Metric.RMSE
    n_target: tuple[Annotated[Int, Ge(3)], ...] = ()
    replicates: Annotated[Int, Ge(2), Le(1000)] = 10
    test_fraction: Annotated[Float, Gt(0.0), Le(0.9)] = 0.2
    overlap: Literal["allow", "exclude"] = "exclude"

    @field_validator("metric")
    @classmethod
    def _an_error(cls, metric: Metric) -> Metric:
        if not metric.is_error:
            raise ValueError("expected rmse or mae: laws are fitted to errors")
        return metric


class LoopConfig(_Section):
    """A whole loop file; see :class:`~forescale.growth.Loop`.

    Parameters
    ----------
    name
        What the loop and its folder are called.
    seed
        Of everything that is drawn.
    target
        Measured values, as in a study file.
    arm
        What can be computed; ``[[arm]]`` stands once for each way.
    budget
        What may be spent, and when to stop.
    judged
        How errors are found.
    descriptor, learner
        As in a study file.
    first
        Values of each arm before anything is decided.
    batch
        Values of every further round; by default a share of what is there, see ``growth``.
    growth
        How many times larger an arm gets in a round.
    largest
        Share of the budget that a round may cost at most, ``batch`` and ``first`` aside: a stop
        comes a batch or two after the right moment.
    explore
        Share of rounds in which another arm than the best is tried.
    cluster
        Where jobs run, as in a campaign file.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
    seed: Annotated[Int, Ge(0), Le(2**63 - 1)] = 0
    target: Source
    arm: Annotated[tuple[ArmConfig, ...], MinLen(1)]
    budget: BudgetConfig
    judged: JudgedConfig = JudgedConfig()
    descriptor: DescriptorSpec = DescriptorSpec()
    learner: LearnerSpec = LearnerSpec()
    first: Annotated[Int, Ge(8)] = 60
    batch: Annotated[Int, Ge(1)] | None = None
    growth: Annotated[Float, Gt(1), Le(4)] = 1.5
    largest: Annotated[Float, Gt(0), Le(1)] = 0.125
    explore: _Share = 0.1
    cluster: ClusterChoice | None = None
    folder: Path = Field(default_factory=Path.cwd, exclude=True)

    @field_validator("arm")
    @classmethod
    def _distinct(cls, arms: tuple[ArmConfig, ...]) -> tuple[ArmConfig, ...]:
        names = [arm.name.lower() for arm in arms]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"got two arms called {twice[0]!r}, expected each name once")
        return arms

    @model_validator(mode="after")
    def _affordable(self) -> LoopConfig:
        for arm in self.arm:
            if arm.cost is not None and self.first * arm.cost > self.budget.total:
                got, cost = number(self.budget.total, 6), number(self.first * arm.cost, 6)
                raise ValueError(
                    f"budget.total: got {got} {self.budget.unit}, but the first "
                    f"{self.first} values of arm {arm.name!r} cost {cost}; "
                    "raise the budget or lower first"
                )
        return self

    @classmethod
    def from_toml(cls, path: Path) -> LoopConfig:
        """Read a loop file.

        Raises
        ------
        ConfigError
            Names the file, each bad key, what was got and what is allowed.
        """
        raw = read_toml(path, "loop file")
        if "folder" in raw:
            raise ConfigError(f"{path}: folder: there is no such key")
        base = path.resolve().parent
        target = raw.get("target")
        if isinstance(target, dict) and isinstance(target.get("file"), str):
            target["file"] = str(base / target["file"])
        raw.setdefault("name", path.stem)
        return validated(cls, {**raw, "folder": base}, path)

    def to_plain(self) -> dict[str, Any]:
        """The loop with its defaults written out, as TOML and JSON values."""
        return dict(self.model_dump(mode="json", by_alias=True, exclude_none=True))
