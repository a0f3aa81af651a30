"""Fixtures for every test: a cache of its own, and the mirror where there is one."""

import os
from pathlib import Path

import pytest

MIRROR = os.environ.get("FORESCALE_MIRROR")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """The user's cache is neither read nor written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORESCALE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _mirror_only_where_asked(request, monkeypatch):
    """Only tests marked ``mirror`` see the mirror: the others are the same everywhere."""
    if request.node.get_closest_marker("mirror") is None:
        monkeypatch.delenv("FORESCALE_MIRROR", raising=False)
    elif not MIRROR or not Path(MIRROR).is_dir():
        pytest.skip("FORESCALE_MIRROR is not set to a folder of the public data files")
