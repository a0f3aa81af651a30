"""Doubts kept in a run folder, for the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from forescale._machine.files import write_text
from forescale.doubt.values import Doubt
from forescale.errors import RunFolderError

NAME = "doubts.json"
_DOUBTS = TypeAdapter(tuple[Doubt, ...])


def keep_doubts(folder: Path, doubts: Sequence[Doubt]) -> None:
    """Write the doubts of a study's tables beside its run; without any there is no file."""
    if doubts:
        write_text(folder / NAME, _DOUBTS.dump_json(tuple(doubts), indent=2).decode() + "\n")
    else:
        (folder / NAME).unlink(missing_ok=True)


def kept_doubts(folder: Path) -> tuple[Doubt, ...]:
    """The doubts kept in a run folder; none where there is no file.

    Raises
    ------
    RunFolderError
        If the file is damaged.
    """
    path = folder / NAME
    try:
        return _DOUBTS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise RunFolderError(f"{path}: damaged ({reason}); delete it and run again") from None
