"""What a server says of itself and of a property."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ConfigDict

from forescale.catalog.live.http import Client, RefusedError, plain
from forescale.catalog.live.query import OptimadeQuery
from forescale.errors import ConfigError, ForescaleError

_NUMBERS = {"float", "integer"}
_SHOWN = 30  # properties named in an error


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(_Record):
    """The server at a base URL: who runs it, which API, which licence."""

    base_url: str
    api_version: str
    provider: str = ""
    prefix: str = ""
    homepage: str = ""
    implementation: str = ""
    licence: str = ""


class Definition(_Record):
    """How the server defines the property asked for; ``unit`` is its own text."""

    type: str | None
    unit: str | None
    description: str = ""
    sortable: bool = False  # whether entries can be asked for in the order of their ids


def read_database(client: Client) -> Database:
    """Ask ``/info``.

    Raises
    ------
    ForescaleError
        If it is not an OPTIMADE server of version 1, or an index of databases.
    """
    url = f"{client.base_url}/info"
    try:
        body = client.get(url).body
    except RefusedError as error:
        raise ForescaleError(
            f"{error}; expected an OPTIMADE server: is {client.base_url} its base URL?"
        ) from None
    attributes = _dict(_dict(body, "data", url), "attributes", url)
    meta = _soft(body, "meta")
    version = str(attributes.get("api_version") or meta.get("api_version") or "")
    if version.lstrip("v").partition(".")[0] != "1":
        raise ForescaleError(f"{url}: got API version {plain(version)!r}, expected 1")
    if attributes.get("is_index") is True:
        raise ConfigError(
            f"{client.base_url} is an index of databases, not one of them; "
            f"its databases are listed at {client.base_url}/links"
        )
    provider, software = _soft(meta, "provider"), _soft(meta, "implementation")
    return Database(
        base_url=client.base_url,
        api_version=plain(version),
        provider=plain(provider.get("name") or ""),
        prefix=plain(provider.get("prefix") or ""),
        homepage=_link(provider.get("homepage")),
        implementation=plain(f"{software.get('name') or ''} {software.get('version') or ''}"),
        licence=_licence(attributes),
    )


def read_definition(client: Client, query: OptimadeQuery) -> Definition:
    """Ask ``/info/structures`` about the property of ``query``.

    Raises
    ------
    ConfigError
        If the server has no such property, or it is no number.
    """
    url = f"{client.base_url}/info/structures"
    try:
        properties = _dict(_dict(client.get(url).body, "data", url), "properties", url)
    except RefusedError as error:
        raise ForescaleError(f"{error}; expected its list of properties") from None
    if not isinstance(properties.get(query.field), dict):
        raise ConfigError(_unknown(query.field, list(properties), client.base_url))
    definition = _definition(properties[query.field], _soft(properties, "id"))
    if query.keys:
        if definition.type not in {"dictionary", None}:
            raise ConfigError(
                f"{query.field} is of type {definition.type}, expected a dictionary to take "
                f"{'.'.join(query.keys)!r} from"
            )
        inner = _inner(properties[query.field], query.keys)
        definition = _definition(inner, _soft(properties, "id"))
    if definition.type is not None and definition.type not in _NUMBERS:
        inside = f"; name the number in it, as {query.property_name}.KEY"
        raise ConfigError(
            f"{query.property_name} is of type {definition.type} at {client.base_url}, "
            f"expected float or integer{inside if definition.type == 'dictionary' else ''}"
        )
    return definition


def _inner(given: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The definition of a value in a dictionary; without one, no type and no unit."""
    for key in keys:
        given = _soft(_soft(given, "properties"), key)
    return given


def _definition(given: dict[str, Any], identifier: dict[str, Any]) -> Definition:
    """Read both forms: ``unit`` and ``type``, and the property definitions of API 1.2."""
    kind = given.get("x-optimade-type", given.get("type"))
    unit = given.get("x-optimade-unit", given.get("unit"))
    return Definition(
        type=plain(kind) if isinstance(kind, str) else None,
        unit=plain(unit) if isinstance(unit, str) and unit != "inapplicable" else None,
        description=plain(given.get("description") or ""),
        sortable=identifier.get("sortable") is True,
    )


def _unknown(name: str, known: list[str], base_url: str) -> str:
    own = sorted(plain(one) for one in known if one.startswith("_"))
    near = difflib.get_close_matches(name, own, n=3)
    shown = near or own[:_SHOWN]
    more = f" and {len(own) - len(shown)} more" if len(own) > len(shown) else ""
    return f"got property {name!r}, expected one that {base_url} lists in /info/structures: " + (
        ", ".join(shown) + more if shown else "it lists none of its own"
    )


def _dict(body: dict[str, Any], key: str, url: str) -> dict[str, Any]:
    found = body.get(key)
    if not isinstance(found, dict):
        raise ForescaleError(
            f"{url}: got {type(found).__name__} as {key!r}, expected an object as the OPTIMADE "
            "specification has it; this is no OPTIMADE server, or a broken one"
        )
    return found


def _soft(body: dict[str, Any], key: str) -> dict[str, Any]:
    found = body.get(key)
    return found if isinstance(found, dict) else {}


def _licence(attributes: dict[str, Any]) -> str:
    named = attributes.get("available_licenses")
    names = [plain(one) for one in named if isinstance(one, str)] if isinstance(named, list) else []
    return ", ".join(names) or _link(attributes.get("license"))


def _link(link: Any) -> str:
    address = link.get("href") if isinstance(link, dict) else link
    return plain(address) if isinstance(address, str) else ""
