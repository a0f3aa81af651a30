"""How a database shows that it is no longer the one a download began with."""

from __future__ import annotations

from datetime import datetime, timedelta

from forescale.catalog.live.info import Database, Definition
from forescale.catalog.live.pages import DownloadHeader, Page

# A server that stamps entries with the time of the query, or nearly, tells nothing by it.
_STAMPED_NOW = timedelta(minutes=10)


def server_changes(header: DownloadHeader, database: Database, definition: Definition) -> list[str]:
    """What the server says otherwise than when the download began."""
    pairs = {
        "unit": (header.definition.unit, definition.unit),
        "type": (header.definition.type, definition.type),
        "description": (header.definition.description, definition.description),
        "API version": (header.database.api_version, database.api_version),
        "server software": (header.database.implementation, database.implementation),
    }
    return [
        f"{name} of {header.property_name}: {old!r} → {new!r}"
        if name in {"unit", "type", "description"}
        else f"{name}: {old!r} → {new!r}"
        for name, (old, new) in pairs.items()
        if old != new
    ]


def count_changes(first: Page, page: Page) -> list[str]:
    """Numbers of entries that differ between two pages of one answer."""
    pairs = {
        "entries that match (data_returned)": (first.data_returned, page.data_returned),
        "entries in the database (data_available)": (first.data_available, page.data_available),
    }
    return [
        f"{name}: {old} → {new}"
        for name, (old, new) in pairs.items()
        if old is not None and new is not None and old != new
    ]


def late_entries(first: Page, page: Page) -> list[str]:
    """Entries of a page that were modified after the first page was read."""
    began = _time(first.date)
    if began is None or any(
        (stamp := _time(entry.last_modified)) is not None and stamp > began - _STAMPED_NOW
        for entry in first.entries
    ):
        return []
    late = [
        entry
        for entry in page.entries
        if (stamp := _time(entry.last_modified)) is not None and stamp > began
    ]
    return [f"entry {e.id}: modified {e.last_modified}, after the first page" for e in late[:1]]


def page_changes(number: int, old: Page, new: Page) -> list[str]:
    """What differs where a page is read a second time."""
    changes = count_changes(old, new)
    if old.sha256 != new.sha256:
        changes.append(f"page {number}, read again: {_first_difference(old, new)}")
    return changes


def _first_difference(old: Page, new: Page) -> str:
    for before, now in zip(old.entries, new.entries, strict=False):
        if before.id != now.id:
            return f"entry {before.id} → {now.id}"
        for name in ("formula", "value", "last_modified"):
            if getattr(before, name) != getattr(now, name):
                return (
                    f"{name} of entry {before.id}: "
                    f"{getattr(before, name)!r} → {getattr(now, name)!r}"
                )
    return f"{len(old.entries)} → {len(new.entries)} entries"


def _time(text: str | None) -> datetime | None:
    """An RFC 3339 time; times without a zone are taken for UTC, as the protocol has them."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else datetime.fromisoformat(f"{text}+00:00")
