"""Pages from templates: everything is escaped, numbers are worded by `forescale.words`."""

from __future__ import annotations

import json
import time
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from forescale import __version__, words
from forescale.app.loading import loaded
from forescale.app.site import site_of
from forescale.metrics import label_of


def asks_part(request: Request) -> bool:
    """Whether a page asks for what changes in it, not for the whole of it."""
    return request.headers.get("hx-request") == "true"


def render(request: Request, name: str, /, status: int = 200, **context: Any) -> HTMLResponse:
    """Return a page, or a part of one.

    Parameters
    ----------
    name
        Template of ``templates/``. In it are known: what is passed, ``site``, ``csrf``,
        ``here`` (the path of the page), ``asset(NAME)`` and ``link(PATH, **query)``.
    """
    site = site_of(request)
    text = (
        environment()
        .get_template(name)
        .render(site=site, csrf=site.access.csrf, here=request.url.path, **context)
    )
    return HTMLResponse(text, status)


@cache
def environment() -> Environment:
    """The templates, with the words of numbers as filters."""
    found = Environment(
        loader=PackageLoader("forescale.app"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "number": words.number,
        "count": words.count,
        "percent": words.percent,
        "pretty": words.pretty_unit,
        "spaced_unit": words.spaced_unit,
        "interval": words.interval,
        "size": words.size,
        "sizes": words.sizes,
        "listed": words.listed,
        "m_name": words.m_name,
        "duration": words.duration,
        "metric": label_of,
        "signed_percent": signed_percent,
        "ago": ago,
        "attribute": attribute,
        "flag_meaning": flag_meaning,
    }
    found.globals |= {"asset": asset, "link": link, "version": __version__}
    return found


def link(path: str, /, **query: Any) -> str:
    """Return an address of the app; values are quoted, None is left out.

    >>> link("/results", at="runs/a b", m=None)
    '/results?at=runs%2Fa+b'
    """
    kept = {key: value for key, value in query.items() if value is not None}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


@cache
def asset(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    from zlib import crc32

    data = files("forescale.app").joinpath("static", *name.split("/")).read_bytes()
    return f"/static/{name}?{crc32(data):08x}"


def attribute(value: Any) -> str:
    """Return JSON for a ``data-`` attribute; the template escapes it."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def signed_percent(share: float | None) -> str:
    r"""Return a change in per cent with its sign.

    >>> signed_percent(-0.25), signed_percent(0.031)
    ('−25\xa0%', '+3.1\xa0%')
    """
    text = words.percent(share)
    return f"+{text}" if share is not None and share > 0 else text


def ago(moment: float) -> str:
    """Return how long ago a moment was, in words.

    >>> ago(time.time() - 7200)
    '2 h ago'
    """
    seconds = time.time() - moment
    return "just now" if seconds < 10 else f"{words.duration(seconds)} ago"


def flag_meaning(flag: str) -> str:
    """Return what a flag says; the flag itself while libraries are loaded."""
    if not loaded():
        return flag.replace("_", " ")
    from forescale.laws import FLAG_MEANINGS

    return FLAG_MEANINGS.get(flag, flag)
