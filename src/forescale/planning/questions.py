"""What a user asks of a plan: errors to reach, costs, a budget, what matters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from forescale.errors import ConfigError


@dataclass(frozen=True)
class Questions:
    """What to plan for; each may be left open.

    Attributes
    ----------
    target_errors
        Errors to reach, in the metric's unit. By default two per law, halfway and nine
        tenths of the way to the limit, where the data tell the limit.
    cost_source, cost_target
        Cost of one computed and of one measured value, in one unit.
    budget
        To split between the two.
    matters
        Smallest fall of the error worth a batch, in the metric's unit.
    batch
        Computed values in the next batch; default the largest size seen.
    have_source, have_target
        Computed and measured values at hand, where they are others than the study's.

    Raises
    ------
    ConfigError
        If a number is not finite and above zero, or a budget comes without both costs.

    Examples
    --------
    >>> Questions.of(0.1, budget=100, cost_source=1, cost_target=20).target_errors
    (0.1,)
    """

    target_errors: tuple[float, ...] = ()
    cost_source: float | None = None
    cost_target: float | None = None
    budget: float | None = None
    matters: float | None = None
    batch: float | None = None
    have_source: float | None = None
    have_target: float | None = None

    def __post_init__(self) -> None:
        named = [("target_error", value) for value in self.target_errors]
        for name in (
            "cost_source",
            "cost_target",
            "budget",
            "matters",
            "batch",
            "have_source",
            "have_target",
        ):
            named.append((name, getattr(self, name)))
        for name, value in named:
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ConfigError(f"{name}: got {value}, expected a finite number above zero")
        if self.budget is not None and (self.cost_source is None or self.cost_target is None):
            raise ConfigError("a budget needs cost_source and cost_target, the costs of one value")

    @classmethod
    def of(
        cls, target_error: float | Iterable[float] | None = None, **costs: float | None
    ) -> Questions:
        """Build from one error to reach, several, or none."""
        if target_error is None:
            return cls((), **costs)
        if isinstance(target_error, (int, float)):
            return cls((float(target_error),), **costs)
        return cls(tuple(float(value) for value in target_error), **costs)
