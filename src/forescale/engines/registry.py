"""Engines by the name that campaign files use.

A package announces an engine in its ``pyproject.toml``::

    [project.entry-points."forescale.engines"]
    ase = "my_package.ase_engine:AseEngine"

A campaign file may also name it directly, as ``module:Class``, or ``file.py:Class`` of a file
beside it. What is trusted, and when, is told in ``docs/trust.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from forescale._machine.plugins import PluginKind, Trust, lacks_of_class, said
from forescale._machine.toml import explained
from forescale.engines.contract import Engine
from forescale.errors import ConfigError

_ATTRIBUTES = ("name", "kinds", "units", "Settings", "version")
_FILE_NAME = re.compile(r"[^\W_][\w .,()+-]{0,99}")


def _lacks(found: Any) -> str:
    lacks = lacks_of_class(found, {"check": 0, "compute": 1}, _ATTRIBUTES)
    if not lacks and not _is_model(found.Settings):
        lacks = "its Settings is no subclass of EngineProtocol"
    return lacks and f"{lacks} (see forescale.engines.contract.Engine)"


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


ENGINES = PluginKind(
    what="engine",
    key="engine.name",
    group="forescale.engines",
    own={
        "xtb": "forescale.engines.xtb:XtbEngine",
        "md": "forescale.engines.md:MdEngine",
        "cosmo": "forescale.engines.cosmo:CosmoEngine",
        "replay": "forescale.engines.replay:ReplayEngine",
    },
    lacks=_lacks,
    files=True,
)


def names() -> tuple[str, ...]:
    """Names that a campaign file may use."""
    return ENGINES.names()


def resolve(name: str, folder: Path, *, trust: Trust = None) -> str:
    """The full ``origin:object`` form of an engine's name, with an absolute file.

    Raises
    ------
    ConfigError
        If the name is neither a known one nor of that form, or is not trusted.
    """
    return ENGINES.resolve(name, trust=trust, folder=folder)


def limits_of(name: str) -> dict[str, str]:
    """What is known to be wrong with the properties of an engine of ours, in sentences.

    >>> sorted(limits_of("xtb"))
    ['dipole', 'gap', 'refractive_index']
    >>> limits_of("my_engine.py:MyEngine")
    {}
    """
    if name not in ENGINES.own:
        return {}
    module, _, attribute = ENGINES.own[name].partition(":")
    return dict(getattr(getattr(import_module(module), attribute), "limits", {}))


def build_engine(spec: str, settings: dict[str, Any], folder: Path) -> Engine:
    """An engine from its resolved name and raw settings, with paths relative to ``folder``.

    Raises
    ------
    ConfigError
        If the object is no engine, fails, or refuses the settings, naming keys and allowed
        values.
    """
    engine_type = ENGINES.load(spec)
    with said(f"engine.name: {spec} fails", through=(ValidationError,)):
        try:
            checked = engine_type.Settings.model_validate(settings, context={"folder": folder})
        except ValidationError as error:
            lines = explained(error, engine_type.Settings, root="engine.protocol")
            allowed = ", ".join(engine_type.Settings.model_fields) or "nothing"
            raise ConfigError(f"{'; '.join(lines)} (allowed keys: {allowed})") from None
        engine: Engine = engine_type(checked)
        _check_names(spec, engine.name, engine.units)
    return engine


def _check_names(spec: str, name: str, units: Mapping[str, str]) -> None:
    """Names of the engine and its properties become names of files."""
    for what, value in [("name", name), *(("property", one) for one in units)]:
        if not isinstance(value, str) or not is_file_name(value):
            raise ConfigError(
                f"engine.name: {spec}: got the {what} {value!r}, which cannot name a file; "
                "expected letters, digits, spaces and . , ( ) + - _, a letter or digit first, "
                "at most 100 of them"
            )


def is_file_name(name: str) -> bool:
    """Whether a name can be a file's in a folder of ours, and nowhere else.

    >>> is_file_name("heat capacity (298 K)"), is_file_name("../escaped"), is_file_name("/abs")
    (True, False, False)
    """
    return _FILE_NAME.fullmatch(name) is not None and len(name.encode()) <= 200
