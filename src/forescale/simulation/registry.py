"""Finding engines (and generators) by name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from forescale.errors import ConfigError
from forescale.simulation.engine import Engine

#: Engines that come with the package.
ENGINES = {
    "xtb": "forescale.simulation.engines.xtb:XtbEngine",
    "md": "forescale.simulation.engines.md:MdEngine",
    "cosmo": "forescale.simulation.engines.cosmo:CosmoEngine",
    "replay": "forescale.simulation.engines.replay:ReplayEngine",
}


def resolve(name: str, folder: Path) -> str:
    """The full ``origin:object`` form of an engine's name, with an absolute file.

    Raises
    ------
    ConfigError
        If the name is neither a known one nor of that form.
    """
    spec = ENGINES.get(name, name)
    origin, separator, attribute = spec.rpartition(":")
    if not separator or not origin or not attribute:
        raise ConfigError(
            f"engine.name: got {name!r}, expected one of {', '.join(ENGINES)}, "
            "or 'module:Class' or 'file.py:Class'"
        )
    if origin.endswith(".py"):
        return f"{(folder / origin).resolve()}:{attribute}"
    return spec


def load_object(spec: str) -> Any:
    """Import the object of a resolved ``origin:object`` name.

    Raises
    ------
    ConfigError
        If the module or the object is not there.
    """
    origin, _, attribute = spec.rpartition(":")
    try:
        module = _from_file(Path(origin)) if origin.endswith(".py") else None
        module = module or importlib.import_module(origin)
        return getattr(module, attribute)
    except (ImportError, OSError, AttributeError) as error:
        raise ConfigError(f"{spec}: cannot be imported ({error})") from error


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    name = f"forescale_engine_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def build_engine(spec: str, settings: dict[str, Any], folder: Path) -> Engine:
    """An engine from its resolved name and raw settings, with paths relative to ``folder``.

    Raises
    ------
    ConfigError
        If the object is no engine or refuses the settings, naming keys and allowed values.
    """
    engine_type = load_object(spec)
    missing = [
        part
        for part in ("name", "kinds", "units", "Settings", "version", "check", "compute")
        if not hasattr(engine_type, part)
    ]
    if missing:
        raise ConfigError(f"{spec}: not an engine, it lacks {', '.join(missing)}")
    try:
        checked = engine_type.Settings.model_validate(settings, context={"folder": folder})
    except ValidationError as error:
        allowed = ", ".join(engine_type.Settings.model_fields) or "nothing"
        problems = "; ".join(
            f"engine.protocol.{'.'.join(map(str, p['loc']))}: got {p['input']!r}; {p['msg']}"
            for p in error.errors()
        )
        raise ConfigError(f"{problems} (allowed keys: {allowed})") from None
    engine: Engine = engine_type(checked)
    return engine
