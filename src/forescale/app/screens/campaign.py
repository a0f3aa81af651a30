"""Campaigns, live: rate, time left, failures with reason and output, machines, cost."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from forescale.app import starting
from forescale.app.library import Kind
from forescale.app.screens import at_work
from forescale.app.site import At, Site, site_of

router = APIRouter()


@router.get("/campaign", response_class=HTMLResponse)
def campaign(request: Request, at: At) -> HTMLResponse:
    """How a campaign goes; only what changes where a part of the page asks."""
    site = site_of(request)
    return _page(request, site, at, site.library.path(at, Kind.CAMPAIGN))


@router.post("/campaign/stop", response_class=HTMLResponse)
def stop(request: Request, at: At) -> HTMLResponse:
    """Pause: ask its process to stop; what is finished is kept."""
    site = site_of(request)
    path = site.library.path(at, Kind.CAMPAIGN)
    site.jobs.stop(path)
    return _page(request, site, at, path)


@router.post("/campaign/go", response_class=HTMLResponse)
def go_on(request: Request, at: At, retry: bool = False) -> HTMLResponse:
    """Go on with what is left; with ``retry``, with what has failed for good too."""
    site = site_of(request)
    path = site.library.path(at, Kind.CAMPAIGN)
    arguments = starting.campaign_arguments(path, root=site.folder.root, retry=retry)
    site.jobs.start(path, arguments)
    return _page(request, site, at, path)


def _page(request: Request, site: Site, at: str, path: Path) -> HTMLResponse:
    from forescale.app.views.campaign import campaign as view

    return at_work.page(
        request,
        at,
        path,
        "campaign",
        view=view(path),
        file=starting.campaign_file(path, site.folder.root),
    )
