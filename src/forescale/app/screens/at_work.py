"""What the screens of campaigns and loops share: the work there, live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from forescale.app.jobs import Job, log_of, reason_of
from forescale.app.rendering import asks_part, render
from forescale.app.site import site_of


def page(request: Request, at: str, path: Path, name: str, **more: Any) -> HTMLResponse:
    """The page ``name.html``; only what changes in it where a part of the page asks."""
    site = site_of(request)
    at_work = site.jobs.working(path) is not None
    return render(
        request,
        f"part/{name}.html" if asks_part(request) else f"{name}.html",
        item=site.library.item(at),
        at=at,
        mark=site.watcher.mark(path),
        at_work=at_work,
        log=log_of(path),
        reason="" if at_work or Job.read(path) is None else reason_of(path),
        **more,
    )
