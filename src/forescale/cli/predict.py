"""``forescale predict``: the model of a study on new materials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forescale.cli._print import say
from forescale.cli.run import OnError, Workers

if TYPE_CHECKING:
    from forescale.prediction import Outcome, Predictor

Column = Annotated[str | None, typer.Option(help="Column of a pair; by default guessed.")]


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder, or the folder of a model.")],
    candidates: Annotated[Path, typer.Argument(help="CSV, TSV or Parquet file of materials.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="CSV or Parquet file to write, - for standard output; by default "
            "CANDIDATES.predictions.csv beside the candidates.",
        ),
    ] = None,
    material: Annotated[
        str | None, typer.Option(help="Column of materials; by default guessed.")
    ] = None,
    solute: Column = None,
    solvent: Column = None,
    temperature: Column = None,
    temperature_unit: Annotated[
        str | None, typer.Option(help="Unit of the temperatures; by default the study's.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="Copy this column too; may be repeated.")
    ] = None,
    on_error: Annotated[
        OnError, typer.Option(help="skip: set bad rows aside in a rejects file.")
    ] = OnError.RAISE,
    rejects: Annotated[
        Path | None, typer.Option(help="Rejects file; by default named after the output.")
    ] = None,
    workers: Workers = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="A summary as one JSON object on standard output.")
    ] = False,
) -> None:
    """Predict new materials, with 90 % intervals and their distance to the training data."""
    from forescale._workers import default_workers
    from forescale.errors import ConfigError
    from forescale.prediction import predict_file
    from forescale.workflow import load_predictor

    to_stdout = out == Path("-")
    if to_stdout and as_json:
        raise ConfigError("--out -: predictions and --json cannot share standard output")
    target = candidates.with_suffix(".predictions.csv") if out is None or to_stdout else out
    aside = rejects or target.with_suffix(".rejects.csv")
    predictor = load_predictor(run, workers=workers or default_workers())
    outcome = predict_file(
        predictor,
        candidates,
        None if to_stdout else target,
        aside,
        columns={
            "material": material,
            "solute": solute,
            "solvent": solvent,
            "temperature": temperature,
            "temperature_unit": temperature_unit,
        },
        keep=keep or (),
        on_error=on_error.value,
        workers=workers or default_workers(),
    )
    written = None if to_stdout or not outcome.predicted else target
    _tell(predictor, outcome, written, aside, as_json or to_stdout)
    if as_json:
        print(  # noqa: T201
            json.dumps(
                {
                    "run": str(run),
                    "out": None if written is None else str(written),
                    "rejects": str(aside) if outcome.rejected else None,
                    "property": predictor.settings["target"]["property"],
                    "unit": predictor.unit,
                    "level": 0.9,
                    "n_source": predictor.settings["n_source"],
                    "n_target": predictor.settings["n_target"],
                    **outcome.to_json(),
                },
                allow_nan=False,
            )
        )


def _tell(
    predictor: Predictor, outcome: Outcome, written: Path | None, aside: Path, aloud: bool
) -> None:
    settings = predictor.settings
    name = str(settings["target"]["property"]).replace("_", " ")
    unit = f" {predictor.unit}" if predictor.unit else ""
    lines = [
        f"{name}{' in' if unit else ''}{unit}, from {settings['n_source']:,} computed and "
        f"{settings['n_target']:,} measured values",
        f"  predicted  {outcome.predicted:,} of {outcome.rows:,} rows",
    ]
    if outcome.lowest is not None:
        lines.append(f"  range      {outcome.lowest:.4g} to {outcome.highest:.4g}{unit}")
    lines.append(f"  known      {outcome.known:,} are among the materials learnt from")
    lines.append(f"  outside    {outcome.outside:,} are far from them: check before use")
    if outcome.rejected:
        lines.append(f"  rejected   {outcome.rejected:,} rows, with reasons in {aside}")
    if written is not None:
        lines.append(f"Predictions: {written}")
    say("\n".join(lines), aloud)
