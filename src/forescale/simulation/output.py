"""Property tables from stored results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import TypeAdapter

from forescale._machine.files import replace_file
from forescale._machine.progress import say
from forescale._machine.spreadsheets import write_csv
from forescale.engines.registry import is_file_name
from forescale.errors import ConfigError, RunFolderError
from forescale.simulation.store import Header, Store
from forescale.tables import PropertyTable, Provenance
from forescale.tables.keys import with_current_keys

if TYPE_CHECKING:
    from forescale.simulation.campaign import Campaign
    from forescale.simulation.sources import MaterialList

KEPT = ("converged", "seed", "attempt", "wall_s", "engine_version")
"""Columns about the calculation that a property table keeps."""


def protocols(results: Path) -> dict[str, Header]:
    """The protocols of a results folder, by label."""
    found = {}
    for path in sorted((results / "protocols").glob("*.json")):
        header = _header(path)
        if header is None:
            say(f"{path}: no description of a protocol, left out")
        else:
            found[path.stem] = header
    return found


def _header(path: Path) -> Header | None:
    """The protocol that a file describes; ``None`` if it describes none, or another's."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw.pop("digest")
        header = _HEADER.validate_python(raw)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    names = (header.engine, *header.units)
    return header if header.label == path.stem and all(map(is_file_name, names)) else None


_HEADER = TypeAdapter(Header)


def campaign_table(results: Path, property_name: str, label: str | None = None) -> PropertyTable:
    """One computed property of every material done, ready to be the source of a study.

    May be called at any moment, also while the campaign runs. Keys that an older release
    stored are made anew; materials that became one are averaged, and what is no material any
    more is in ``rejected``.

    Parameters
    ----------
    results
        Results folder of the campaign.
    property_name
        One of the engine's properties.
    label
        Which protocol; may be left out if there is one only.

    Raises
    ------
    RunFolderError
        If the folder holds no results, or several protocols and no label is given.
    ConfigError
        If there is no such label or property.
    """
    known = protocols(results)
    if not known:
        raise RunFolderError(f"{results}: not a results folder of a campaign")
    if label is None:
        if len(known) > 1:
            raise RunFolderError(f"{results}: has {', '.join(known)}; say which")
        label = next(iter(known))
    if label not in known:
        raise ConfigError(f"got label {label!r}, expected one of {', '.join(known)}")
    return _table(Store(results, known[label]), property_name)


def _table(store: Store, name: str, done: pd.DataFrame | None = None) -> PropertyTable:
    header = store.header
    if name not in header.units:
        raise ConfigError(f"got property {name!r}, expected one of {', '.join(header.units)}")
    done = _done(store) if done is None else done
    values = done[header.column(name)]
    frame = pd.DataFrame(
        {"key": done["key"], "material": done["key"], "value": values, "repeats": 1}
        | {"scatter": float("nan")}
        | {column: done[column] for column in KEPT}
    )
    versions = ", ".join(sorted(set(done["engine_version"])))
    frame, rejected = with_current_keys(
        frame.reset_index(drop=True), header.kind, str(store.folder)
    )
    return PropertyTable(
        frame=frame,
        rejected=rejected,
        name=name,
        unit=header.units[name],
        kind="computed",
        material_kind=header.kind,
        provenance=(
            Provenance(
                dataset=header.label,
                version=versions,
                method=json.dumps(
                    {"engine": header.engine, "seed": header.seed, "protocol": header.settings}
                ),
                sha256=header.digest,
            ),
        ),
    )


def _last(store: Store) -> pd.DataFrame:
    return store.attempts().drop_duplicates("key", keep="last")


def _done(store: Store) -> pd.DataFrame:
    last = _last(store)
    return last[last["status"] == "done"]


def write_tables(store: Store, campaign: Campaign, materials: MaterialList) -> None:
    """Write one Parquet table per property, and CSV lists of failures and rejects."""
    folder = campaign.results / "tables" / store.header.label
    folder.mkdir(parents=True, exist_ok=True)
    last = _last(store)
    done = last[last["status"] == "done"]
    for name in store.header.units:
        with replace_file(folder / f"{name}.parquet") as temporary:
            _table(store, name, done).to_parquet(temporary)
    failed = last[last["status"] != "done"]
    write_csv(folder / "failures.csv", failed[["key", "status", "attempt", "reason"]])
    rejects = pd.DataFrame(materials.rejected, columns=["file", "row", "material", "reason"])
    write_csv(folder / "rejects.csv", rejects)
