"""``forescale simulate``: run a campaign of computational experiments, or go on with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from forescale.simulation import Status


def simulate(
    campaign: Annotated[Path, typer.Argument(help="Campaign file (TOML).")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes, instead of the file's number.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many calculations.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the engine's files.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what has failed for good.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Run what is missing of a campaign; Ctrl-C stops it, the same command goes on."""
    import signal

    from forescale.simulation import Campaign, run_campaign

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan = Campaign.from_toml(campaign)
    if workers is not None:
        plan = plan.model_copy(update={"workers": workers})
    with _Display(plan.name) as display:
        status = run_campaign(
            plan, limit=limit, keep=keep, retry_failed=retry_failed, observe=display.show
        )
    tables = plan.results / "tables" / status.label
    if as_json:
        print(json.dumps(_summary(status, tables)))  # noqa: T201
    else:
        _report(status, tables)
    if status.interrupted:
        raise typer.Exit(1)


def _summary(status: Status, tables: Path) -> dict[str, object]:
    return {
        "tables": str(tables),
        "label": status.label,
        "total": status.total,
        "done": status.done,
        "failed": status.failed,
        "unsupported": status.unsupported,
        "left": status.left,
        "finished_now": status.finished_now,
        "seconds": round(status.seconds, 3),
        "interrupted": status.interrupted,
    }


def _report(status: Status, tables: Path) -> None:
    rate = status.finished_now / status.seconds if status.seconds else 0.0
    typer.echo(
        f"{status.done} of {status.total} done, {status.failed} failed, "
        f"{status.unsupported} not supported, {status.left} left "
        f"({status.finished_now} in this run, {rate:.2g} a second)"
    )
    typer.echo(f"tables: {tables}")
    if status.interrupted:
        typer.echo("stopped; the same command goes on with what is left")


class _Display:
    """Progress on standard error: a bar on a terminal, a line now and then elsewhere."""

    SECONDS = 30.0

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        self._live = console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.3g}/s  {task.fields[failed]} failed"),
            TimeRemainingColumn(),
            console=console,
            disable=not self._live,
        )
        self._task = self._progress.add_task(name, total=None, rate=0.0, failed=0)
        self._last = 0.0

    def __enter__(self) -> _Display:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, status: Status) -> None:
        """Bring the display up to date, at most ten times a second."""
        pause = 0.1 if self._live else self.SECONDS
        if status.seconds - self._last < pause and status.left:
            return
        self._last = status.seconds
        rate = status.finished_now / max(status.seconds, 1e-9)
        settled = status.total - status.left
        failed = status.failed + status.unsupported
        if self._live:
            self._progress.update(
                self._task, total=status.total, completed=settled, rate=rate, failed=failed
            )
        else:
            left = status.left / rate if rate else float("nan")
            sys.stderr.write(
                f"{settled}/{status.total} done or failed, {rate:.3g}/s, {failed} failed, "
                f"about {left:.0f} s left\n"
            )
