"""``forescale data optimade``: a property of a live database as a table of your own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forescale.cli._print import say

if TYPE_CHECKING:
    from forescale.catalog.live import Fetched

_SHOWN = 5  # rejected rows printed for people; --json and --rejects have all


def optimade(
    provider: Annotated[
        str,
        typer.Argument(
            help="mp, oqmd, aflow, jarvis, alexandria, … (with /DATABASE where one has several), "
            "or the base URL of any OPTIMADE server."
        ),
    ],
    property_name: Annotated[
        str,
        typer.Option(
            "--property", help="As the server names it, e.g. _oqmd_band_gap; NAME.KEY in a dict."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Parquet file to write; study files take it.")],
    filter_: Annotated[
        str, typer.Option("--filter", help="OPTIMADE filter, e.g. 'nelements=2'.")
    ] = "",
    unit: Annotated[
        str | None, typer.Option(help="Convert to this unit; else the provider's own.")
    ] = None,
    assume_unit: Annotated[
        str | None, typer.Option(help="Unit of the values where the provider states none or lies.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--max", min=1, help="Read at most this many structures.")
    ] = None,
    valid: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Lowest and highest credible value, in the table's unit."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Write the rejected rows to this CSV file.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Read everything anew; earlier pages are moved aside.")
    ] = False,
    page_limit: Annotated[int, typer.Option(min=1, help="Structures per page asked for.")] = 100,
    attempts: Annotated[int, typer.Option(min=1, help="Requests per page before giving up.")] = 6,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds without an answer.")] = 60.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Read a property from a live materials database; run again to resume.

    Every page is kept before the next is asked for. A database that changes meanwhile, or
    states a unit that cannot be true, is refused.
    """
    from forescale._machine.files import replace_file
    from forescale._machine.spreadsheets import write_csv
    from forescale.catalog.live import Manners, OptimadeQuery, fetch_optimade
    from forescale.errors import ForescaleError

    for file in (out, rejects):
        _refuse_unwritable(file)
    query = OptimadeQuery(provider, property_name, filter_, unit, assume_unit, limit, valid)
    manners = Manners(
        attempts=attempts,
        timeout=timeout,
        deadline=max(5 * timeout, 1.0),
        page_limit=page_limit,
    )
    try:
        fetched = fetch_optimade(query, fresh=fresh, manners=manners)
    except KeyboardInterrupt:
        raise ForescaleError(
            "interrupted; the pages read are kept, the same command continues there"
        ) from None
    with replace_file(out) as temporary:
        fetched.table.to_parquet(temporary)
    if rejects is not None:
        write_csv(rejects, fetched.table.rejected)
    found = _findings(fetched, out)
    _tell(found, rejects, as_json)
    if as_json:
        print(json.dumps(found, allow_nan=False))  # noqa: T201


def _refuse_unwritable(file: Path | None) -> None:
    """A long download must not end at a folder that is not there."""
    from forescale.errors import ConfigError

    if file is None:
        return
    try:
        with file.open("ab"):
            pass
        if file.stat().st_size == 0:
            file.unlink()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written ({error.strerror}); choose another") from None


def _findings(fetched: Fetched, out: Path) -> dict[str, Any]:
    table = fetched.table
    rejected = table.rejected[["file", "row", "material", "value", "reason"]]
    return {
        "file": str(out),
        "provider": fetched.provider,
        "base_url": fetched.base_url,
        "api_version": fetched.api_version,
        "licence": fetched.licence,
        "retrieved": fetched.retrieved,
        "sha256": fetched.sha256,
        "property": table.name,
        "unit": table.unit,
        "structures": fetched.entries,
        "without_value": fetched.without_value,
        "accepted": int(table.frame["repeats"].sum()),
        "materials": len(table),
        "lowest": float(table.values.min()),
        "highest": float(table.values.max()),
        "pages": str(fetched.folder),
        "rejected": json.loads(rejected.to_json(orient="records")),
    }


def _tell(found: dict[str, Any], rejects: Path | None, as_json: bool) -> None:
    unit = found["unit"] or "(no unit)"
    say(
        f"{found['file']}: {found['property']} of {found['materials']} compositions\n"
        f"  from       {found['provider']} ({found['base_url']}, API {found['api_version']})\n"
        f"  retrieved  {found['retrieved']}, sha256 {found['sha256'][:16]}…\n"
        f"  licence    {found['licence'] or 'none stated: ask the provider before you publish'}\n"
        f"  structures {found['structures']}, {found['without_value']} without a value, "
        f"{found['accepted']} accepted\n"
        f"  values     {found['lowest']:g} to {found['highest']:g} {unit}",
        as_json,
    )
    rejected = found["rejected"]
    if rejected:
        say(f"  rejected   {len(rejected)}", as_json)
    for row in rejected[:_SHOWN]:
        say(f"    {row['file']}: {row['reason']}", as_json)
    if len(rejected) > _SHOWN and rejects is None:
        say(f"    … and {len(rejected) - _SHOWN} more (all with --rejects FILE)", as_json)
