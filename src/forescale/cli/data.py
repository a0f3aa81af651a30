"""``forescale data``: the catalog, live databases, and a check of a user's own table."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forescale.cli import data_optimade
from forescale.cli._print import say

if TYPE_CHECKING:
    from forescale.catalog import CatalogEntry
    from forescale.tables import PairColumns, PropertyTable

app = typer.Typer(
    no_args_is_help=True, help="The catalog, live databases, and a check of your own tables."
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Name = Annotated[str, typer.Argument(help="Dataset, see forescale data list.")]
_SHOWN = 20  # rejected rows printed for people; --json and --rejects have all


class MaterialKind(StrEnum):
    """What the material column holds."""

    COMPOSITION = "composition"
    MOLECULE = "molecule"
    PAIR = "pair"
    POLYMER = "polymer"


@app.command("list")
def list_datasets(as_json: AsJson = False) -> None:
    """Name every dataset of the catalog."""
    from forescale.catalog import entry_names, get_entry

    entries = [get_entry(name) for name in entry_names()]
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        properties = ", ".join(f"{name} ({p.unit or '-'})" for name, p in entry.properties.items())
        say(
            f"{entry.name:<{width}}  {entry.kind:<8}  {entry.material_kind:<8}  {properties}",
            as_json,
        )
    if as_json:
        _answer({"datasets": [_brief(entry) for entry in entries]})


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Print what the catalog knows of a dataset: origin, hash, licence, citation, units."""
    from forescale.catalog import get_entry

    entry = get_entry(name)
    card = {**_brief(entry), "method": entry.method, "version": entry.version}
    card["citation"] = entry.citation
    card["files"] = [{"url": file.url, "sha256": file.sha256} for file in entry.remote_files]
    if entry.package is not None:
        card |= {"package": entry.package.name, "path": entry.package.path}
    for key, value in card.items():
        if key not in {"properties", "files"}:
            say(f"{key:<14} {value}", as_json)
    for file in card["files"]:
        say(f"{'url':<14} {file['url']}\n{'sha256':<14} {file['sha256']}", as_json)
    for row in card["properties"]:
        valid = "" if row["valid"] is None else "  valid {:g} to {:g}".format(*row["valid"])
        say(f"{'property':<14} {row['name']} ({row['unit'] or 'no unit'}){valid}", as_json)
    if as_json:
        _answer(card)


@app.command()
def fetch(name: Name, as_json: AsJson = False) -> None:
    """Download a dataset's files once, or find them in the mirror, and check their hashes."""
    from forescale.catalog import get_entry, locate
    from forescale.catalog.locating import locate_lookup, sha256_of

    entry = get_entry(name)
    lookup = locate_lookup(entry)
    files = [
        {"path": str(path), "sha256": sha256_of(path), "bytes": path.stat().st_size}
        for path in (*locate(entry), *([lookup] if lookup else []))
    ]
    for file in files:
        say(f"{file['path']}\nsha256 {file['sha256']}", as_json)
    if as_json:
        _answer({"name": name, "files": files})


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="CSV, TSV or Parquet file with one header line.")],
    kind: Annotated[MaterialKind, typer.Option(help="What a row is about.")],
    value: Annotated[str, typer.Option(help="Column of values.")],
    unit: Annotated[str, typer.Option(help='Unit of the values, "" for a pure number.')],
    material: Annotated[
        str | None, typer.Option(help="Column of SMILES (a polymer's has two '*') or formulas.")
    ] = None,
    solute: Annotated[
        str | None, typer.Option(help="Of pairs: column of solutes or polymers.")
    ] = None,
    solvent: Annotated[str | None, typer.Option(help="Of pairs: column of solvents.")] = None,
    temperature: Annotated[
        str | None, typer.Option(help="Of pairs: column of temperatures.")
    ] = None,
    temperature_unit: Annotated[
        str | None, typer.Option(help='Unit of the temperatures, "K" or "degC", say.')
    ] = None,
    valid: Annotated[
        tuple[float, float] | None, typer.Option(help="Lowest and highest credible value.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Write the rejected rows to this CSV file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check your own table: which rows a study would take, and why not the others.

    Exit code 0: all rows are accepted; 1: some are rejected; 2: the table cannot be used.
    """
    from forescale._files import write_text
    from forescale.errors import DataError
    from forescale.tables import ColumnMap, read_table, same_dimension

    same_dimension(unit, unit)  # an unknown unit is refused before a long read
    columns = _columns(kind, material, solute, solvent, temperature, temperature_unit)
    table = read_table(
        file,
        ColumnMap(columns, value, valid=valid),
        name=value,
        unit=unit,
        kind="measured",
        material_kind=kind.value,
        on_error="skip",
    )
    if rejects is not None:
        try:
            write_text(rejects, table.rejected.to_csv(index=False))
        except OSError as error:
            raise DataError(f"{rejects}: cannot be written ({error}); choose another") from None
    found = _findings(file, table)
    _tell(found, as_json)
    if as_json:
        _answer(found)
    if found["rejected"]:
        raise typer.Exit(1)


app.command("optimade")(data_optimade.optimade)


def _columns(
    kind: MaterialKind,
    material: str | None,
    solute: str | None,
    solvent: str | None,
    temperature: str | None,
    temperature_unit: str | None,
) -> str | PairColumns:
    """The columns of the material, checked to go together."""
    from forescale.errors import ConfigError
    from forescale.tables import PairColumns

    sides = (solute, solvent, temperature, temperature_unit)
    if material is not None and sides == (None,) * 4:
        return material
    if material is not None or kind is not MaterialKind.PAIR or solute is None or solvent is None:
        raise ConfigError(
            "got options that do not go together, expected --material, or for pairs --solute "
            "and --solvent, with --temperature and --temperature-unit where they have one"
        )
    if (temperature is None) != (temperature_unit is None):
        raise ConfigError(
            "got one of --temperature and --temperature-unit, expected both or neither"
        )
    return PairColumns(solute, solvent, temperature, temperature_unit or "K")


def _findings(file: Path, table: PropertyTable) -> dict[str, Any]:
    from forescale.tables import measurement_scatter

    accepted = int(table.frame["repeats"].sum())
    scatter, repeated = measurement_scatter(table)
    rejected = table.rejected[["row", "material", "value", "reason"]]
    return {
        "file": str(file),
        "material_kind": table.material_kind,
        "unit": table.unit,
        "rows": accepted + len(rejected),
        "accepted": accepted,
        "materials": len(table),
        "repeated_materials": repeated,
        "scatter": scatter,
        "lowest": float(table.values.min()),
        "highest": float(table.values.max()),
        "rejected": json.loads(rejected.to_json(orient="records")),
    }


def _tell(found: dict[str, Any], as_json: bool) -> None:
    unit = found["unit"] or "(no unit)"
    say(
        f"{found['file']}: {found['accepted']} of {found['rows']} rows accepted\n"
        f"  materials  {found['materials']} ({found['material_kind']}s)\n"
        f"  values     {found['lowest']:g} to {found['highest']:g} {unit}",
        as_json,
    )
    if found["scatter"] is not None:
        say(
            f"  repeats    of {found['repeated_materials']} materials, merged; "
            f"they scatter by {found['scatter']:.3g} {unit}",
            as_json,
        )
    rejected = found["rejected"]
    if rejected:
        say(f"  rejected   {len(rejected)} (row 1 is the first row of data)", as_json)
    for row in rejected[:_SHOWN]:
        say(f"    row {row['row']}: {row['reason']}", as_json)
    if len(rejected) > _SHOWN:
        say(f"    … and {len(rejected) - _SHOWN} more (all with --rejects FILE)", as_json)


def _brief(entry: CatalogEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "material_kind": entry.material_kind,
        "licence": entry.licence,
        "properties": [
            {"name": name, "unit": p.unit, "valid": p.valid} for name, p in entry.properties.items()
        ],
    }


def _answer(value: dict[str, Any]) -> None:
    print(json.dumps(value, allow_nan=False))  # noqa: T201
