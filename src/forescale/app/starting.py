"""The commands that the app gives: always made anew from what lies in the folder.

A folder may have come from anybody, so what is noted there of an earlier command is shown and
never repeated, and what would run code of its author is left to the command line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomli_w

from forescale._machine.files import write_text
from forescale.app.folder import NotHereError
from forescale.errors import RequestError

MORE = 10
"""Replicates that are added at once."""
_MOST_TOML = 2 * 1024**2
_MOST_FILES = 200


def run_arguments(run: Path, *, more: int = 0) -> list[str]:
    """Go on with a run, perhaps with more replicates.

    Raises
    ------
    NotHereError
        If its study file is not there.
    RequestError
        If that cannot be read.
    """
    file = run / "study.toml"
    if more:
        file = _with_more(run, more)
    elif not file.is_file():
        raise NotHereError(f"{run.name}: has no study.toml to go on with")
    arguments = ["run", str(file), "--out", str(run)]
    if (run / "rejects.csv").is_file():
        arguments += ["--on-error", "skip"]
    return arguments


def new_run_arguments(study: Path, run: Path, *, skip: bool) -> list[str]:
    """Begin the run of a study file."""
    return ["run", str(study), "--out", str(run), *(["--on-error", "skip"] if skip else [])]


def campaign_arguments(results: Path, *, root: Path, retry: bool = False) -> list[str]:
    """Go on with a campaign.

    Parameters
    ----------
    root
        The app's folder: files above it are not looked at.
    retry
        Also what has failed for good.

    Raises
    ------
    NotHereError
        If its file is not beside its results.
    RequestError
        If it names code of its author.
    """
    file = campaign_file(results, root)
    if file is None:
        raise NotHereError(
            f"{results.name}: no campaign file beside it names these results; go on with "
            "forescale simulate CAMPAIGN.toml"
        )
    _refuse_code(read_small_toml(file), file, "simulate")
    return ["simulate", str(file), *(["--retry-failed"] if retry else [])]


def campaign_file(results: Path, root: Path) -> Path | None:
    """The campaign file whose results lie in a folder: beside it, or one level up."""

    def is_of_it(file: Path, raw: dict[str, Any]) -> bool:
        named = raw.get("results", f"{file.stem}-results")
        ours = "engine" in raw and isinstance(named, str)
        return ours and (file.parent / named).resolve() == results.resolve()

    return _beside(results, root, is_of_it)


def loop_arguments(loop: Path, *, root: Path) -> list[str]:
    """Go on with a loop: by its own file, which may have changed, or by the copy in its folder.

    Raises
    ------
    RequestError
        If its file names code of its author, or cannot be read.
    """
    name = read_small_toml(loop / "loop.toml").get("name")

    def is_of_it(file: Path, raw: dict[str, Any]) -> bool:
        return "arm" in raw and "budget" in raw and raw.get("name", file.stem) == name

    file = _beside(loop, root, is_of_it) or loop / "loop.toml"
    _refuse_code(read_small_toml(file), file, "grow")
    return ["grow", str(file), "--out", str(loop)]


def _beside(place: Path, root: Path, fits: Callable[[Path, dict[str, Any]], bool]) -> Path | None:
    """The first TOML file that fits, beside a folder or one level up, in the app's folder."""
    for folder in (place.parent, place.parent.parent):
        if not folder.is_relative_to(root):
            continue
        for file in sorted(folder.glob("*.toml"))[:_MOST_FILES]:
            try:
                raw = read_small_toml(file)
            except RequestError:
                continue
            if fits(file, raw):
                return file
    return None


def read_small_toml(file: Path) -> dict[str, Any]:
    """A TOML file of the folder.

    Raises
    ------
    RequestError
        If it cannot be read.
    """
    try:
        if file.is_symlink() or file.stat().st_size > _MOST_TOML:
            raise RequestError(f"{file.name}: is a link, or too large for a file of settings")
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RequestError(f"{file.name}: cannot be read ({error})") from None


def _with_more(run: Path, more: int) -> Path:
    """The study of a run with more replicates, beside its own file."""
    raw = read_small_toml(run / "study.toml")
    raw["replicates"] = int(raw.get("replicates", 20)) + more
    file = run / ".study.toml"
    write_text(file, tomli_w.dumps(raw))
    return file


def _refuse_code(raw: dict[str, Any], file: Path, command: str) -> None:
    """Refuse what names ``module:Class`` or ``file.py:function`` anywhere a plug-in is named."""
    named = [_plug_in(raw.get("engine")), *map(_plug_in, _tables(raw.get("materials")))]
    for arm in _tables(raw.get("arm")):
        named += [_plug_in(arm.get("engine")), *map(_plug_in, _tables(arm.get("pool")))]
    named += [_plug_in(raw.get("learner")), _plug_in(raw.get("descriptor"))]
    if own := [name for name in named if ":" in name]:
        raise RequestError(
            f"{file.name}: names {own[0]!r}, code of its author, which the app does not run; "
            f"if you trust it: forescale {command} {file}"
        )


def _plug_in(table: Any) -> str:
    if not isinstance(table, dict):
        return ""
    return f"{table.get('name') or ''}{table.get('generator') or ''}"


def _tables(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, dict)]
