"""The tiny job of ``forescale cluster check``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from forescale._machine.executors.remote import Context, versions
from forescale._machine.executors.sharing import sees


def trial(context: Context, folder: str, token: str, engine: str | None) -> None:
    """Tell what is here: versions, whether the folder is seen, and the engine's module."""
    context.tell({"versions": versions(), "sees": sees(Path(folder), token)})
    if engine is not None:
        module, _, attribute = engine.partition(":")
        found = getattr(import_module(module), attribute)
        context.tell({"engine": str(getattr(found, "name", attribute))})
