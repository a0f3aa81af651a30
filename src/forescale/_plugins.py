"""Objects from elsewhere: found by name, by entry point or as ``module:Class``, and built.

Naming a module runs its code. Only what Python can import is taken, never a file beside a
study file: a study file from elsewhere runs nothing that was not installed on purpose.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from traceback import extract_tb
from typing import Any

from pydantic import BaseModel, ValidationError

from forescale.errors import ConfigError, MissingDependencyError


def plugin_names(own: Mapping[str, str], group: str) -> tuple[str, ...]:
    """Names of our own objects, then of those that installed packages announce."""
    return (*own, *sorted({point.name for point in entry_points(group=group)} - set(own)))


def find_plugin(key: str, name: str, own: Mapping[str, str], group: str) -> Any:
    """The object of that name, or at ``module:Object``.

    Parameters
    ----------
    key
        Key of the study file that holds the name, for messages.
    own
        Our own names, each with its ``module:Object``.
    group
        Entry-point group of the names that installed packages bring.

    Raises
    ------
    ConfigError
        If there is nothing of that name, or it cannot be imported.
    """
    announced = {point.name: point.value for point in entry_points(group=group)}
    spec = {**announced, **own}.get(name, name)
    module, separator, attribute = spec.partition(":")
    if not separator or not module or not attribute:
        raise ConfigError(
            f"{key}: got {name!r}, expected one of {', '.join(plugin_names(own, group))}, "
            "or 'module:Class' of a module that Python can import"
        )
    try:
        found = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except MissingDependencyError:
        raise
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"{key}: {spec} cannot be imported ({error}); install its package, or put the "
            "module's folder on PYTHONPATH"
        ) from None
    except Exception as error:  # whatever the module does when it is imported
        raise ConfigError(f"{key}: {spec} fails when imported: {told(error)}") from error
    return found


def build_plugin(key: str, made: Any, options: Mapping[str, Any]) -> Any:
    """Call ``made`` with options, after naming those it does not have.

    A class with a pydantic model ``Options`` gets one; any other gets keyword arguments.

    Raises
    ------
    ConfigError
        If an option is unknown, missing or refused.
    """
    if not callable(made):
        raise ConfigError(f"{key}.name: got {made!r}, expected a class")
    model = getattr(made, "Options", None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return made(_validated(key, model, options))
    _check_names(key, made, options)
    try:
        return made(**options)
    except MissingDependencyError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{key}: got {dict(options)}; {told(error)}") from error


def _validated(key: str, model: type[BaseModel], options: Mapping[str, Any]) -> BaseModel:
    try:
        return model(**options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([key, *map(str, first["loc"])])
        allowed = ", ".join(model.model_fields)
        unknown = first["type"] == "extra_forbidden"
        why = f"expected one of {allowed}" if unknown else first["msg"]
        raise ConfigError(f"{where}: got {first['input']!r}; {why}") from None


def _check_names(key: str, made: Any, options: Mapping[str, Any]) -> None:
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):  # built in C: the call itself will tell
        return
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {p.name: p for p in parameters if p.kind not in variadic}
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        return
    allowed = ", ".join(named) or "no option"
    for option, value in options.items():
        if option not in named:
            raise ConfigError(f"{key}.{option}: got {value!r}; expected one of {allowed}")
    for name, parameter in named.items():
        if parameter.default is inspect.Parameter.empty and name not in options:
            raise ConfigError(f"{key}.{name}: is required")


def told(error: BaseException) -> str:
    """One line that tells an error of somebody's code: its type, its words, its place.

    >>> told(ValueError("no such tree"))
    'ValueError: no such tree'
    """
    words = " ".join(str(error).split())
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    frames = extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return (text if len(text) <= 300 else text[:299] + "…") + place
