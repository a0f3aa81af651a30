"""A question to a live database, and its answer as a property table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from forescale._machine.imports import optional
from forescale._machine.paths import cache_folder
from forescale.catalog.live.download import Download
from forescale.catalog.live.http import Manners
from forescale.catalog.live.pages import PageStore
from forescale.catalog.live.query import EXTRA, OptimadeQuery, check_filter
from forescale.catalog.live.table import Answered, stated_unit, to_table, wanted_unit
from forescale.tables import PropertyTable


@dataclass(frozen=True)
class Fetched:
    """A table, and how it came about.

    Parameters
    ----------
    table
        One row per composition; ``structure_id`` is the provider's id of the first structure.
    base_url, api_version, provider, licence
        What the server says of itself.
    retrieved
        When the download began, UTC.
    sha256
        Hash of all entries read.
    entries, without_value
        Structures read, and those of them that have no value.
    folder
        Where the pages are.
    """

    table: PropertyTable
    base_url: str
    api_version: str
    provider: str
    licence: str
    retrieved: str
    sha256: str
    entries: int
    without_value: int
    folder: Path


def fetch_optimade(
    query: OptimadeQuery,
    *,
    folder: Path | None = None,
    fresh: bool = False,
    manners: Manners | None = None,
    show_progress: bool = True,
) -> Fetched:
    """Read a property from a live database.

    Each page is on disk before the next is asked for. A second call with the same question
    continues a stopped download, and gives a finished one again without asking.

    Parameters
    ----------
    query
        What to ask of whom.
    folder
        Where pages are kept; by default in forescale's cache, by the hash of the question.
    fresh
        Read everything anew; pages of an earlier download are moved aside, not deleted.
    manners
        Attempts, waits, timeouts and sizes.
    show_progress
        Say on standard error how it goes.

    Raises
    ------
    ConfigError
        If the question cannot be asked: provider, filter, property or unit.
    IntegrityError
        If the database changed since the download began.
    DataError
        If the values cannot be what the provider says they are.
    ForescaleError
        If the server cannot be read; what was read is kept.
    """
    for module in ("optimade", "ucumvert"):  # missed now, not after the first requests
        optional(module, EXTRA)
    check_filter(query.filter)
    store = PageStore(folder or _folder(query))
    with store.locked():
        download = Download(
            query,
            store,
            manners or Manners(),
            check=lambda definition: wanted_unit(query, stated_unit(query, definition)),
            show_progress=show_progress,
        )
        header, pages = download.run(fresh)
    answered = Answered(query, header, tuple(pages))
    table, without_value = to_table(answered)
    return Fetched(
        table=table,
        base_url=header.database.base_url,
        api_version=header.database.api_version,
        provider=header.database.provider,
        licence=header.database.licence,
        retrieved=header.started,
        sha256=table.provenance[0].sha256,
        entries=len(answered.entries()),
        without_value=without_value,
        folder=store.folder,
    )


def _folder(query: OptimadeQuery) -> Path:
    name = re.sub(r"[^a-z0-9]+", "-", query.provider.lower().partition("://")[2] or query.provider)
    return cache_folder() / "optimade" / f"{name.strip('-')[:60]}-{query.digest[:12]}"
