"""``forescale data``: the catalog, live databases, and a check of a user's own table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from forescale.cli import data_optimade
from forescale.cli._print import say
from forescale.labels import DoubtPolicy, MaterialKind, Take

if TYPE_CHECKING:
    from forescale.catalog import CatalogEntry
    from forescale.doubt import Doubt
    from forescale.tables import PropertyTable

app = typer.Typer(
    no_args_is_help=True, help="The catalog, live databases, and a check of your own tables."
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def _names(incomplete: str) -> list[str]:
    """Datasets for the completion of the shell."""
    from forescale.catalog import entry_names

    return [name for name in entry_names() if name.startswith(incomplete)]


Name = Annotated[
    str, typer.Argument(help="Dataset, see forescale data list.", autocompletion=_names)
]
_SHOWN = 20  # rejected rows printed for people; --json and --rejects have all


@app.command("list")
def list_datasets(as_json: AsJson = False) -> None:
    """Name every dataset of the catalog, with its size, licence and where it is."""
    from rich.table import Table

    from forescale.catalog import entry_names, get_entry
    from forescale.cli._print import console
    from forescale.words import count, labelled

    entries = [get_entry(name) for name in entry_names()]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("dataset", "kind", "materials", "properties", "rows", "where", "licence"):
        side: Literal["left", "right"] = "right" if head == "rows" else "left"
        table.add_column(head, justify=side, overflow="fold", no_wrap=head != "properties")
    for entry in entries:
        where = _where(entry)
        names = ", ".join(labelled(name, p.unit) for name, p in entry.properties.items())
        kinds = (entry.kind, f"{entry.material_kind}s")
        table.add_row(entry.name, *kinds, names, count(entry.rows), where, entry.licence)
    console(as_json).print(table, highlight=False)
    say(
        "More of one: forescale data show NAME; to have its files: forescale data fetch NAME",
        as_json,
    )
    if as_json:
        _answer({"datasets": [_brief(entry) for entry in entries]})


def _where(entry: CatalogEntry) -> str:
    """Whether a dataset came with the installation, was fetched, or is still to be."""
    from forescale.catalog import here

    if entry.package is not None:
        return "bundled"
    if here(entry) is not None:
        return "fetched"
    size = entry.bytes or 0
    return f"to fetch, {size / 1e6:.1f} MB" if size >= 1e6 else f"to fetch, {size / 1e3:.0f} kB"


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Print what the catalog knows of a dataset: origin, hash, licence, citation, units."""
    from forescale.catalog import get_entry

    entry = get_entry(name)
    card = {**_brief(entry), "method": entry.method, "version": entry.version}
    card["citation"] = entry.citation
    if entry.note:
        card["note"] = entry.note
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
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV, Excel or Parquet file with one header line.")
    ],
    kind: Annotated[
        MaterialKind | None, typer.Option(help="What a row is about; by default guessed.")
    ] = None,
    value: Annotated[str | None, typer.Option(help="Column of values; by default guessed.")] = None,
    unit: Annotated[
        str | None,
        typer.Option(help='Unit of the values, "" for a pure number; by default guessed.'),
    ] = None,
    material: Annotated[
        str | None,
        typer.Option(
            help="Column of SMILES (a polymer's has two '*') or formulas; by default guessed."
        ),
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
    decimal: Annotated[
        str | None, typer.Option(help='Decimal mark, "." or ","; by default guessed.')
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of an Excel file with several.")] = None,
    take: Annotated[
        Take, typer.Option(help="What to take for bounds, ranges, estimates and ±.")
    ] = Take.REFUSE,
    doubt: Annotated[
        DoubtPolicy, typer.Option(help="Tell doubtful values, or refuse a table with any.")
    ] = DoubtPolicy.TELL,
    rejects: Annotated[
        Path | None, typer.Option(help="Write the rejected rows to this CSV file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check your own table: which rows a study would take, and why not the others.

    What is not said is guessed, and shown with the lines to paste into a study file.
    Exit code 0: all rows are accepted; 1: some are rejected; 2: the table cannot be used.
    """
    from forescale._machine.files import refuse_overwriting
    from forescale.doubt import doubts_of, refuse
    from forescale.drafts import Said, guess_table
    from forescale.drafts.text import table_text
    from forescale.tables import ColumnMap, Dialect, read_table, same_dimension

    if rejects is not None:
        refuse_overwriting(rejects, "--rejects", [file])
    if unit is not None:
        same_dimension(unit, unit)  # an unknown unit is refused before a long read
    _go_together(kind, material, solute, solvent, temperature, temperature_unit)
    said = Said(
        kind, material, value, unit, solute, solvent, temperature, temperature_unit,
        Dialect(decimal).decimal if decimal else None,  # type: ignore[arg-type]
        sheet,
    )  # fmt: skip
    guess = guess_table(file, said)
    guess.needed()
    assert guess.kind is not None
    assert guess.value is not None
    table = read_table(
        file,
        ColumnMap(guess.material_columns(), guess.value, valid=valid, take=take),
        name=guess.value,
        unit=guess.unit or "",
        kind="measured",
        material_kind=guess.kind.value,
        on_error="skip",
        dialect=Dialect(guess.decimal, sheet),
    )
    if rejects is not None:
        _write_rejects(rejects, table)
    doubts = doubts_of(table)
    found = _findings(file, table) | {"doubts": [one.to_json() for one in doubts]}
    found["study"] = {"file": str(file), **guess.to_toml()}
    for role, why in guess.reasons:
        say(f"{role.replace('_', ' ')}: {getattr(guess, role) or 'none'} ({why})", as_json)
    _tell(found, as_json)
    _tell_doubts(doubts, table, as_json)
    say("\nIn a study file ([target] for measured values):\n", as_json)
    say(table_text(guess, Path.cwd(), "[[source]]"), as_json)
    if as_json:
        _answer(found)
    if doubt is DoubtPolicy.REFUSE:
        refuse(doubts, str(file))
    if found["rejected"]:
        raise typer.Exit(1)


def _write_rejects(path: Path, table: PropertyTable) -> None:
    from forescale._machine.spreadsheets import write_csv
    from forescale.errors import DataError

    try:
        write_csv(path, table.rejected)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error}); choose another") from None


app.command("optimade")(data_optimade.optimade)


def _go_together(
    kind: MaterialKind | None,
    material: str | None,
    solute: str | None,
    solvent: str | None,
    temperature: str | None,
    temperature_unit: str | None,
) -> None:
    """Refuse options of the material that contradict each other."""
    from forescale.errors import ConfigError
    from forescale.tables import PairColumns

    sides = (solute, solvent, temperature, temperature_unit)
    if sides == (None,) * 4:
        return
    if material is not None or kind not in (None, MaterialKind.PAIR):
        raise ConfigError(
            "got options that do not go together, expected --material, or for pairs --solute "
            "and --solvent, with --temperature and --temperature-unit where they have one"
        )
    if temperature is None and temperature_unit is not None:
        raise ConfigError(
            "got one of --temperature and --temperature-unit, expected both or neither"
        )
    PairColumns("", "", temperature, temperature_unit or "K")


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
        "notes": list(table.notes),
        "rejected": json.loads(rejected.to_json(orient="records")),
    }


def _tell(found: dict[str, Any], as_json: bool) -> None:
    from forescale.words import same_digits

    low, high = same_digits([found["lowest"], found["highest"]])
    unit = found["unit"] or "(no unit)"
    say(
        f"{found['file']}: {found['accepted']} of {found['rows']} rows accepted\n"
        f"  materials  {found['materials']} ({found['material_kind']}s)\n"
        f"  values     {low} to {high} {unit}",
        as_json,
    )
    for note in found["notes"]:
        say(f"  note       {note}", as_json)
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


def _tell_doubts(doubts: Sequence[Doubt], table: PropertyTable, as_json: bool) -> None:
    from forescale.doubt import in_words
    from forescale.doubt.neighbours import LEAST, MOST

    if doubts:
        say(f"  doubtful   {len(doubts)}; none is removed", as_json)
    for line in in_words(doubts, _SHOWN):
        say(f"    {line}", as_json)
    if len(table) > MOST:
        say(f"  neighbours not compared: more than {MOST:,} materials", as_json)
    elif len(table) < LEAST:
        say(f"  neighbours not compared: fewer than {LEAST} materials", as_json)


def _brief(entry: CatalogEntry) -> dict[str, Any]:
    from forescale.catalog import here

    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "material_kind": entry.material_kind,
        "licence": entry.licence,
        "rows": entry.rows,
        "bytes": entry.bytes,
        "bundled": entry.package is not None,
        "here": here(entry) is not None,
        "properties": [
            {"name": name, "unit": p.unit, "valid": p.valid} for name, p in entry.properties.items()
        ],
    }


def _answer(value: dict[str, Any]) -> None:
    print(json.dumps(value, allow_nan=False))  # noqa: T201
