"""Home: every run, campaign and loop of the folder, to sort, search and compare."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from forescale.app.library import Item, Kind
from forescale.app.rendering import render
from forescale.app.site import site_of

router = APIRouter()

_Key = Callable[[Item], Any]


def _number(value: float | None) -> float:
    return math.inf if value is None else value


SORTS: dict[str, tuple[str, _Key]] = {
    "modified": ("Changed", lambda item: -item.line.modified),
    "name": ("Name", lambda item: item.line.name.casefold()),
    "state": ("State", lambda item: (not item.line.running, item.line.state)),
    "property": ("Property", lambda item: item.line.property.casefold()),
    "n_source": ("Computed", lambda item: -(item.line.n_source or 0)),
    "n_target": ("Measured", lambda item: -(item.line.n_target or 0)),
    "error": ("Error now", lambda item: _number(item.line.error)),
    "change": ("Change by the source", lambda item: _number(item.line.change)),
    "verdict": ("Verdict", lambda item: item.line.verdict or "~"),
}
"""What the table can be sorted by: its head, and the key."""

_PAGES = {Kind.RUN: "/results", Kind.CAMPAIGN: "/campaign", Kind.LOOP: "/loop"}


def page_of(item: Item) -> str:
    """The page that a name leads to: a run's results once it has any, else how it goes."""
    if item.kind is Kind.RUN and not item.line.verdict:
        return "/run"
    return _PAGES[item.kind]


@router.get("/", response_class=HTMLResponse)
def home(
    request: Request,
    q: Annotated[str, Query(max_length=200)] = "",
    sort: str = "modified",
    kind: str = "",
) -> HTMLResponse:
    """The list; only its rows where a part of the page asks."""
    everything = site_of(request).library.items()
    words = q.casefold().split()
    shown = [
        item
        for item in everything
        if (not kind or item.kind == kind) and all(word in _text(item) for word in words)
    ]
    shown.sort(key=SORTS.get(sort, SORTS["modified"])[1])
    part = request.headers.get("hx-target") == "items"
    return render(
        request,
        "part/items.html" if part else "home.html",
        items=shown,
        total=len(everything),
        running=any(item.line.running for item in everything),
        q=q,
        sort=sort if sort in SORTS else "modified",
        kind=kind,
        kinds=list(Kind),
        sorts=SORTS,
        page_of=page_of,
    )


def _text(item: Item) -> str:
    line = item.line
    parts = (item.kind, item.at, line.name, line.property, line.verdict, line.state, *line.flags)
    return " ".join(parts).casefold()
