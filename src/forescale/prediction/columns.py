"""Which columns of a table of candidates hold the material."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from forescale.drafts.usual import MATERIALS
from forescale.errors import ConfigError
from forescale.prediction.manifest import ModelManifest
from forescale.tables import PairColumns

ROLES = ("material", "solute", "solvent", "temperature")


def choose_columns(
    path: Path | str, found: list[str], manifest: ModelManifest, given: Mapping[str, str | None]
) -> str | PairColumns:
    """The column of materials, or the columns of pairs.

    Columns that are not given have the name that the study's own files use, or a usual one
    such as ``smiles`` in any case; a table's only column needs no name.

    Parameters
    ----------
    path, found
        The table and its columns.
    manifest
        Contents of ``model.json``.
    given
        Column for each of :data:`ROLES`, and ``temperature_unit``; None where not given.

    Raises
    ------
    ConfigError
        If columns do not fit the kind of material, or cannot be guessed.
    """
    kind = manifest.material_kind
    wrong = [role for role in ROLES[1:] if given.get(role) and kind != "pair"]
    if wrong:
        raise ConfigError(
            f"--{wrong[0]}: got {given[wrong[0]]!r}, expected it for pairs only; the model is "
            f"of a {kind}: use --material"
        )
    guess = _Guess(path, found, manifest.columns)
    if kind != "pair" or given.get("material"):
        return given.get("material") or guess.one("material", may_be_only=True)
    if not given.get("solute") and len(found) == 1:
        return found[0]
    return _pair(guess, manifest, given)


def has_header(line: str, manifest: ModelManifest, given: Mapping[str, str | None]) -> bool:
    """Whether the first line of a text names columns, rather than being a material."""
    names = {part.strip().strip('"') for part in re.split(r"[,;\t]", line.lstrip("\ufeff"))}
    wanted = {one for role, one in given.items() if one and role in ROLES}
    study = {name for role in ROLES for name in manifest.columns.get(role, ())}
    usual = {name for role in ROLES for name in MATERIALS[role]}
    return bool(names & (wanted | study) or {name.lower() for name in names} & usual)


def _pair(guess: _Guess, manifest: ModelManifest, given: Mapping[str, str | None]) -> PairColumns:
    temperature = given.get("temperature")
    if temperature and manifest.temperature != "varies":
        only = manifest.temperature
        trained = "without temperatures" if only is None else f"at {only:g} K alone"
        raise ConfigError(
            f"--temperature: got {temperature!r}, but the model was trained on pairs {trained}; "
            "leave it out"
        )
    if manifest.temperature == "varies":
        temperature = temperature or guess.one("temperature")
    units = manifest.columns.get("temperature_unit", ())
    return PairColumns(
        given.get("solute") or guess.one("solute"),
        given.get("solvent") or guess.one("solvent"),
        temperature,
        given.get("temperature_unit") or (units[0] if len(units) == 1 else "K"),
    )


class _Guess:
    """Looks for a column by its role."""

    def __init__(
        self, path: Path | str, found: list[str], study: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.path, self.found, self.study = path, found, study

    def one(self, role: str, *, may_be_only: bool = False) -> str:
        """The column of that role."""
        own = [name for name in self.study.get(role, ()) if name in self.found]
        usual = [name for name in self.found if name.lower() in MATERIALS[role]]
        fitting = own or usual or (self.found if may_be_only else [])
        if len(fitting) != 1:
            several = f"several may be it ({', '.join(fitting)})" if own or usual else "none is"
            raise ConfigError(
                f"{self.path}: got columns {', '.join(self.found[:20])}; which one is the {role}? "
                f"{several} by its name: say --{role} COLUMN"
            )
        return fitting[0]
