"""Entry point of the ``forescale`` command: one file of this package per group of commands."""

from __future__ import annotations

import sys

import typer

from forescale.cli import compare, data, fit, plan, predict, report, run, simulate
from forescale.errors import ForescaleError

app = typer.Typer(
    name="forescale",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Scaling laws of transfer from computed to measured materials data.",
)
app.command("demo")(run.demo)
app.command("run")(run.run)
app.command("fit")(fit.fit)
app.command("plan")(plan.plan)
app.command("compare")(compare.compare)
app.command("predict")(predict.predict)
app.command("simulate")(simulate.simulate)
app.command("report")(report.report)
app.add_typer(data.app, name="data")


@app.callback()
def _root() -> None:
    """Scaling laws of transfer from computed to measured materials data."""


def main() -> None:
    """Run the command line; turn known errors into one message and an exit code."""
    try:
        app()
    except ForescaleError as error:
        print(f"forescale: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
