"""From pages to a property table: units, repeats of ids, and values that cannot be true."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forescale.catalog.live.info import Definition
from forescale.catalog.live.pages import DownloadHeader, Entry, Page
from forescale.catalog.live.query import OptimadeQuery
from forescale.catalog.live.units import read_unit
from forescale.errors import ConfigError, DataError, IntegrityError
from forescale.tables import (
    ColumnMap,
    PropertyTable,
    Provenance,
    build_table,
    convert,
    same_dimension,
)
from forescale.tables.credible import credible_range

ID = "structure_id"


@dataclass(frozen=True)
class Answered:
    """A question with the pages that answer it."""

    query: OptimadeQuery
    header: DownloadHeader
    pages: tuple[Page, ...]

    def entries(self) -> list[Entry]:
        """All entries in order, up to the limit."""
        found = [entry for page in self.pages for entry in page.entries]
        return found[: self.query.limit]

    def digest(self) -> str:
        """Hash of these entries, however they were cut into pages."""
        return Page.digest(tuple(self.entries()))


def stated_unit(query: OptimadeQuery, definition: Definition) -> str:
    """The unit that values are in: assumed by the user, or stated by the provider.

    Raises
    ------
    ConfigError
        If nobody says, or the provider's text is no unit.
    """
    if query.assumed_unit is not None:
        return read_unit(query.assumed_unit)
    if definition.unit is None:
        raise ConfigError(
            f"{query.provider} states no unit for {query.property_name}; its description is "
            f"{definition.description or 'missing'!r}. If you know the unit, say "
            '--assume-unit UNIT ("" for a pure number)'
        )
    try:
        return read_unit(definition.unit)
    except ConfigError as error:
        raise ConfigError(
            f"{query.provider} states a unit for {query.property_name} that cannot be read: "
            f"{error}. If you know the unit, say --assume-unit UNIT"
        ) from None


def wanted_unit(query: OptimadeQuery, stated: str) -> str:
    """The table's unit.

    Raises
    ------
    ConfigError
        If values in the unit stated cannot be converted to the unit asked for.
    """
    if query.unit is None:
        return stated
    wanted = read_unit(query.unit)
    if not same_dimension(stated, wanted):
        raise ConfigError(
            f"{query.provider}: got {query.property_name} in {stated or 'no unit'!r}, expected a "
            f"unit that converts to {query.unit!r}; the property is another one, or the unit "
            "stated is wrong (--assume-unit UNIT overrules it)"
        )
    return wanted


def to_table(answered: Answered) -> tuple[PropertyTable, int]:
    """One row per composition, and the number of entries without a value.

    Raises
    ------
    IntegrityError
        If one id came with two contents.
    DataError
        If no entry can be used, or most values are beyond belief in the unit stated.
    """
    query, header = answered.query, answered.header
    stated = stated_unit(query, header.definition)
    unit = wanted_unit(query, stated)
    entries = answered.entries()
    if not entries:
        raise DataError(f"{header.database.base_url}: no structure matches {query.filter!r}")
    raw = pd.DataFrame(
        {
            "formula": [entry.formula or "" for entry in entries],
            "value": pd.Series([entry.value for entry in entries], dtype=object),
            ID: [entry.id for entry in entries],
        }
    )
    origin = f"{header.database.base_url}/structures"
    repeated = _repeats(raw, origin)
    has_value = raw["value"].notna()
    usable = _converted(raw[has_value & ~repeated], stated, unit)
    if usable.empty:
        raise DataError(f"{origin}: none of {len(raw)} structures has a value of {query.field}")
    valid = query.valid or credible_range(query.property_name, unit)
    _believe(usable["value"], valid, stated, unit, query)
    table = build_table(
        usable,
        ColumnMap(material="formula", value="value", keep=(ID,), valid=valid),
        name=query.property_name,
        unit=unit,
        kind="computed",
        material_kind="composition",
        provenance=_provenance(answered),
        on_error="skip",  # nobody but the provider can mend its rows
        origin=origin,
    )
    rejected = pd.concat([table.rejected, _rejects(raw[repeated], origin)])
    rejected = rejected.sort_values("row", ignore_index=True)
    places = rejected["row"].to_numpy(dtype=int) - 1
    rejected["file"] = [f"{origin}/{identifier}" for identifier in raw[ID].iloc[places]]
    return replace(table, rejected=rejected), int((~has_value).sum())


def _repeats(raw: pd.DataFrame, origin: str) -> pd.Series:
    """Which rows have an id that came before."""
    repeated = raw.duplicated(ID)
    other = repeated & ~raw.assign(value=raw["value"].map(repr)).duplicated()
    if other.any():
        identifier = raw.loc[other, ID].iloc[0]
        both = raw[raw[ID] == identifier]
        got = " and ".join(f"{f} {v}" for f, v in zip(both.formula, both.value, strict=True))
        raise IntegrityError(
            f"{origin}/{identifier}: came more than once, as {got}; the database changed while "
            "it was read. --fresh starts afresh and moves the pages aside"
        )
    return repeated


def _converted(rows: pd.DataFrame, stated: str, unit: str) -> pd.DataFrame:
    """Numbers in the table's unit; what is no number stays, to be rejected by name."""
    number = rows["value"].map(lambda value: isinstance(value, float)).to_numpy(dtype=bool)
    values = rows["value"].to_numpy(dtype=object, copy=True)
    values[number] = convert(values[number].astype(float), stated, unit)
    return rows.assign(value=pd.Series(values, index=rows.index, dtype=object))


def _believe(
    values: pd.Series,
    valid: tuple[float, float] | None,
    stated: str,
    unit: str,
    query: OptimadeQuery,
) -> None:
    """Refuse a property of which most values are beyond belief: its unit is wrong."""
    if valid is None:
        return
    # A zero is zero in every unit, and nine structures in ten may be metals.
    numbers = np.array([value for value in values if isinstance(value, float) and value != 0])
    outside = (numbers < valid[0]) | (numbers > valid[1])
    if len(numbers) and outside.mean() > 0.5:
        how = "assumed" if query.assumed_unit is not None else "stated by the provider"
        raise DataError(
            f"{query.provider}: {outside.sum()} of {len(numbers)} values but 0 of "
            f"{query.property_name} (median {np.median(numbers):.3g} {unit}) lie outside the "
            f"credible range {valid[0]:g} to {valid[1]:g} {unit}: the unit {how}, "
            f"{stated or 'none'!r}, is hardly theirs. Say the true one with --assume-unit, or a "
            "wider range with --valid LOW HIGH"
        )


def _rejects(rows: pd.DataFrame, origin: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": origin,
            "row": rows.index.to_numpy() + 1,
            "material": rows["formula"].to_numpy(),
            "value": rows["value"].astype(str).to_numpy(),
            "reason": [f"structure {one!r} came before, the same" for one in rows[ID]],
        }
    )


def _provenance(answered: Answered) -> Provenance:
    query, header = answered.query, answered.header
    database, definition = header.database, header.definition
    says = f"unit {'assumed' if query.assumed_unit is not None else 'stated'}: "
    says += query.assumed_unit if query.assumed_unit is not None else definition.unit or ""
    about = [
        f"{query.property_name}: {definition.description or 'no description'}",
        says,
        f"filter: {query.filter or 'none'}",
        f"first {query.limit} entries" if query.limit else "all entries",
        "mean over structures of one composition",
    ]
    return Provenance(
        dataset=f"{database.provider or query.provider}, OPTIMADE, {database.base_url}",
        version=f"API {database.api_version}, retrieved {header.started}",
        method="; ".join(about),
        reference=database.homepage,
        licence=database.licence,
        sha256=answered.digest(),
    )
