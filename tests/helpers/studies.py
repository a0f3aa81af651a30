"""Studies of tests: a plain study with keys changed by their names, not text by other text."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def changed(plain: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A study with other values.

    Parameters
    ----------
    changes
        Dotted keys to values, as in ``{"source.0.unit": "J/mol", "grid.n_target": [5]}``; None
        takes a key away, a table that is not there is made.
    """
    whole = deepcopy(dict(plain))
    for key, value in changes.items():
        *path, last = key.split(".")
        at: Any = whole
        for part in path:
            at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
        if value is None:
            del at[last]
        else:
            at[last] = value
    return whole
