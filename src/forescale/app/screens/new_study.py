"""New study: drop two tables, see what they hold and how they agree, save it, start it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from forescale.app import starting
from forescale.app.loading import seconds_loading
from forescale.app.rendering import link, render
from forescale.app.site import site_of
from forescale.app.uploads import ENDINGS, MORE, SIDES, Uploads
from forescale.errors import ForescaleError, RequestError

if TYPE_CHECKING:
    from forescale.app.drafting import Asked, Drafted, Drafter
    from forescale.app.estimate import Paces
    from forescale.drafts import Said

router = APIRouter()

Draft = Annotated[str, Query(max_length=40)]
_Files = Annotated[list[UploadFile] | None, File()]
_Word = Annotated[str, Form(max_length=300)]
_PART = "part/new_draft.html"


@router.get("/new", response_class=HTMLResponse)
def new(request: Request, draft: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    """The page; with the preview of a draft, if one is named."""
    if not draft:
        return render(request, "new.html", datasets=_datasets(), endings=ENDINGS, sides=SIDES)
    return _preview(request, draft, _asked({}), "new_draft.html")


@router.post("/new/upload", response_class=HTMLResponse)
def upload(
    request: Request,
    computed: _Files = None,
    measured: _Files = None,
    computed_dataset: _Word = "",
    measured_dataset: _Word = "",
) -> Response:
    """Keep the tables of both sides, and go to their preview."""
    uploads = Uploads(site_of(request).folder)
    draft = uploads.new()
    given = ((computed, computed_dataset), (measured, measured_dataset))
    try:
        for side, (files, dataset) in zip(SIDES, given, strict=True):
            kept = _keep(uploads, draft, side, files, dataset)
            if not kept:
                raise RequestError(f"The {side} table is missing: drop a file or choose a dataset")
            if kept > 1 and side == SIDES[1]:
                raise RequestError("One measured table is taken: put all of them into one")
    except (ForescaleError, OSError):
        uploads.drop(draft)
        raise
    return Response(status_code=204, headers={"HX-Redirect": link("/new", draft=draft)})


@router.post("/new/more/upload", response_class=HTMLResponse)
async def more(request: Request, draft: Draft) -> HTMLResponse:
    """Keep a further computed table, and show the preview with it."""
    form = dict(await request.form())
    file, dataset = form.get("more"), str(form.get("more_dataset", ""))[:300]
    files = None if file is None or isinstance(file, str) else [file]
    return await run_in_threadpool(_more, request, draft, _asked(form), files, dataset)


def _more(
    request: Request, draft: str, asked: Asked, files: Sequence[Any] | None, dataset: str
) -> HTMLResponse:
    """The preview with one table more; what cannot be read is not kept."""
    uploads = Uploads(site_of(request).folder)
    before = uploads.tables(draft)
    try:
        _keep(uploads, draft, SIDES[0], files, dataset)
        return _preview(request, draft, asked, _PART)
    except (ForescaleError, OSError):
        for side in MORE:
            if side not in before:
                uploads.drop_side(draft, side)
        raise


@router.post("/new/less", response_class=HTMLResponse)
async def less(request: Request, draft: Draft, side: Draft) -> HTMLResponse:
    """Take a further computed table away again."""
    asked = _asked(dict(await request.form()))
    Uploads(site_of(request).folder).drop_side(draft, side)
    return await run_in_threadpool(_preview, request, draft, asked, _PART)


def _keep(
    uploads: Uploads, draft: str, side: str, files: Sequence[Any] | None, dataset: str
) -> int:
    """Keep what was given for a side; return how many tables that were."""
    named = [file for file in files or () if file.filename]

    def place() -> str:
        return uploads.another(draft) if side == SIDES[0] else side

    for file in named if side == SIDES[0] else named[:1]:
        uploads.keep_file(draft, place(), file.filename, file.file)
    if dataset and (side == SIDES[0] or not named):
        name, _, property_name = dataset.partition("/")
        uploads.keep_dataset(draft, place(), name, property_name)
        return len(named) + 1
    return len(named)


@router.post("/new/preview", response_class=HTMLResponse)
async def preview(request: Request, draft: Draft) -> HTMLResponse:
    """The preview with what was said since."""
    asked = _asked(dict(await request.form()))
    return await run_in_threadpool(_preview, request, draft, asked, _PART)


@router.post("/new/start")
async def start(request: Request, draft: Draft, run: bool = True) -> Response:
    """Save the study file and its tables, and begin the run."""
    asked = _asked(dict(await request.form()))
    return await run_in_threadpool(_start, request, draft, asked, run)


def _start(request: Request, draft: str, asked: Asked, run: bool) -> Response:
    from forescale.app.drafting import free

    site, drafter = site_of(request), _drafter(request)
    found = drafter.draft(draft, asked)
    file = drafter.save(found, asked, site.folder)
    if not run:
        return render(request, "part/saved.html", file=file, skip=found.rejected > 0)
    place = free(site.folder.root / "runs" / file.parent.name)
    skip = found.rejected > 0
    site.jobs.start(place, starting.new_run_arguments(file, place, skip=skip))
    drafter.uploads.drop(draft)
    at = site.folder.at(place)
    return Response(status_code=204, headers={"HX-Redirect": link("/run", at=at)})


@router.post("/new/estimate", response_class=HTMLResponse)
async def measured_estimate(request: Request, draft: Draft) -> HTMLResponse:
    """How long the study will take, by a small part of it that is done here."""
    asked = _asked(dict(await request.form()))
    return await run_in_threadpool(_estimated, request, draft, asked)


def _estimated(request: Request, draft: str, asked: Asked) -> HTMLResponse:
    from forescale.app.estimate import estimate

    drafter = _drafter(request)
    found = drafter.draft(draft, asked)
    pace = _paces(request).measure(drafter, found, asked, seconds_loading())
    return render(request, "part/estimate.html", estimate=estimate(found, asked, pace), draft="")


def _preview(request: Request, draft: str, asked: Asked, template: str) -> HTMLResponse:
    from forescale.app.drafting import free
    from forescale.app.views.new_study import preview as view

    site, drafter = site_of(request), _drafter(request)
    found = drafter.draft(draft, asked)
    shown = view(found, asked)
    folder = free(site.folder.root / "studies" / shown.name)
    return render(
        request,
        template,
        draft=draft,
        asked=asked,
        view=shown,
        estimate=_first_estimate(request, found, asked) if shown.ready else None,
        toml=drafter.text(found, asked, folder) if shown.ready else "",
        file=site.folder.at(folder / "study.toml"),
        datasets=_datasets()[SIDES[0]] if len(found.drafts) <= len(MORE) else [],
        endings=ENDINGS,
    )


def _first_estimate(request: Request, found: Drafted, asked: Asked) -> Any:
    from forescale.app.estimate import estimate

    return estimate(found, asked, _paces(request).known(found, asked))


def _paces(request: Request) -> Paces:
    """The paces measured since the app began."""
    from forescale.app.estimate import Paces

    state = request.app.state
    if not hasattr(state, "paces"):
        state.paces = Paces()
    kept: Paces = state.paces
    return kept


def _drafter(request: Request) -> Drafter:
    """The drafter of the app, made when it is first needed."""
    from forescale.app.drafting import Drafter

    state = request.app.state
    if not hasattr(state, "drafter"):
        state.drafter = Drafter(Uploads(site_of(request).folder))
    found: Drafter = state.drafter
    return found


def _asked(form: dict[str, Any]) -> Asked:
    """What a form says; fields that were left as they were guessed are guessed again."""
    from forescale.app.drafting import REPLICATES, Asked
    from forescale.drafts import Said

    return Asked(
        name=str(form.get("name", ""))[:80],
        replicates=_whole(form, "replicates", 1, 1000) or REPLICATES,
        sample=_whole(form, "sample", 10, 10**9),
        says={side: said for side in (*SIDES, *MORE) if (said := _said(form, side)) != Said()},
    )


def _said(form: dict[str, Any], side: str) -> Said:
    """What was changed of one table: a field that differs from what was guessed."""
    from forescale.drafts import Said

    said = {}
    for one in fields(Said):
        value, guessed = form.get(f"{side}.{one.name}"), form.get(f"{side}.{one.name}.guessed")
        if isinstance(value, str) and value != guessed and len(value) <= 300:
            said[one.name] = value.strip()
    for key in ("kind", "material", "value", "solute", "solvent", "temperature", "sheet"):
        if said.get(key) == "":
            del said[key]
    if said.get("unit", "").casefold() in ("no unit", "none", "-"):
        said["unit"] = ""
    return Said(**said)  # type: ignore[arg-type]


def _whole(form: dict[str, Any], name: str, low: int, high: int) -> int | None:
    text = str(form.get(name, "")).strip()
    if not text:
        return None
    if not text.isdecimal() or not low <= int(text) <= high:
        raise RequestError(f"{name}: got {text[:40]!r}, expected a whole number from {low} on")
    return int(text)


def _datasets() -> dict[str, list[tuple[str, str]]]:
    """Datasets on this machine, by side: their address and what they are called."""
    from forescale.catalog import entry_names, get_entry, here

    found: dict[str, list[tuple[str, str]]] = {side: [] for side in SIDES}
    for name in entry_names():
        entry = get_entry(name)
        try:
            ready = here(entry) is not None
        except ForescaleError:
            ready = False
        if ready:
            found[entry.kind] += [
                (f"{name}/{one}", f"{entry.title}: {one.replace('_', ' ')}")
                for one in entry.properties
            ]
    return found
