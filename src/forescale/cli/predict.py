"""``forescale predict``: the model of a study on new materials."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forescale.cli._print import say
from forescale.cli.run import Cluster, OnError, TrustOption, Workers

if TYPE_CHECKING:
    from forescale._machine.executors import Executor
    from forescale.prediction import PredictionCounts, Predictor

Column = Annotated[str | None, typer.Option(help="Column of a pair; by default guessed.")]
_TABLES = (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq", ".xlsx", ".gz", ".zip", ".xz", ".bz2")
_STDIN = "standard input"


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder, or the folder of a model.")],
    candidates: Annotated[
        list[str],
        typer.Argument(
            help="A table of materials (CSV, TSV or Parquet); one or several structures, such as "
            '"CCO"; or - for either on standard input, structures one a line.'
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="CSV or Parquet file to write, - for standard output; by default "
            "CANDIDATES.predictions.csv beside a table, standard output for others.",
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
    decimal: Annotated[
        str, typer.Option(help='Decimal mark of the temperatures: "." or ",".')
    ] = ".",
    sheet: Annotated[str | None, typer.Option(help="Sheet of an Excel file.")] = None,
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
    cluster: Cluster = None,
    trust: TrustOption = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One JSON object on standard output: a summary of a table, all of structures.",
        ),
    ] = False,
) -> None:
    """Predict new materials, with 90 % intervals, distances to the training data and warnings."""
    from forescale._machine.files import refuse_overwriting
    from forescale._machine.workers import default_workers
    from forescale.errors import ConfigError
    from forescale.tables import Dialect
    from forescale.workflow import load_predictor

    dialect = Dialect(decimal, sheet)  # type: ignore[arg-type]
    many = workers or default_workers()
    to_stdout = out == Path("-")
    if to_stdout and as_json:
        raise ConfigError("--out -: predictions and --json cannot share standard output")
    columns = {
        "material": material,
        "solute": solute,
        "solvent": solvent,
        "temperature": temperature,
        "temperature_unit": temperature_unit,
    }
    table = _table(candidates)
    predictor = load_predictor(run, workers=many, trust=trust or ())
    _unfinished(run)
    if table is None and out is None:
        _structures(predictor, run, candidates, on_error, as_json)
        return
    with _candidates(table, candidates, predictor, columns) as (path, label):
        piped = table is None or label == _STDIN
        to_stdout = to_stdout or (piped and out is None and not as_json)
        named = Path("predictions.csv") if piped else path.with_suffix(".predictions.csv")
        target = named if out is None or to_stdout else out
        aside = rejects or target.with_suffix(".rejects.csv")
        refuse_overwriting(target, "--out", [] if to_stdout else [path])
        refuse_overwriting(aside, "--rejects", [path, *([] if to_stdout else [target])])
        _refuse_files_of_the_run(run, [] if to_stdout else [target], [aside])
        with _place(cluster, target.parent, many) as place:
            _file(
                predictor,
                run,
                path,
                None if to_stdout else target,
                aside,
                as_json,
                columns=columns,
                keep=keep or (),
                on_error=on_error.value,
                workers=place,
                label=label,
                dialect=dialect,
            )


@contextmanager
def _place(cluster: str | None, folder: Path, workers: int) -> Iterator[int | Executor]:
    """Where materials are described; files for the nodes lie beside the predictions meanwhile."""
    from forescale._machine.executors import place_to_work

    if cluster is None:
        yield workers
        return
    with (
        TemporaryDirectory(prefix=".forescale-", dir=folder) as shared,
        place_to_work(cluster, None, Path(shared), workers, record=False) as place,
    ):
        yield place


def _refuse_files_of_the_run(run: Path, out: list[Path], rejects: list[Path]) -> None:
    """Predictions may lie in a run folder, but not in place of what it holds."""
    from forescale.errors import ConfigError

    for option, files in (("--out", out), ("--rejects", rejects)):
        for file in files:
            inside = file.resolve().is_relative_to(run.resolve())
            if not inside or not file.exists():
                continue
            top = file.resolve().parent == run.resolve()
            if not top or file.suffix not in (".csv", ".parquet") or file.name in _OF_A_RUN:
                raise ConfigError(f"{option}: got {file}, a file of the run; choose another")


_OF_A_RUN = ("summary.csv", "law.csv")


def _unfinished(run: Path) -> None:
    """Say so on standard error where the run that the model is of lacks replicates."""
    from forescale.study import RunFolder

    folder = RunFolder(run)
    if folder.manifest_path.is_file() and (missing := folder.unfinished()):
        say(f"Unfinished: {missing}", True)


def _table(candidates: list[str]) -> Path | None:
    """The table that is meant, None for structures."""
    from forescale.errors import ConfigError, DataError

    files = [text for text in candidates if text == "-" or Path(text).is_file()]
    if files and len(candidates) > 1:
        raise ConfigError(
            f"got {len(candidates)} candidates and among them {files[0]!r}, expected one table or "
            "- alone, or structures"
        )
    if files:
        return Path(files[0])
    for text in candidates:
        if text.lower().endswith(_TABLES) or Path(text).is_dir():
            raise DataError(f"{text}: no such file")
    return None


@contextmanager
def _candidates(
    table: Path | None,
    given: list[str],
    predictor: Predictor,
    columns: dict[str, str | None],
) -> Iterator[tuple[Path, str]]:
    """A table to read and what to call it: the user's, or one of what he wrote."""
    import pandas as pd

    from forescale.prediction.columns import has_header

    if table is not None and str(table) != "-":
        yield table, str(table)
        return
    with TemporaryDirectory(prefix="forescale-") as folder:
        if table is None:
            lines, label = given, "the command line"
        else:
            lines, label = sys.stdin.read().splitlines(), _STDIN
            if lines and has_header(lines[0], predictor.manifest, columns):
                path = Path(folder, "input.csv")
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
                yield path, label
                return
        path = Path(folder, "input.parquet")
        structures = [line.strip() for line in lines if line.strip()]
        pd.DataFrame({"material": pd.Series(structures, dtype=str)}).to_parquet(path)
        yield path, label


def _structures(
    predictor: Predictor, run: Path, given: list[str], on_error: OnError, as_json: bool
) -> None:
    """Predictions of structures on the command line, to read or as one object."""
    from forescale.errors import DataError

    found = predictor.predict(given)
    bad = found[found["reason"] != ""]
    if len(bad) and on_error is OnError.RAISE:
        lines = [f"  {row.material}: {row.reason}" for row in bad.itertuples()]
        several = f"{len(bad)} of {len(found)} structures"
        raise DataError("\n".join([f"{several} cannot be predicted", *lines]))
    if as_json:
        rows = [_plain(row) for row in found.to_dict("records")]
        answer = {**_about(predictor, run), "predictions": rows}
        print(json.dumps(answer, allow_nan=False))  # noqa: T201
        return
    lines = [line for row in found.itertuples() for line in _shown(row)]
    say("\n".join([_head(predictor), *lines]), False)


def _shown(row: Any) -> list[str]:
    """A prediction for people: the number, its interval, and what speaks against it."""
    from forescale.words import same_digits

    if row.reason:
        return [f"  {row.material}  no prediction: {row.reason}"]
    unit = f" {row.unit}" if row.unit else ""
    value, low, high = same_digits([row.prediction, row.low, row.high])
    lines = [f"  {row.material}  {value}{unit}  (90 %: {low} to {high})"]
    if row.known:
        what = "computed and measured" if row.known == "both" else row.known
        lines.append(f"    known: its {what} value was learnt from")
    if row.warning:
        lines.append(f"    {'outside' if row.outside else 'beware'}: {row.warning}")
    return lines


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """A row with None for what is not there."""
    return {str(k): None if isinstance(v, float) and v != v else v for k, v in row.items()}


def _file(
    predictor: Predictor,
    run: Path,
    path: Path,
    target: Path | None,
    aside: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Predictions of a table, written as they come."""
    from forescale.prediction import predict_file

    outcome = predict_file(predictor, path, target, aside, **options)
    written = target if outcome.predicted else None
    _tell(predictor, outcome, written, aside, as_json or target is None)
    if as_json:
        files = {
            "out": None if written is None else str(written),
            "rejects": str(aside) if outcome.rejected else None,
        }
        answer = {**_about(predictor, run), **files, **outcome.to_json()}
        print(json.dumps(answer, allow_nan=False))  # noqa: T201


def _about(predictor: Predictor, run: Path) -> dict[str, Any]:
    manifest = predictor.manifest
    return {
        "run": str(run),
        "property": manifest.target.property,
        "unit": predictor.unit,
        "level": 0.9,
        "n_source": manifest.n_source,
        "n_target": manifest.n_target,
    }


def _head(predictor: Predictor) -> str:
    from forescale.words import count

    manifest = predictor.manifest
    name = manifest.target.property.replace("_", " ")
    unit = f" in {predictor.unit}" if predictor.unit else ""
    return (
        f"{name}{unit}, from {count(manifest.n_source)} computed and "
        f"{count(manifest.n_target)} measured values"
    )


def _tell(
    predictor: Predictor, outcome: PredictionCounts, written: Path | None, aside: Path, aloud: bool
) -> None:
    from forescale.words import count, number

    unit = f" {predictor.unit}" if predictor.unit else ""
    lines = [
        _head(predictor),
        f"  predicted  {count(outcome.predicted)} of {count(outcome.rows)} rows",
    ]
    if outcome.lowest is not None:
        lines.append(
            f"  range      {number(outcome.lowest, 4)} to {number(outcome.highest, 4)}{unit}"
        )
    lines.append(f"  known      {count(outcome.known)} are among the materials learnt from")
    lines.append(
        f"  outside    {count(outcome.outside)} are far from them, or unusual: check before use "
        "(column warning)"
    )
    if outcome.rejected:
        lines.append(f"  rejected   {count(outcome.rejected)} rows, with reasons in {aside}")
    if written is not None:
        lines.append(f"Predictions: {written}")
    say("\n".join(lines), aloud)
