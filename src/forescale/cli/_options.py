"""Options that several commands share, and numbers that are checked before any work."""

from __future__ import annotations

import math
from typing import Annotated, Any

import typer


def _checked(param: typer.CallbackParam, value: Any, ok: Any, expected: str) -> Any:
    """Return what was given; one line where it is not what is expected."""
    from forescale.errors import ConfigError

    for one in value if isinstance(value, (list, tuple)) else [value]:
        if one is not None and not ok(one):
            raise ConfigError(f"{param.opts[0]}: got {one:g}, expected {expected}")
    return value


def above_zero(param: typer.CallbackParam, value: Any) -> Any:
    """Refuse what is not a finite number above zero."""
    return _checked(param, value, lambda v: math.isfinite(v) and v > 0, "a number above zero")


def between(param: typer.CallbackParam, value: Any) -> Any:
    """Refuse what is not between 0 and 1."""
    return _checked(param, value, lambda v: 0 < v < 1, "a number between 0 and 1")


def not_negative(param: typer.CallbackParam, value: Any) -> Any:
    """Refuse whole numbers below zero."""
    return _checked(param, value, lambda v: v >= 0, "a whole number, 0 or more")


AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
TargetErrors = Annotated[
    list[float] | None,
    typer.Option("--target-error", callback=above_zero, help="Error to reach; may be repeated."),
]
CostSource = Annotated[
    float | None, typer.Option(callback=above_zero, help="Cost of a computed value.")
]
CostTarget = Annotated[
    float | None, typer.Option(callback=above_zero, help="Cost of a measured value.")
]
Budget = Annotated[
    float | None, typer.Option(callback=above_zero, help="Budget to split between the two.")
]
Matters = Annotated[
    float | None, typer.Option(callback=above_zero, help="Fall of the error worth a batch.")
]
Batch = Annotated[
    float | None, typer.Option(callback=above_zero, help="Computed values in a batch.")
]
Level = Annotated[float, typer.Option(callback=between, help="Level of the intervals.")]
Seed = Annotated[int, typer.Option(callback=not_negative, help="Seed of the draws.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every answer, not only verdicts.")]


def asked(
    target_error: list[float] | None,
    cost_source: float | None,
    cost_target: float | None,
    budget: float | None,
    matters: float | None,
    batch: float | None,
) -> dict[str, Any]:
    """Return what was asked, by the names of `forescale.planning.Questions`."""
    given = {
        "target_errors": tuple(target_error or ()),
        "cost_source": cost_source,
        "cost_target": cost_target,
        "budget": budget,
        "matters": matters,
        "batch": batch,
    }
    return {name: value for name, value in given.items() if value not in (None, ())}
