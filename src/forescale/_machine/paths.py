"""Where forescale keeps what it can compute or download again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The cache folder: ``FORESCALE_CACHE``, or the user's cache folder."""
    import pooch

    return Path(os.environ.get("FORESCALE_CACHE") or pooch.os_cache("forescale"))
