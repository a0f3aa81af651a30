"""From a server's JSON to a page: what is not as specified is named, not guessed."""

from __future__ import annotations

from contextlib import suppress
from math import isfinite
from typing import Any

from forescale.catalog.live.http import Answer, Client, plain
from forescale.catalog.live.pages import Entry, Page
from forescale.catalog.live.query import OptimadeQuery
from forescale.errors import ForescaleError


class SchemaError(ForescaleError):
    """JSON that is not an OPTIMADE answer."""


def read_page(answer: Answer, url: str, query: OptimadeQuery, client: Client) -> Page:
    """The page in an answer.

    Raises
    ------
    SchemaError
        If it is not as the OPTIMADE specification has it; names the place.
    ForescaleError
        If its link to the next page leaves the host.
    """
    body = answer.body
    if body.get("errors"):
        raise SchemaError(f"{url}: got errors with status 200: {plain(body['errors'])}")
    data = body.get("data")
    if not isinstance(data, list):
        raise _not_as_expected(url, "data", data, "a list of structures")
    entries = tuple(_entry(row, i, url, query) for i, row in enumerate(data))
    if data and not any(query.field in row["attributes"] for row in data):
        # The specification wants null where there is no value; some servers leave those out.
        raise SchemaError(f"{url}: no structure has {query.field!r}, which was asked for")
    meta = body.get("meta")
    if not isinstance(meta, dict):
        raise _not_as_expected(url, "meta", meta, "an object")
    following = _next(body.get("links"), url, client)
    if following is None and meta.get("more_data_available") is True:
        raise SchemaError(
            f"{url}: says that there is more data but has no link to it; expected links.next"
        )
    if following == url:
        raise SchemaError(f"{url}: gives itself as the next page")
    returned = _count(meta, "data_returned", url)
    if following is not None and returned is not None and returned <= len(entries):
        returned = None  # some servers count the page, and not the answer as they should
    return Page(
        url=url,
        next=following,
        date=None if answer.date is None else answer.date.isoformat(),
        data_returned=returned,
        data_available=_count(meta, "data_available", url),
        request_delay=_delay(meta),
        entries=entries,
        sha256=Page.digest(entries),
    )


def _entry(row: Any, place: int, url: str, query: OptimadeQuery) -> Entry:
    where = f"data[{place}]"
    if not isinstance(row, dict):
        raise _not_as_expected(url, where, row, "a structure")
    identifier = row.get("id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)  # some large databases number their structures
    if not isinstance(identifier, str) or not identifier:
        raise _not_as_expected(url, f"{where}.id", identifier, "a string")
    if row.get("type") != "structures":
        raise _not_as_expected(url, f"{where}.type", row.get("type"), "'structures'")
    attributes = row.get("attributes")
    if not isinstance(attributes, dict):
        raise _not_as_expected(url, f"{where}.attributes", attributes, "an object")
    formula, modified = attributes.get("chemical_formula_reduced"), attributes.get("last_modified")
    return Entry(
        id=plain(identifier),
        formula=plain(formula) if formula is not None else None,
        value=_inside(attributes.get(query.field), query.keys),
        last_modified=plain(modified) if isinstance(modified, str) else None,
    )


def _inside(value: Any, keys: tuple[str, ...]) -> Any:
    """The number; ``None`` where a dictionary on the way has no such key; else text."""
    for key in keys:
        if value is None:
            return None
        if not isinstance(value, dict):
            return f"{type(value).__name__} in place of a dictionary"
        value = value.get(key)
    if value is None:
        return None
    if _is_number(value):
        with suppress(OverflowError):  # an integer may have any number of digits
            if isfinite(value):
                return float(value)
    return f"{plain(value)} ({type(value).__name__})"


def _next(links: Any, url: str, client: Client) -> str | None:
    following = links.get("next") if isinstance(links, dict) else None
    if isinstance(following, dict):
        following = following.get("href")
    if following is None or following == "":
        return None
    if not isinstance(following, str):
        raise _not_as_expected(url, "links.next", following, "an address")
    return client.same_host(following, url)


def _count(meta: dict[str, Any], key: str, url: str) -> int | None:
    value = meta.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _not_as_expected(url, f"meta.{key}", value, "a number of entries")
    return value


def _delay(meta: dict[str, Any]) -> float:
    delay: Any = meta.get("request_delay")
    return float(delay) if _is_number(delay) and 0 <= delay < 1e6 else 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _not_as_expected(url: str, place: str, got: Any, expected: str) -> SchemaError:
    shown = "nothing" if got is None else f"{plain(got)[:80]!r} ({type(got).__name__})"
    return SchemaError(f"{url}: got {shown} as {place}, expected {expected}")
