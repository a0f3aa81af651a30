"""The catalog: what each dataset holds, its size, licence and citation; fetch what is not here."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from forescale.app.rendering import render
from forescale.errors import ForescaleError

router = APIRouter()

Name = Annotated[str, Query(max_length=200)]
Words = Annotated[str, Query(max_length=200)]


class Fetches:
    """Datasets that are being downloaded, and why others could not be."""

    def __init__(self) -> None:
        self._running: set[str] = set()
        self._failed: dict[str, str] = {}
        self._lock = threading.Lock()

    def state(self, name: str) -> tuple[bool, str]:
        """Whether it is being fetched, and why it could not be; empty if nothing went wrong."""
        with self._lock:
            return name in self._running, self._failed.get(name, "")

    def start(self, name: str) -> None:
        """Fetch a dataset, unless that is under way.

        Raises
        ------
        ConfigError
            If the catalog has none of that name.
        """
        from forescale.catalog import get_entry

        get_entry(name)
        with self._lock:
            if name in self._running:
                return
            self._running.add(name)
            self._failed.pop(name, None)
        threading.Thread(target=self._fetch, args=(name,), daemon=True).start()

    def _fetch(self, name: str) -> None:
        from forescale.catalog import get_entry, locate
        from forescale.catalog.locating import locate_lookup

        why = ""
        try:
            entry = get_entry(name)
            locate(entry)
            locate_lookup(entry)
        except ForescaleError as error:
            why = str(error)
        except Exception as error:  # whatever a network does
            why = f"cannot be downloaded ({type(error).__name__}: {error})"
        with self._lock:
            self._running.discard(name)
            if why:
                self._failed[name] = why


def fetches_of(request: Request) -> Fetches:
    """The downloads of the app that answers a request."""
    state = request.app.state
    if not hasattr(state, "fetches"):
        state.fetches = Fetches()
    assert isinstance(state.fetches, Fetches)
    return state.fetches


@router.get("/data")
def page(request: Request, q: Words = "") -> Response:
    """All datasets, or those that hold all the words of a search."""
    from forescale.app.views.data import cards

    shown, total = cards(q, fetches_of(request).state)
    part = request.headers.get("hx-target") == "datasets"
    return render(
        request, "part/datasets.html" if part else "data.html", cards=shown, total=total, q=q
    )


@router.post("/data/fetch")
def fetch(request: Request, name: Name) -> Response:
    """Begin to download a dataset."""
    fetches_of(request).start(name)
    return card_now(request, name)


@router.get("/data/card")
def card_now(request: Request, name: Name) -> Response:
    """One dataset as it stands."""
    from forescale.app.views.data import card

    return render(request, "part/dataset.html", card=card(name, fetches_of(request).state))
