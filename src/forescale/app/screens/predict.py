"""Predict new materials with the model of a run: structures written here, or a table."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import FileResponse, Response

from forescale.app.library import Kind
from forescale.app.rendering import render
from forescale.app.shelf import shelf_of
from forescale.app.site import At, site_of
from forescale.errors import ConfigError

router = APIRouter()

_MOST_LINES = 200
_LONGEST = 100_000
_TABLES = (".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".csv.gz", ".csv.zip")
_CHUNK = 1 << 20

Bound = Annotated[float | None, Form(allow_inf_nan=False)]
Asked = Annotated[str, Query(max_length=40)]
Name = Annotated[str, Query(max_length=64)]


@router.get("/predict")
def page(request: Request, at: At) -> Response:
    """What to write or drop, and what the model is."""
    site = site_of(request)
    from forescale.app.views.predict import about

    path = site.library.path(at, Kind.RUN)
    return render(
        request, "predict.html", item=site.library.item(at),
        model=about(path), tables=", ".join(_TABLES),
        most=_MOST_LINES,
    )  # fmt: skip


@router.post("/predict/structures")
async def structures(
    request: Request,
    at: At,
    text: Annotated[str, Form(max_length=_LONGEST)] = "",
    low: Bound = None,
    high: Bound = None,
    whole: Annotated[bool, Form()] = False,
    inside: Annotated[bool, Form()] = False,
) -> Response:
    """Predictions of structures, one a line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ConfigError("nothing to predict: write one structure a line")
    if len(lines) > _MOST_LINES:
        raise ConfigError(
            f"got {len(lines)} structures, expected at most {_MOST_LINES} here: drop a table"
        )
    model = await shelf_of(request).model(at)
    from forescale.app.candidates import Wanted
    from forescale.app.views.predict import predicted

    wanted = Wanted(low, high, whole, inside)
    view = await asyncio.to_thread(predicted, model, lines, wanted)
    return render(request, "part/predictions.html", at=at, view=view)


@router.post("/predict/upload")
async def upload(
    request: Request,
    at: At,
    table: Annotated[UploadFile, File()],
    material: Annotated[str, Form(max_length=200)] = "",
    solute: Annotated[str, Form(max_length=200)] = "",
    solvent: Annotated[str, Form(max_length=200)] = "",
    temperature: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Take a table and begin to predict it."""
    label = (table.filename or "table").replace("\\", "/").rsplit("/", 1)[-1][:100]
    suffix = next(
        (end for end in sorted(_TABLES, key=len)[::-1] if label.lower().endswith(end)), ""
    )
    if not suffix:
        raise ConfigError(f"{label}: expected a table, a file that ends in {', '.join(_TABLES)}")
    model = await shelf_of(request).model(at)
    from forescale.app.candidates import candidates_of

    candidates = candidates_of(request)
    name, batch = candidates.place(at, label)
    path = batch.folder / f"candidates{suffix}"
    await _kept(table, path)
    columns = {
        "material": material,
        "solute": solute,
        "solvent": solvent,
        "temperature": temperature,
    }
    candidates.start(
        batch, model.predictor, path, {role: one or None for role, one in columns.items()}
    )
    return render(request, "part/batch.html", name=name, batch=batch, view=None)


def _bound(name: str, text: str) -> float | None:
    """An end of the wanted range; an empty box leaves it open."""
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"wanted {name}: got {text!r}, expected a number")
    return value


async def _kept(table: UploadFile, path: Path) -> None:
    with path.open("wb") as file:
        while chunk := await table.read(_CHUNK):
            await asyncio.to_thread(file.write, chunk)


@router.get("/predict/batch")
def batch_now(
    request: Request,
    name: Name,
    low: Asked = "",
    high: Asked = "",
    whole: bool = False,
    inside: bool = False,
) -> Response:
    """How far a table is; its first wanted rows once it is predicted."""
    from forescale.app.candidates import Wanted, candidates_of
    from forescale.app.views.predict import rows_of

    batch = candidates_of(request).get(name)
    view = None
    if batch.outcome is not None:
        view = rows_of(batch, Wanted(_bound("from", low), _bound("to", high), whole, inside))
        asked = {"low": low, "high": high, "whole": whole, "inside": inside}
        view["query"] = {key: value for key, value in asked.items() if value}
    return render(request, "part/batch.html", name=name, batch=batch, view=view)


@router.post("/predict/stop")
def stop(request: Request, name: Name) -> Response:
    """Stop predicting a table."""
    from forescale.app.candidates import candidates_of

    batch = candidates_of(request).get(name)
    batch.stopping = True
    return render(request, "part/batch.html", name=name, batch=batch, view=None)


@router.get("/predict/file")
def download(
    request: Request,
    name: Name,
    kind: str = "csv",
    low: Asked = "",
    high: Asked = "",
    whole: bool = False,
    inside: bool = False,
) -> Response:
    """Predictions as CSV (those that are wanted) or Parquet (all), or the rejected rows."""
    from forescale.app.candidates import Wanted, candidates_of

    batch = candidates_of(request).get(name)
    if batch.outcome is None:
        raise ConfigError("these predictions are not finished")
    if kind == "rejects":
        return FileResponse(batch.rejects, filename="rejects.csv", media_type="text/csv")
    if kind == "parquet":
        return FileResponse(batch.out, filename="predictions.parquet")
    path = batch.csv(Wanted(_bound("from", low), _bound("to", high), whole, inside))
    return FileResponse(path, filename="predictions.csv", media_type="text/csv")
