"""Loops, live: error against cost, the law so far, the decision and why."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from forescale.app import starting
from forescale.app.library import Kind
from forescale.app.screens import at_work
from forescale.app.site import At, site_of

router = APIRouter()


@router.get("/loop", response_class=HTMLResponse)
def loop(request: Request, at: At) -> HTMLResponse:
    """How a loop goes; only what changes where a part of the page asks."""
    site = site_of(request)
    return _page(request, at, site.library.path(at, Kind.LOOP))


@router.post("/loop/stop", response_class=HTMLResponse)
def stop(request: Request, at: At) -> HTMLResponse:
    """Pause: ask its process to stop; finished rounds and values are kept."""
    site = site_of(request)
    path = site.library.path(at, Kind.LOOP)
    site.jobs.stop(path)
    return _page(request, at, path)


@router.post("/loop/go", response_class=HTMLResponse)
def go_on(request: Request, at: At) -> HTMLResponse:
    """Go on with the next round."""
    site = site_of(request)
    path = site.library.path(at, Kind.LOOP)
    site.jobs.start(path, starting.loop_arguments(path, root=site.folder.root))
    return _page(request, at, path)


def _page(request: Request, at: str, path: Path) -> HTMLResponse:
    from forescale.app.views.campaign import loop as view

    return at_work.page(
        request,
        at,
        path,
        "loop",
        view=view(path),
        measure=(path / "measure.csv").is_file(),
    )
