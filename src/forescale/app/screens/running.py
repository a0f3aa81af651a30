"""Run: curves that fill in replicate by replicate; stop, go on, ten more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from forescale.app import starting
from forescale.app.library import Kind
from forescale.app.rendering import asks_part, render
from forescale.app.site import At, Site, site_of
from forescale.metrics import Metric

if TYPE_CHECKING:
    from forescale.app.views.running import Standing

router = APIRouter()


@router.get("/run", response_class=HTMLResponse)
def running(request: Request, at: At, metric: Metric | None = None) -> HTMLResponse:
    """How a run goes; only what changes where a part of the page asks."""
    site = site_of(request)
    path = _path(site, at)
    return _page(request, site, at, path, metric)


@router.post("/run/stop", response_class=HTMLResponse)
def stop(request: Request, at: At) -> HTMLResponse:
    """Ask the process to stop; what is finished is kept."""
    site = site_of(request)
    path = _path(site, at)
    site.jobs.stop(path)
    return _page(request, site, at, path, None)


@router.post("/run/go", response_class=HTMLResponse)
def go_on(request: Request, at: At) -> HTMLResponse:
    """Go on with what is missing."""
    site = site_of(request)
    path = _path(site, at)
    site.jobs.start(path, starting.run_arguments(path))
    return _page(request, site, at, path, None)


@router.post("/run/more", response_class=HTMLResponse)
def more(request: Request, at: At) -> HTMLResponse:
    """Ten more replicates."""
    site = site_of(request)
    path = _path(site, at)
    site.jobs.start(path, starting.run_arguments(path, more=starting.MORE))
    return _page(request, site, at, path, None)


def _path(site: Site, at: str) -> Path:
    """A run, or the folder in which one was just begun."""
    path = site.folder.inside(at)
    if (path / ".job.json").is_file() and not (path / "manifest.json").exists():
        return path
    return site.library.path(at, Kind.RUN)


def _page(request: Request, site: Site, at: str, path: Path, metric: Metric | None) -> HTMLResponse:
    part = asks_part(request)
    mark = site.watcher.mark(path)
    if not (path / "manifest.json").is_file():
        return _not_yet(request, site, at, path, mark, part)
    from forescale.app.views import running as view

    here: Standing = view.standing(path, site.jobs)
    names = view.metrics(path)
    chosen = str(metric) if metric is not None and str(metric) in names else names[0]
    return render(
        request,
        "part/running.html" if part else "running.html",
        item=site.library.item(at),
        at=at,
        mark=mark,
        standing=here,
        metrics=names,
        chosen=chosen,
        chart=view.curves(path, mark, chosen),
        more=starting.MORE,
        concluded=(path / "plan.json").is_file(),
    )


def _not_yet(
    request: Request, site: Site, at: str, path: Path, mark: str, part: bool
) -> HTMLResponse:
    """A run that reads its tables, or failed before it wrote anything."""
    from forescale.app.jobs import log_of, reason_of

    at_work = site.jobs.working(path) is not None
    return render(
        request,
        "part/beginning.html" if part else "beginning.html",
        at=at,
        name=path.name,
        mark=mark,
        at_work=at_work,
        reason="" if at_work else reason_of(path),
        log=log_of(path),
    )
