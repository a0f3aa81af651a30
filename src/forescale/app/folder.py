"""Paths beneath the app's folder: what a page names never leads out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forescale.errors import RequestError

_LONGEST = 1000


class NotHereError(RequestError):
    """A page asked for what is not in the folder, or not to be shown."""


@dataclass(frozen=True)
class Folder:
    """The folder that the app shows.

    Attributes
    ----------
    root
        Its path, resolved.
    """

    root: Path

    @classmethod
    def of(cls, path: str | Path) -> Folder:
        """Take a folder.

        Raises
        ------
        NotHereError
            If it is none.
        """
        root = Path(path).resolve()
        if not root.is_dir():
            raise NotHereError(f"{path}: is no folder; make it, or name another")
        return cls(root)

    def inside(self, at: str, *, exists: bool = True) -> Path:
        """Return the path that a page names, relative to the folder.

        Parameters
        ----------
        at
            As `at` gives it: parts set apart by ``/``.
        exists
            Whether it has to be there.

        Raises
        ------
        NotHereError
            If it leads out of the folder (``..``, an absolute path, a link), or is not there.
        """
        if len(at) > _LONGEST or "\0" in at or "\\" in at:
            raise NotHereError(f"{at[:80]!r}: is no path of this folder")
        path = self.root
        for part in at.split("/"):
            if part in ("", ".", "..") or ":" in part:
                raise NotHereError(f"{at!r}: leads out of the folder, or is no path")
            path = path / part
            if path.is_symlink():
                raise NotHereError(f"{at!r}: is, or passes, a link; links are not followed")
        if exists and not path.exists():
            raise NotHereError(f"{at!r}: is not in {self.root}, or not any more")
        return path

    def at(self, path: Path) -> str:
        """Return how pages name a path of the folder."""
        return path.relative_to(self.root).as_posix()
