"""Tables that a new study is drafted from: kept in the folder, read as text, never run."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from forescale._machine.files import write_text
from forescale.app.folder import Folder, NotHereError
from forescale.errors import RequestError

DRAFTS = ".forescale-drafts"
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
SIDES = ("computed", "measured")
MORE = tuple(f"computed-{number}" for number in range(2, 7))
"""Sides of further computed tables: each a source with a curve of its own."""
_CHUNK = 1024**2
_OLD = 7 * 86400.0  # seconds after which a draft that nobody started is thrown away
_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")


@dataclass(frozen=True)
class Table:
    """One side of a draft.

    Attributes
    ----------
    path
        File of the draft.
    dataset, holds
        Dataset and its property, if it came from the catalog.
    unit, kind
        What the catalog says of it.
    """

    path: Path
    dataset: str | None = None
    holds: str | None = None
    unit: str | None = None
    kind: str | None = None

    @property
    def is_of_catalog(self) -> bool:
        """Whether it came from the catalog."""
        return self.dataset is not None

    @property
    def called(self) -> str:
        """The dataset, or the file."""
        return self.dataset or self.path.name


class Uploads:
    """The drafts of a folder.

    Parameters
    ----------
    folder
        The app's.
    """

    def __init__(self, folder: Folder) -> None:
        self._root = folder.root / DRAFTS

    def new(self) -> str:
        """Make room for a draft; return its name."""
        self._forget_old()
        name = secrets.token_urlsafe(12)
        (self._root / name).mkdir(parents=True)
        return name

    def another(self, draft: str) -> str:
        """The side of one more computed table.

        Raises
        ------
        RequestError
            If there are as many as there may be.
        """
        there = self.path(draft)
        free = [side for side in ("computed", *MORE) if not (there / side).exists()]
        if not free:
            raise RequestError(f"{1 + len(MORE)} computed tables are the most that are taken here")
        return free[0]

    def drop_side(self, draft: str, side: str) -> None:
        """Take a further computed table away."""
        if side in MORE:
            shutil.rmtree(self.path(draft) / side, ignore_errors=True)

    def keep_file(self, draft: str, side: str, filename: str, stream: BinaryIO) -> None:
        """Keep an uploaded table.

        Raises
        ------
        RequestError
            If its name does not end as that of a table.
        """
        name, place = safe_name(filename), self.path(draft) / side
        place.mkdir()
        with (place / name).open("xb") as kept:
            shutil.copyfileobj(stream, kept, _CHUNK)

    def keep_dataset(self, draft: str, side: str, name: str, property_name: str) -> None:
        """Keep one property of a dataset of the catalog that is on this machine.

        Raises
        ------
        RequestError
            If it has to be fetched first.
        """
        from forescale.catalog import get_entry, here, load_dataset

        entry = get_entry(name)
        if here(entry) is None:
            raise RequestError(f"{name}: is not on this machine yet; fetch it on the page Data")
        property_name, _ = entry.get_property(property_name or None)
        table = load_dataset(name, property_name)
        place = self.path(draft) / side
        place.mkdir()
        table.frame[["material", "value"]].to_csv(place / f"{name}.csv", index=False)
        told = {"dataset": name, "holds": property_name, "unit": table.unit}
        write_text(place / "dataset.json", json.dumps(told | {"kind": table.material_kind}))

    def tables(self, draft: str) -> dict[str, Table]:
        """The sides of a draft, that of the measured table last.

        Raises
        ------
        NotHereError
            If one of the two that every study has is missing.
        """
        found, there = {}, self.path(draft)
        for side in (SIDES[0], *(one for one in MORE if (there / one).is_dir()), SIDES[1]):
            place = there / side
            files = [path for path in place.glob("*") if path.suffix.lower() in ENDINGS]
            if len(files) != 1 or files[0].is_symlink():
                raise NotHereError(f"the {side} table is missing: choose a file or a dataset")
            origin = place / "dataset.json"
            told = json.loads(origin.read_text()) if origin.is_file() else {}
            found[side] = Table(files[0], **told)
        return found

    def path(self, draft: str) -> Path:
        """The folder of a draft.

        Raises
        ------
        NotHereError
            If there is none of that name.
        """
        path = self._root / draft
        if not _ID.fullmatch(draft) or path.is_symlink() or not path.is_dir():
            raise NotHereError("this draft is not here any more; choose the tables again")
        return path

    def drop(self, draft: str) -> None:
        """Throw a draft away."""
        shutil.rmtree(self.path(draft), ignore_errors=True)

    def _forget_old(self) -> None:
        if not self._root.is_dir() or self._root.is_symlink():
            return
        for path in self._root.iterdir():
            ours = path.is_dir() and not path.is_symlink()
            if ours and time.time() - path.stat().st_mtime > _OLD:
                shutil.rmtree(path, ignore_errors=True)


def safe_name(name: str) -> str:
    """Return a name for a file of a user's, of letters, digits, dots and hyphens.

    Raises
    ------
    RequestError
        If it does not end as that of a table.

    Examples
    --------
    >>> safe_name("../../my table (2).CSV")
    'my-table-2.csv'
    """
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, ending = last.rpartition(".")
    if f"{dot}{ending.lower()}" not in ENDINGS:
        raise RequestError(
            f"{last[:80]!r}: expected a table: a name that ends in {', '.join(ENDINGS)}"
        )
    plain = "-".join(re.findall(r"[A-Za-z0-9_]+", stem))[:80]
    return f"{plain or 'table'}.{ending.lower()}"
