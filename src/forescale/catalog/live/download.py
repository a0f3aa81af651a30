"""Reading all pages of an answer into a folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlencode

from forescale._machine.progress import progress, say
from forescale.catalog.live.changes import (
    count_changes,
    late_entries,
    page_changes,
    server_changes,
)
from forescale.catalog.live.http import Client, Manners, RefusedError, UnreachableError
from forescale.catalog.live.info import Definition, read_database, read_definition
from forescale.catalog.live.pages import DownloadHeader, Page, PageStore
from forescale.catalog.live.providers import resolve
from forescale.catalog.live.query import OptimadeQuery
from forescale.catalog.live.responses import SchemaError, read_page
from forescale.errors import ConfigError, ForescaleError, IntegrityError

_LONGEST_DELAY = 60.0  # seconds between pages, whatever a server suggests


class Download:
    """One answer of one server, in a folder.

    Parameters
    ----------
    query
        What to ask.
    store
        Where pages go; the caller holds its lock.
    manners
        How patient to be.
    check
        Called with the property's definition before any page is asked for; may refuse it.
    show_progress
        Whether to say anything on standard error.
    """

    def __init__(
        self,
        query: OptimadeQuery,
        store: PageStore,
        manners: Manners,
        check: Callable[[Definition], object],
        show_progress: bool,
    ) -> None:
        self._query, self._store, self._manners, self._check = query, store, manners, check
        self._shown = show_progress
        self._seen: set[str] = set()

    def run(self, fresh: bool) -> tuple[DownloadHeader, list[Page]]:
        """Read what is not yet on disk; with ``fresh``, everything.

        Raises
        ------
        IntegrityError
            If the database, or what it says of the property, changed since the download began.
        ForescaleError
            If the server cannot be read. Pages read so far stay, and the next run continues.
        """
        earlier = self._set_aside() if fresh else None
        header = self._store.header()
        pages = self._store.pages() if header is not None else []
        if header is not None:
            self._refuse_other(header)
            self._check(header.definition)
            if self._is_enough(pages) or self._is_whole(pages):
                self._tell(
                    f"{_entries(pages)} entries read on {header.started[:10]} are used again "
                    f"({self._store.folder}); --fresh reads them anew"
                )
                return header, pages
        try:
            if header is None:
                client, header = self._begin(earlier)
            else:
                client = self._client(header.database.base_url)
                self._compare(client, header, pages)
            self._read(client, header, pages)
        except (UnreachableError, RefusedError, SchemaError) as error:
            kept = (
                f"\n{_entries(pages)} entries on {len(pages)} pages are kept in "
                f"{self._store.folder}; the same command continues there"
            )
            raise ForescaleError(f"{error}{kept if pages else ''}") from None
        return header, pages

    def _tell(self, message: str) -> None:
        if self._shown:
            say(message)

    def _client(self, base_url: str) -> Client:
        return Client(base_url, self._manners, self._tell)

    def _is_enough(self, pages: list[Page]) -> bool:
        limit = self._query.limit
        return limit is not None and _entries(pages) >= limit

    def _is_whole(self, pages: list[Page]) -> bool:
        if self._store.complete and not (pages and pages[-1].next is None):
            self._tell(f"{self._store.folder}: page {len(pages) + 1} is damaged or gone")
            self._store.reopen()
        return self._store.complete

    def _refuse_other(self, header: DownloadHeader) -> None:
        """A folder that was named by hand may hold the answer to another question."""
        for name in ("provider", "property_name", "filter"):
            held, asked = getattr(header, name), getattr(self._query, name)
            if held != asked:
                raise ConfigError(
                    f"{self._store.folder} holds pages of another question: got {name} "
                    f"{asked!r}, expected {held!r}; choose another folder"
                )

    def _set_aside(self) -> DownloadHeader | None:
        if not self._store.folder.exists():
            return None
        earlier = None
        with suppress(ForescaleError):  # a damaged header is a reason to start afresh
            earlier = self._store.header()
        aside = self._store.set_aside(earlier.started[:19] if earlier else "damaged")
        self._tell(f"the earlier pages are kept in {aside}")
        return earlier

    def _begin(self, earlier: DownloadHeader | None) -> tuple[Client, DownloadHeader]:
        client = self._client(resolve(self._query.provider, self._manners, self._tell))
        database = read_database(client)
        definition = read_definition(client, self._query)
        self._check(definition)
        header = DownloadHeader(
            provider=self._query.provider,
            property_name=self._query.property_name,
            filter=self._query.filter,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            database=database,
            definition=definition,
        )
        if earlier is not None:
            for change in server_changes(earlier, database, definition):
                self._tell(f"since {earlier.started[:10]}: {change}")
        self._store.start(header)
        return client, header

    def _compare(self, client: Client, header: DownloadHeader, pages: list[Page]) -> None:
        """Make sure that the pages to come belong to the pages on disk."""
        definition = read_definition(client, self._query)
        changes = server_changes(header, read_database(client), definition)
        for number in sorted({1, len(pages)} if pages else set()):
            changes += self._read_again(client, pages, number)
        self._refuse(changes, pages)
        if pages:
            self._tell(f"continuing after {_entries(pages)} entries on {len(pages)} pages")

    def _read(self, client: Client, header: DownloadHeader, pages: list[Page]) -> None:
        """Append pages to disk and to ``pages`` until there are no more, or enough."""
        before = len(pages)
        self._seen = {page.url for page in pages}
        self._ids = {entry.id for page in pages for entry in page.entries}
        if not pages:
            self._append(pages, self._first_page(client, header))
        first = pages[0]
        title = f"reading {header.database.base_url}"
        with progress(title, self._total(first), shown=self._shown) as advance:
            advance(_entries(pages))
            while (url := pages[-1].next) is not None and not self._is_enough(pages):
                time.sleep(min(pages[-1].request_delay, _LONGEST_DELAY))
                page = read_page(client.get(url), url, self._query, client)
                changes = count_changes(first, page) + late_entries(first, page)
                self._refuse([f"{change} (page {len(pages) + 1})" for change in changes], pages)
                if not page.entries:  # some servers link to a page beyond the last
                    page = page.model_copy(update={"next": None})
                self._append(pages, page)
                advance(len(page.entries))
        if pages[-1].next is None:
            if len(pages) > max(before, 1):  # did anything move while it was read?
                self._refuse(self._read_again(client, pages, 1), pages)
            entries = tuple(entry for page in pages for entry in page.entries)
            self._store.finish(len(entries), Page.digest(entries))

    def _first_page(self, client: Client, header: DownloadHeader) -> Page:
        # The specification has 403 for a page_limit above the server's: then ask for its own.
        for limit in (self._manners.page_limit, None):
            url = _first_url(header, self._query, limit)
            try:
                return read_page(client.get(url), url, self._query, client)
            except RefusedError as error:
                if error.status == 400:
                    raise ConfigError(f"the server refuses the query: {error}") from None
                if error.status != 403 or limit is None:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _append(self, pages: list[Page], page: Page) -> None:
        """Keep a page, unless what follows it is wrong: it would be wrong at every rerun."""
        self._seen.add(page.url)
        if page.next in self._seen:
            raise SchemaError(f"{page.url}: links to {page.next} again, in a circle")
        ids = {entry.id for entry in page.entries}
        if ids and ids <= self._ids:
            raise SchemaError(
                f"{page.url}: page {len(pages) + 1} holds nothing but entries of earlier pages "
                f"({min(ids)}, for one): the server's pages repeat, and would for ever; "
                f"{_entries(pages)} entries are kept in {self._store.folder}"
            )
        self._ids |= ids
        expected = pages[0].data_returned if pages else page.data_returned
        got = _entries([*pages, page])
        if page.next is None and got < min(expected or 0, self._query.limit or got + 1):
            raise SchemaError(
                f"{page.url}: the server says that {expected} entries match and stops after "
                f"{got}; with --max {got} they are taken as they are"
            )
        self._store.append(len(pages) + 1, page)
        pages.append(page)

    def _read_again(self, client: Client, pages: list[Page], number: int) -> list[str]:
        old = pages[number - 1]
        new = read_page(client.get(old.url), old.url, self._query, client)
        return page_changes(number, old, new)

    def _refuse(self, changes: list[str], pages: list[Page]) -> None:
        if changes:
            raise IntegrityError(
                "the database changed since the download began; got "
                + "; ".join(dict.fromkeys(changes))
                + f"\n{_entries(pages)} entries on {len(pages)} pages are kept in "
                f"{self._store.folder}; --fresh starts afresh and moves them aside"
            )

    def _total(self, first: Page) -> int:
        total = first.data_returned or first.data_available or 0
        return min(total, self._query.limit or total)


def _first_url(header: DownloadHeader, query: OptimadeQuery, page_limit: int | None) -> str:
    asked = {"filter": query.filter} if query.filter else {}
    asked["response_fields"] = f"chemical_formula_reduced,last_modified,{query.field}"
    if header.definition.sortable:
        asked["sort"] = "id"  # without an order, pages may overlap
    if page_limit is not None:
        asked["page_limit"] = str(page_limit)
    return f"{header.database.base_url}/structures?{urlencode(asked)}"


def _entries(pages: list[Page]) -> int:
    return sum(len(page.entries) for page in pages)
