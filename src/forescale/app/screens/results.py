"""Results of one run: the verdict first, then the report's figures and answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from forescale.app.rendering import link
from forescale.app.screens import of_laws
from forescale.app.screens.of_laws import MetricName, Size, View, Word
from forescale.app.shelf import shelf_of
from forescale.app.site import At

if TYPE_CHECKING:
    from forescale.app.opened import Opened

router = APIRouter()


@router.get("/results")
def page(request: Request, at: At, metric: MetricName = None, m: Size = None) -> Response:
    """The page of one metric and m."""
    address = link("/results/view", at=at, metric=metric, m=m)
    return of_laws.page(request, at, "results", address, _view(metric, m))


@router.get("/results/view")
async def view(request: Request, at: At, metric: MetricName = None, m: Size = None) -> Response:
    """Everything that the pickers drive."""
    return await of_laws.contents(request, at, "results", _view(metric, m))


def _view(metric: str | None, m: int | None) -> View:
    def view(opened: Opened) -> object:
        from forescale.app.views.results import view_of

        return view_of(opened, metric, m)

    return view


@router.get("/results/chart")
async def drawn(request: Request, at: At, figure: Word, metric: Word, m: int) -> Response:
    """A figure as plotly.js draws it."""
    opened = await shelf_of(request).get(at)
    from forescale.app.figures import chart
    from forescale.app.views.results import Choice

    chosen = Choice.of(opened.contents, metric, m)
    data = await asyncio.to_thread(chart, opened.contents, figure, chosen.metric, chosen.m)
    return JSONResponse(data)


@router.get("/results/figure")
async def exported(
    request: Request, at: At, figure: Word, metric: Word, m: int, kind: Word
) -> Response:
    """A figure as a file for a paper, or its numbers."""
    opened = await shelf_of(request).get(at)
    from forescale.app.figures import KINDS, figure_of, file
    from forescale.app.views.results import Choice

    chosen = Choice.of(opened.contents, metric, m)
    name = figure_of(figure).name
    data = await asyncio.to_thread(file, opened.contents, name, chosen.metric, chosen.m, kind)
    stem = f"{opened.run.path.name}_{name}_{chosen.metric}_m{chosen.m}.{kind}"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in stem)
    return Response(
        data,
        media_type=KINDS[kind],
        headers={"content-disposition": f'attachment; filename="{plain}"'},
    )
