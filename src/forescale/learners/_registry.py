"""Learners by the name that study files use.

A package announces a learner in its ``pyproject.toml``::

    [project.entry-points."forescale.learners"]
    forest = "my_package.forest:Forest"

A study file may also name it directly: ``name = "my_package.forest:Forest"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forescale._plugins import build_plugin, find_plugin, plugin_names
from forescale.errors import ConfigError
from forescale.learners._base import Learner

GROUP = "forescale.learners"
_OWN = {
    "gp": "forescale.learners.gp:GPLearner",
    "mlp": "forescale.learners.mlp:MLPLearner",
}


def names() -> tuple[str, ...]:
    """Names that a study file may use."""
    return plugin_names(_OWN, GROUP)


def get_learner(name: str, options: Mapping[str, Any]) -> Learner:
    """The learner of that name, or at ``module:Class``, with these options.

    Raises
    ------
    ConfigError
        If there is none of that name, it is no learner, or an option is wrong.
    """
    learner = build_plugin("learner", find_plugin("learner.name", name, _OWN, GROUP), options)
    if not isinstance(learner, Learner):
        raise ConfigError(
            f"learner.name: {name} is no learner: expected an attribute 'name' and a method "
            "'prepare' (see forescale.learners.Learner)"
        )
    return learner
