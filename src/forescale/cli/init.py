"""``forescale init`` and ``forescale quick``: from two tables to a study file, or to a law."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forescale.cli._options import AsJson
from forescale.cli._print import say
from forescale.cli.run import OnError, TargetError, WithModel, Workers

if TYPE_CHECKING:
    from forescale.drafts import Draft, Said, TableGuess

_TWICE = "Once for both tables, or twice: computed, measured."
Computed = Annotated[
    Path, typer.Argument(help="Computed values: CSV, Excel, Parquet, or a dataset's name.")
]
Measured = Annotated[Path, typer.Argument(help="Measured values, likewise.")]
Name = Annotated[str | None, typer.Option(help="Of the study; by default the measured table's.")]
Kind = Annotated[
    str | None, typer.Option(help="composition, molecule, pair or polymer; by default guessed.")
]
Material = Annotated[list[str] | None, typer.Option(help=f"Column of materials. {_TWICE}")]
Value = Annotated[list[str] | None, typer.Option(help=f"Column of values. {_TWICE}")]
Unit = Annotated[list[str] | None, typer.Option(help=f'Unit of values, "" for none. {_TWICE}')]
Solute = Annotated[list[str] | None, typer.Option(help=f"Of pairs: solutes. {_TWICE}")]
Solvent = Annotated[list[str] | None, typer.Option(help=f"Of pairs: solvents. {_TWICE}")]
Temperature = Annotated[list[str] | None, typer.Option(help=f"Of pairs: temperatures. {_TWICE}")]
TemperatureUnit = Annotated[list[str] | None, typer.Option(help=f"Their unit. {_TWICE}")]
Decimal = Annotated[list[str] | None, typer.Option(help=f'Decimal mark: "." or ",". {_TWICE}')]
Sheet = Annotated[list[str] | None, typer.Option(help=f"Sheet of an Excel file. {_TWICE}")]


def init(
    computed: Computed,
    measured: Measured,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Study file; by default NAME.toml here.")
    ] = None,
    name: Name = None,
    kind: Kind = None,
    material: Material = None,
    value: Value = None,
    unit: Unit = None,
    solute: Solute = None,
    solvent: Solvent = None,
    temperature: Temperature = None,
    temperature_unit: TemperatureUnit = None,
    decimal: Decimal = None,
    sheet: Sheet = None,
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a study file for two tables: kind, columns and units are guessed and shown.

    What cannot be told is asked for; where nobody can answer, the option to give is named.
    """
    from forescale._machine.files import write_text
    from forescale.errors import ConfigError

    given = _given(kind, locals())
    draft = _drafted(computed, measured, name, given, as_json)
    path = out or Path(f"{draft.name}.toml")
    if path.exists() and not force:
        raise ConfigError(f"{path}: is there already; choose another with --out, or say --force")
    write_text(path, draft.study_toml(path.parent))
    skip = " --on-error skip" if draft.rejected else ""
    say(f"\nStudy file: {path}\nRun it:     forescale run {path}{skip}", as_json)
    if as_json:
        answer = {"study": str(path), **draft.to_json()}
        print(json.dumps(answer, allow_nan=False))  # noqa: T201


def quick(
    computed: Computed,
    measured: Measured,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Run folder; by default runs/NAME.")
    ] = None,
    replicates: Annotated[int, typer.Option(min=1, help="Repetitions; a study has 20.")] = 10,
    workers: Workers = 0,
    target_error: TargetError = None,
    model: WithModel = False,
    name: Name = None,
    kind: Kind = None,
    material: Material = None,
    value: Value = None,
    unit: Unit = None,
    solute: Solute = None,
    solvent: Solvent = None,
    temperature: Temperature = None,
    temperature_unit: TemperatureUnit = None,
    decimal: Decimal = None,
    sheet: Sheet = None,
    as_json: AsJson = False,
) -> None:
    """From two tables to a law in one line: guess, set bad rows aside, run, plan, report.

    The run folder keeps the study; init writes it to a file that you can change.
    """
    from forescale.cli.run import run_and_tell

    draft = _drafted(computed, measured, name, _given(kind, locals()), as_json)
    study = draft.study().model_copy(update={"replicates": replicates})
    run_and_tell(
        study,
        out or Path("runs") / study.name,
        workers=workers,
        on_error=OnError.SKIP,
        target_error=target_error,
        model=model,
        as_json=as_json,
    )


_ROLES = (
    "material", "value", "unit", "solute", "solvent", "temperature", "temperature_unit",
    "decimal", "sheet",
)  # fmt: skip


def _given(kind: str | None, options: Mapping[str, Any]) -> tuple[Said, Said]:
    """What options say of the computed and of the measured table."""
    from forescale.drafts import Said
    from forescale.errors import ConfigError

    sides: tuple[dict[str, Any], dict[str, Any]] = {"kind": kind}, {"kind": kind}
    for role in _ROLES:
        said = options.get(role) or []
        if len(said) > 2:
            raise ConfigError(
                f"--{role.replace('_', '-')}: got it {len(said)} times, expected it once for both "
                "tables, or twice: computed, measured"
            )
        for side, word in zip(sides, said * 2 if len(said) == 1 else said, strict=False):
            side[role] = word
    return Said(**sides[0]), Said(**sides[1])


def _drafted(
    computed: Path, measured: Path, name: str | None, says: tuple[Said, Said], as_json: bool
) -> Draft:
    """A complete draft, shown; what is open is asked for on a terminal."""
    from forescale.drafts import draft_study, side_lines

    def again() -> Draft:
        return draft_study(
            computed, measured, name=name, computed_says=says[0], measured_says=says[1]
        )

    draft = again()
    while not draft.complete and sys.stdin.isatty() and not as_json:
        guesses = (draft.computed.guess, draft.measured.guess)
        says = (_asked(guesses[0], says[0]), says[1]) if not guesses[0].complete else (
            says[0],
            _asked(guesses[1], says[1]),
        )  # fmt: skip
        draft = again()
    for head, side in (("Computed", draft.computed), ("Measured", draft.measured)):
        say("\n".join([f"{head}: {side.guess.file}", *side_lines(side)]), as_json)
    draft.needed()
    if not draft.cross_property:
        agree = "" if draft.correlation is None else f", rank correlation {draft.correlation:.2f}"
        say(f"On both sides: {draft.shared} materials{agree}", as_json)
    for note in draft.notes:
        say(f"Note: {note}", as_json)
    return draft


def _asked(guess: TableGuess, said: Said) -> Said:
    """What the user answers to the first open question of a table."""
    one = guess.open[0]
    likeliest = one.options[0] if one.options else None
    may = f" [{', '.join(one.options)}]" if len(one.options) > 1 else ""
    text = f"{guess.file.name}: {one.role.replace('_', ' ')}? {one.why}{may}"
    return replace(said, **{one.role: typer.prompt(text, default=likeliest, err=True)})
