"""Entry point of the ``forescale`` command: one file of this package per group of commands."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from forescale.cli import app as app_command
from forescale.cli import (
    cite,
    compare,
    data,
    fit,
    grow,
    init,
    plan,
    predict,
    report,
    run,
    simulate,
    status,
)
from forescale.cli import cluster as cluster_commands
from forescale.errors import ForescaleError

app = typer.Typer(
    name="forescale",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Scaling laws of transfer from computed to measured materials data.",
)
app.command("demo")(run.demo)
app.command("init")(init.init)
app.command("quick")(init.quick)
app.command("run")(run.run)
app.command("fit")(fit.fit)
app.command("plan")(plan.plan)
app.command("compare")(compare.compare)
app.command("cite")(cite.cite)
app.command("predict")(predict.predict)
app.command("simulate")(simulate.simulate)
app.command("grow")(grow.grow)
app.command("report")(report.report)
app.command("status")(status.status)
app.command("app")(app_command.app)
app.add_typer(data.app, name="data")
app.add_typer(cluster_commands.app, name="cluster")


def _version(asked: bool) -> None:
    if asked:
        from forescale import __version__

        typer.echo(f"forescale {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Scaling laws of transfer from computed to measured materials data."""


def main() -> None:
    """Run the command line; turn known errors into one message and an exit code."""
    try:
        app()
    except ForescaleError as error:
        _end(str(error), error.exit_code)
    except OSError as error:  # a disk, a network: no defect of ours
        if isinstance(error, BrokenPipeError):  # nobody reads what is printed any more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        where = f"{error.filename}: " if error.filename else ""
        _end(f"{where}{error.strerror or error}; put that right and give the same command again")
    except MemoryError:
        _end("memory is short; use fewer --workers, less data, or a machine with more of it")
    except KeyboardInterrupt:
        _end("interrupted")


def _end(message: str, code: int = 1) -> NoReturn:
    print(f"forescale: {message}", file=sys.stderr)  # noqa: T201
    sys.exit(code)
