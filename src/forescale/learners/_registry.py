"""Learners by the name that study files use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from forescale.errors import ConfigError
from forescale.learners._base import Learner


def names() -> tuple[str, ...]:
    """Names that a study file may use."""
    return ("gp",)


def get_learner(name: str, options: Mapping[str, Any]) -> Learner:
    """The learner of that name with these options.

    Raises
    ------
    ConfigError
        If there is none of that name, or an option is wrong.
    """
    from forescale.learners.gp import GPLearner, GPOptions

    if name != "gp":
        raise ConfigError(f"learner.name: got {name!r}, expected one of {', '.join(names())}")
    try:
        return GPLearner(GPOptions(**options))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["learner", *map(str, first["loc"])])
        allowed = ", ".join(GPOptions.model_fields)
        unknown = first["type"] == "extra_forbidden"
        why = f"expected one of {allowed}" if unknown else first["msg"]
        raise ConfigError(f"{where}: got {first['input']!r}; {why}") from None
