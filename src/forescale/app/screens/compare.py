"""Compare runs on one cost axis."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from forescale.app.rendering import link, render
from forescale.app.screens.of_laws import MetricName, Size
from forescale.app.shelf import shelf_of
from forescale.app.site import site_of
from forescale.errors import ConfigError

router = APIRouter()

_MOST = 8
Runs = Annotated[list[str], Query(max_length=50)]
Costs = Annotated[list[str], Query(max_length=50)]


@router.get("/compare")
def page(request: Request, at: Runs = []) -> Response:  # noqa: B006
    """The page of the runs that were ticked."""
    runs = list(dict.fromkeys(at))
    library = site_of(request).library
    items = [library.item(one) for one in runs]
    if len(runs) > _MOST:
        raise ConfigError(f"got {len(runs)} runs, expected at most {_MOST} to compare")
    return render(
        request, "compare.html", items=items, address=link("/compare/view", at=runs),
        few=len(runs) < 2,
    )  # fmt: skip


@router.get("/compare/view")
async def view(
    request: Request,
    at: Runs,
    metric: MetricName = None,
    m: Size = None,
    cost: Costs = [],  # noqa: B006
) -> Response:
    """The comparison, as soon as the laws of all are fitted."""
    runs = list(dict.fromkeys(at))[:_MOST]
    shelf = shelf_of(request)
    opened = await asyncio.gather(*(shelf.get(one) for one in runs))
    from forescale.app.views.compare import compared

    shown = await asyncio.to_thread(compared, opened, metric, m, cost)
    return render(request, "part/compare.html", view=shown)
