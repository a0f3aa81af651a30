"""Pages of an answer on disk: what a stopped download continues from."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from forescale._machine.files import locked, write_text
from forescale.catalog.live.info import Database, Definition
from forescale.errors import RunFolderError

_HEADER, _WHOLE = "download.json", "complete.json"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DownloadHeader(_Record):
    """What was asked of which server, when, and what it said of the property then."""

    provider: str
    property_name: str
    filter: str
    started: str  # date and time, UTC
    database: Database
    definition: Definition


class Entry(_Record):
    """One structure: its id, formula and value, as the server gave them."""

    id: str
    formula: str | None
    value: float | str | None = None  # text where the server gave something else
    last_modified: str | None = None


class Page(_Record):
    """One page, reduced to what is used of it."""

    url: str
    next: str | None
    date: str | None  # the server's clock
    data_returned: int | None
    data_available: int | None
    request_delay: float = 0.0
    entries: tuple[Entry, ...]
    sha256: str

    @staticmethod
    def digest(entries: tuple[Entry, ...]) -> str:
        """Hash of the entries: the same for the same answer, whenever it is given."""
        rows = [[e.id, e.formula, e.value, e.last_modified] for e in entries]
        text = json.dumps(rows, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class PageStore:
    """A folder with ``download.json`` and one file a page, each whole or absent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second process out; the lock ends with the process, however it ends.

        Raises
        ------
        RunFolderError
            If the folder cannot be written or another process reads into it.
        """
        lock = self.folder.with_name(f".{self.folder.name}.lock")
        with locked(lock, "another download", place=self.folder):
            yield

    def header(self) -> DownloadHeader | None:
        """What the folder holds pages of; ``None`` before the first."""
        path = self.folder / _HEADER
        if not path.is_file():
            return None
        try:
            return DownloadHeader.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise RunFolderError(
                f"{path}: cannot be read as a download ({str(error).splitlines()[0]}); "
                "start afresh with --fresh"
            ) from None

    def start(self, header: DownloadHeader) -> None:
        """Begin a download in an empty folder."""
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_text(self.folder / _HEADER, header.model_dump_json(indent=2))

    def append(self, number: int, page: Page) -> None:
        """Store page ``number``, counted from 1; on return it is on disk."""
        with self._writing():
            write_text(self._path(number), page.model_dump_json())

    def pages(self) -> list[Page]:
        """The pages from the first on, up to one that is absent or damaged."""
        found: list[Page] = []
        while (page := self._page(len(found) + 1)) is not None:
            if found and found[-1].next != page.url:
                break
            found.append(page)
        return found

    @property
    def complete(self) -> bool:
        """Whether the last page is there and the database was the same at the end."""
        return (self.folder / _WHOLE).is_file()

    def finish(self, entries: int, sha256: str) -> None:
        """Mark the download as complete."""
        with self._writing():
            write_text(
                self.folder / _WHOLE, json.dumps({"entries": entries, "sha256": sha256}, indent=2)
            )

    def reopen(self) -> None:
        """Take the mark off again: a page is missing."""
        (self.folder / _WHOLE).unlink(missing_ok=True)

    def set_aside(self, started: str) -> Path:
        """Move the folder out of the way, keeping everything in it."""
        stamp = "".join(c for c in started if c.isalnum())
        for number in range(1, 1000):
            aside = self.folder.with_name(f"{self.folder.name}.{stamp}.{number}")
            if not aside.exists():
                with self._writing():
                    self.folder.rename(aside)
                return aside
        raise RunFolderError(f"{self.folder}: has 999 older copies beside it; delete some")

    def _path(self, number: int) -> Path:
        return self.folder / f"page-{number:06d}.json"

    def _page(self, number: int) -> Page | None:
        try:
            page = Page.model_validate_json(self._path(number).read_bytes())
        except (OSError, ValidationError):
            return None
        return page if Page.digest(page.entries) == page.sha256 else None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunFolderError(f"{self.folder}: cannot be written ({error.strerror})") from None
