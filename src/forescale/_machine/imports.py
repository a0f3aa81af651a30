"""Optional packages: a missing one says which extra brings it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from forescale.errors import MissingDependencyError


def optional(module: str, extra: str) -> Any:
    """Import ``module`` or say which extra of forescale installs it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{module.split('.')[0]} is not installed ({error}); "
            f'install it with: pip install "forescale[{extra}]"'
        ) from None
