"""What screens of laws share: contents at once where the laws are fitted, else later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from forescale.app.library import Kind
from forescale.app.rendering import render
from forescale.app.shelf import shelf_of
from forescale.app.site import site_of

if TYPE_CHECKING:
    from forescale.app.opened import Opened

MetricName = Annotated[str | None, Query(max_length=100)]
Size = Annotated[int | None, Query(ge=0)]
Word = Annotated[str, Query(max_length=100)]
View = Callable[["Opened"], object]


def page(request: Request, at: str, name: str, address: str, view: View) -> Response:
    """The page ``name.html``; ``address`` answers with its contents when the laws are fitted."""
    item = site_of(request).library.item(at)
    if item.kind is Kind.RUN and not item.line.done:
        return render(request, "nothing_yet.html", item=item)
    opened = shelf_of(request).now(at)
    return render(
        request, f"{name}.html", item=item, at=item.at, part=f"part/{name}.html", address=address,
        view=None if opened is None else view(opened),
    )  # fmt: skip


async def contents(request: Request, at: str, name: str, view: View) -> Response:
    """The contents alone, as soon as the laws are fitted."""
    opened = await shelf_of(request).get(at)
    return render(request, f"part/{name}.html", at=at, view=await asyncio.to_thread(view, opened))
