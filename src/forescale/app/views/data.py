"""The catalog in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from forescale.catalog import CatalogEntry, bibtex, entry_names, get_entry, here
from forescale.errors import ForescaleError
from forescale.words import count, fixed, labelled

State = Callable[[str], tuple[bool, str]]


def cards(q: str, state: State) -> tuple[list[dict[str, Any]], int]:
    """Datasets that hold all the words of a search, and how many there are."""
    names = entry_names()
    words = q.casefold().split()
    entries = [get_entry(name) for name in names]
    shown = [entry for entry in entries if all(word in _text(entry) for word in words)]
    return [_card(entry, state) for entry in shown], len(names)


def card(name: str, state: State) -> dict[str, Any]:
    """One dataset.

    Raises
    ------
    ConfigError
        If the catalog has none of that name.
    """
    return _card(get_entry(name), state)


def _text(entry: CatalogEntry) -> str:
    parts = (entry.name, entry.title, entry.kind, entry.material_kind, entry.method, entry.licence)
    return " ".join((*parts, entry.citation, *entry.properties)).casefold()


def _card(entry: CatalogEntry, state: State) -> dict[str, Any]:
    fetching, failed = state(entry.name)
    where, size = _where(entry)
    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "material": entry.material_kind,
        "method": entry.method,
        "properties": [
            labelled(name.replace("_", " "), one.unit) for name, one in entry.properties.items()
        ],
        "rows": "–" if entry.rows is None else count(entry.rows),
        "size": size,
        "where": where,
        "licence": entry.licence,
        "citation": entry.citation,
        "note": entry.note,
        "bibtex": bibtex(entry),
        "version": entry.version,
        "sources": [file.url for file in entry.remote_files],
        "package": None if entry.package is None else entry.package.name,
        "fetching": fetching,
        "failed": failed,
    }


def _where(entry: CatalogEntry) -> tuple[str, str]:
    """Whether it is bundled, here or to fetch, and how large it is."""
    try:
        paths = here(entry)
    except ForescaleError as error:
        return str(error), "–"
    if paths is None:
        return "to fetch", "–" if entry.bytes is None else _megabytes(entry.bytes)
    size = _megabytes(sum(path.stat().st_size for path in paths))
    return ("bundled" if entry.package is not None else "here"), size


def _megabytes(size: int) -> str:
    if size < 1e6:
        return f"{count(max(round(size / 1e3), 1))}\u00a0kB"
    return f"{fixed(size / 1e6, 1)}\u00a0MB"
