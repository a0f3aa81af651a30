"""Learners by the name that study files use.

A package announces a learner in its ``pyproject.toml``::

    [project.entry-points."forescale.learners"]
    forest = "my_package.forest:Forest"

A study file may also name it directly: ``name = "my_package.forest:Forest"``. What is trusted,
and when, is told in ``docs/trust.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forescale._machine.plugins import PluginKind, Trust, build, lacks_of_class
from forescale.errors import ConfigError
from forescale.learners.contract import Learner

GROUP = "forescale.learners"


def _lacks(found: Any) -> str:
    lacks = lacks_of_class(found, {"prepare": 2})
    return lacks and f"{lacks} (see forescale.learners.Learner)"


LEARNERS = PluginKind(
    what="learner",
    key="learner.name",
    group=GROUP,
    own={
        "gp": "forescale.learners.gp.learner:GPLearner",
        "boosted": "forescale.learners.boosted.learner:BoostedLearner",
        "blend": "forescale.learners.blend.learner:BlendLearner",
        "mlp": "forescale.learners.mlp.learner:MLPLearner",
    },
    lacks=_lacks,
)


def names() -> tuple[str, ...]:
    """Names that a study file may use."""
    return LEARNERS.names()


def get_learner(name: str, options: Mapping[str, Any], *, trust: Trust = None) -> Learner:
    """The learner of that name, or at ``module:Class``, with these options.

    Parameters
    ----------
    trust
        Which names of the form ``module:Class`` may be loaded: by default the caller's own,
        whatever it is. Names that were received come with
        :data:`forescale._machine.plugins.RECEIVED`, or what the user consents to.

    Raises
    ------
    ConfigError
        If there is none of that name, it is no learner, or an option is wrong.
    """
    learner = build("learner", LEARNERS.find(name, trust=trust), options)
    if not isinstance(learner, Learner):
        raise ConfigError(
            f"learner.name: {name} is no learner: expected an attribute 'name' and a method "
            "'prepare' (see forescale.learners.Learner)"
        )
    return learner
