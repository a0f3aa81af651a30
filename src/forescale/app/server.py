"""The app itself: gate, screens, static files and how errors are told."""

from __future__ import annotations

import socket
import threading
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from forescale.app.folder import Folder, NotHereError
from forescale.app.library import Library, kind_of
from forescale.app.loading import load
from forescale.app.rendering import asks_part, render
from forescale.app.screens import HOME, ROUTERS
from forescale.app.security import Access, Gate
from forescale.app.site import At, Site, site_of
from forescale.errors import ForescaleError, RequestError

_STATIC = {"cache-control": "max-age=31536000, immutable"}


def create_app(
    folder: str | Path, token: str, *, host: str = "127.0.0.1", port: int = 0, warm: bool = True
) -> FastAPI:
    """Make the app over a folder.

    Parameters
    ----------
    folder
        Its runs, campaigns and loops are shown.
    token
        What the first link holds.
    host, port
        What it listens on: nothing else is answered.
    warm
        Load the libraries of the other screens while the first page is read.

    Raises
    ------
    RequestError
        If the folder is none.
    """
    place = Folder.of(folder)
    if kind_of(place.root) is not None:  # one run is shown among its neighbours
        place = Folder.of(place.root.parent)
    access = Access(token, host, port)
    app = FastAPI(title="forescale", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = Site(place, access, Library(place))
    app.add_middleware(Gate, access=access)
    for router in ROUTERS:
        waits = [] if router is HOME else [Depends(load)]
        app.include_router(router, dependencies=waits)
    static = files("forescale.app").joinpath("static")
    app.mount("/static", _Static(directory=str(static)), name="static")
    app.add_api_route("/plotly.js", _plotly, include_in_schema=False)
    app.add_api_route("/events", _events, include_in_schema=False)
    app.add_exception_handler(ForescaleError, _told)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _defect)
    if warm:
        later = threading.Timer(2.0, load)
        later.daemon = True  # whoever stops the app does not wait for it
        later.start()
    return app


class _Static(StaticFiles):
    """Files of the package, whose addresses change with what is in them."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(_STATIC)
        return response


def _plotly() -> FileResponse:
    """plotly.js, whole, from the package that has it: pages of runs have no contours."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "package_data" / "plotly.min.js"
    return FileResponse(path, media_type="text/javascript", headers=_STATIC)


async def _events(request: Request, at: At, since: str = "") -> StreamingResponse:
    """Changes of one folder, as server-sent events."""
    site = site_of(request)
    path = site.folder.inside(at)
    stream = site.watcher.stream(request, path, since)
    return StreamingResponse(stream, media_type="text/event-stream")


async def _told(request: Request, error: Exception) -> HTMLResponse:
    status = (
        404 if isinstance(error, NotHereError) else 400 if isinstance(error, RequestError) else 500
    )
    return _trouble(request, status, str(error))


async def _http_error(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, HTTPException)
    words = {404: "There is no such page.", 405: "That cannot be asked of this page."}
    return _trouble(request, error.status_code, words.get(error.status_code, str(error.detail)))


async def _invalid(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, RequestValidationError)
    told = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
    return _trouble(request, 422, "; ".join(told))


async def _defect(request: Request, error: Exception) -> HTMLResponse:
    return _trouble(
        request, 500, f"A defect of forescale ({type(error).__name__}); the terminal has more."
    )


def _trouble(request: Request, status: int, message: str) -> HTMLResponse:
    """A page, or the part of one that was asked for, with what went wrong."""
    name = "part/trouble.html" if asks_part(request) else "error.html"
    return render(request, name, status, message=message, status_code=status)


async def serve(app: FastAPI, listening: socket.socket) -> None:
    """Serve on a bound socket until interrupted."""
    import uvicorn

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=1, limit_concurrency=500,
    )  # fmt: skip
    await uvicorn.Server(config).serve(sockets=[listening])
