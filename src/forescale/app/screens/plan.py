"""Plan of one run: sliders for what is asked; answers from the draws, nothing is fitted again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from forescale.app.rendering import link, render
from forescale.app.screens import of_laws
from forescale.app.screens.of_laws import MetricName, Size, View, Word
from forescale.app.shelf import shelf_of
from forescale.app.site import At

if TYPE_CHECKING:
    from forescale.app.opened import Opened

router = APIRouter()

Asked = Annotated[float | None, Query(gt=0, allow_inf_nan=False)]


@router.get("/plan")
def page(request: Request, at: At, metric: MetricName = None, m: Size = None) -> Response:
    """The page of one metric and m."""
    address = link("/plan/desk", at=at, metric=metric, m=m)
    return of_laws.page(request, at, "plan", address, _desk(metric, m))


@router.get("/plan/desk")
async def whole(request: Request, at: At, metric: MetricName = None, m: Size = None) -> Response:
    """Sliders and answers of one metric and m."""
    return await of_laws.contents(request, at, "plan", _desk(metric, m))


def _desk(metric: str | None, m: int | None) -> View:
    def view(opened: Opened) -> object:
        from forescale.app.views.plan import desk

        return desk(opened, metric, m)

    return view


@router.get("/plan/moved")
async def moved(
    request: Request,
    at: At,
    metric: Word,
    m: int,
    target: Asked = None,
    cost_source: Asked = None,
    cost_target: Asked = None,
    budget: Asked = None,
    have_source: Asked = None,
    have_target: Asked = None,
) -> Response:
    """The answers alone, after a slider was moved."""
    opened = await shelf_of(request).get(at)
    from forescale.app.views.plan import answered
    from forescale.planning import Questions

    costs = cost_source is not None and cost_target is not None
    questions = Questions.of(
        target, cost_source=cost_source, cost_target=cost_target,
        budget=budget if costs else None, have_source=have_source, have_target=have_target,
    )  # fmt: skip
    view = await asyncio.to_thread(answered, opened, metric, m, questions)
    return render(request, "part/plan_answers.html", at=at, view=view)


@router.get("/plan/exchange")
async def exchange(
    request: Request,
    at: At,
    metric: Word,
    m: int,
    have_source: Asked = None,
    have_target: Asked = None,
) -> Response:
    """What computed and measured values are worth in each other, once a slider rests."""
    opened = await shelf_of(request).get(at)
    from forescale.app.views.plan import worth
    from forescale.planning import Questions

    questions = Questions(have_source=have_source, have_target=have_target)
    words = await asyncio.to_thread(worth, opened, metric, m, questions)
    return render(request, "part/words.html", words=words)
