"""From a provider's name to the address of a database.

No address of a database is written down here, since they move: the provider list that comes
with ``optimade`` names each provider's index, and the index names its databases.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from forescale._machine.imports import optional
from forescale.catalog.live.http import Client, Manners, RefusedError, plain, split_url
from forescale.catalog.live.query import EXTRA
from forescale.errors import ConfigError, ForescaleError

_ALIASES = {"materials-project": "mp", "materialsproject": "mp", "gnome": "odbx/gnome"}
_VERSION = re.compile(r"/v\d[\d.]*$")


def versioned(url: str) -> str:
    """The address of version 1 of the API at a base URL.

    >>> versioned("https://example.org/optimade/"), versioned("https://example.org/v1")
    ('https://example.org/optimade/v1', 'https://example.org/v1')
    """
    split_url(url)
    url = url.partition("?")[0].partition("#")[0].rstrip("/")
    return url if _VERSION.search(url) else f"{url}/v1"


def known_providers() -> dict[str, str]:
    """Index address of every provider of the consortium's list that has one, by its id."""
    optional("optimade", EXTRA)
    text = files("optimade").joinpath("server/data/providers.json").read_text("utf-8")
    found = {one["id"]: _href(one["attributes"]["base_url"]) for one in json.loads(text)["data"]}
    return {name: url for name, url in sorted(found.items()) if url and name != "exmpl"}


def resolve(
    provider: str,
    manners: Manners,
    tell: Callable[[str], None],
    indexes: Mapping[str, str] | None = None,
) -> str:
    """The versioned address of the database that ``provider`` names.

    Raises
    ------
    ConfigError
        If the provider is unknown, or has several databases and none was named.
    ForescaleError
        If its index cannot be read.
    """
    if "://" in provider:
        return versioned(provider)
    name, _, database = _ALIASES.get(provider.lower(), provider.lower()).partition("/")
    indexes = known_providers() if indexes is None else indexes
    if name not in indexes:
        raise ConfigError(
            f"got provider {provider!r}, expected a base URL or one of {', '.join(indexes)}"
        )
    children = _children(versioned(indexes[name]), manners, tell)
    if not database and len(children) == 1:
        return versioned(next(iter(children.values())))
    chosen = {key: url for key, url in children.items() if database and database in key.lower()}
    chosen = {key: url for key, url in children.items() if key.lower() == database} or chosen
    if len(chosen) != 1:
        choice = ", ".join(f"{name}/{key} ({url})" for key, url in children.items())
        raise ConfigError(
            f"got provider {provider!r}, expected one of its {len(children)} databases"
            + (f": {choice}" if choice else "")
        )
    return versioned(next(iter(chosen.values())))


def _children(index: str, manners: Manners, tell: Callable[[str], None]) -> dict[str, str]:
    """Addresses of an index's databases by their ids."""
    client = Client(index, manners, tell)
    try:
        listed = client.get(f"{index}/links").body.get("data")
    except RefusedError as error:
        raise ForescaleError(f"the provider's index cannot be read: {error}") from None
    found = {}
    for link in listed if isinstance(listed, list) else []:
        attributes = link.get("attributes") if isinstance(link, dict) else None
        if isinstance(attributes, dict) and attributes.get("link_type") == "child":
            url = _href(attributes.get("base_url"))
            if url:
                split_url(url)
                found[plain(link.get("id"))] = url
    return found


def _href(link: Any) -> str | None:
    """A JSON:API link, which is a string or an object with ``href``."""
    address = link.get("href") if isinstance(link, dict) else link
    return address if isinstance(address, str) and address else None
