"""What all screens share: the folder, what lies in it, the work, the watcher."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Query, Request

from forescale.app.events import Watcher
from forescale.app.folder import Folder
from forescale.app.jobs import Jobs
from forescale.app.library import Library
from forescale.app.security import Access

At = Annotated[str, Query(max_length=1000, description="Path beneath the app's folder.")]
"""How pages name a run, a campaign or a loop."""


@dataclass(frozen=True)
class Site:
    """One start of the app."""

    folder: Folder
    access: Access
    library: Library
    jobs: Jobs = field(default_factory=Jobs)
    watcher: Watcher = field(default_factory=Watcher)


def site_of(request: Request) -> Site:
    """The app that answers a request."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site
