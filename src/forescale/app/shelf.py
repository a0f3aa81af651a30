"""Runs and models that are open: made once however many ask, kept while their folder stays."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from fastapi import Request

from forescale.app.library import Kind, Library
from forescale.app.site import site_of

if TYPE_CHECKING:
    from forescale.app.opened import Model, Opened
    from forescale.face import Run

T = TypeVar("T")
_MOST_MODELS = 3
_MOST = 6  # runs kept open: each holds some tens of megabytes of draws


class _Once(Generic[T]):
    """Things that take seconds to make: however many ask, each is made once; the last are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[object, Future[T]]] = OrderedDict()
        self._lock = threading.Lock()
        self._making = ThreadPoolExecutor(2, thread_name_prefix="forescale-open")

    def begun(self, name: str, state: object, make: Callable[[], T]) -> Future[T]:
        """Start to make it, unless that was done before in the same state."""
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept[0] != state or _failed(kept[1]):
                kept = (state, self._making.submit(make))
                self._kept[name] = kept
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return kept[1]


class Shelf:
    """Opened runs and their models, the last used kept.

    Parameters
    ----------
    library
        Where runs are found.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._runs: _Once[Opened] = _Once(_MOST)
        self._models: _Once[Model] = _Once(_MOST_MODELS)

    def begun(self, at: str) -> Future[Opened]:
        """Start to open a run, unless that was done before.

        Raises
        ------
        NotHereError, RunFolderError
            If there is no such run, or nothing of it is finished.
        """
        run = self._library.run(at)
        return self._runs.begun(at, run, lambda: _opened(at, run))

    def now(self, at: str) -> Opened | None:
        """The run, if its laws are fitted already; they are begun otherwise."""
        future = self.begun(at)
        return future.result() if future.done() else None

    async def get(self, at: str) -> Opened:
        """The run, as soon as its laws are fitted; other requests go on meanwhile."""
        future = await asyncio.to_thread(self.begun, at)
        return await asyncio.wrap_future(future)

    async def model(self, at: str) -> Model:
        """The model of a run, as soon as it is loaded.

        Raises
        ------
        NotHereError, ModelError
            If there is no such run, or it keeps no model that can be loaded.
        """
        path = self._library.path(at, Kind.RUN)
        kept = path / "model" / "model.json"
        state = kept.stat().st_mtime_ns if kept.is_file() else 0
        return await asyncio.wrap_future(self._models.begun(at, state, lambda: _model(path)))


def shelf_of(request: Request) -> Shelf:
    """The opened runs of the app that answers a request."""
    state = request.app.state
    if not hasattr(state, "shelf"):
        state.shelf = Shelf(site_of(request).library)
    assert isinstance(state.shelf, Shelf)
    return state.shelf


def _failed(future: Future[T]) -> bool:
    return future.done() and future.exception() is not None


def _opened(at: str, run: Run) -> Opened:
    from forescale.app.opened import Opened

    return Opened.of(at, run)


def _model(path: Path) -> Model:
    from forescale.app.opened import Model

    return Model.load(path)
