"""``forescale simulate``: run a campaign of computational experiments, or go on with it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from forescale._machine.progress import Advance, progress

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
    cluster: Annotated[
        str | None,
        typer.Option(help="Name in your clusters.toml, a Dask scheduler's address, or local."),
    ] = None,
    interrupt: Annotated[
        Literal["cancel", "leave"] | None,
        typer.Option(help="What Ctrl-C does to remote jobs, instead of what the table says."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Run what is missing of a campaign; Ctrl-C stops it, the same command goes on."""
    import signal

    from forescale._machine.executors import find_cluster
    from forescale.engines.registry import limits_of
    from forescale.simulation import Campaign, run_campaign

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan = Campaign.from_toml(campaign)
    if workers is not None:
        plan = plan.model_copy(update={"workers": workers})
    place = find_cluster(cluster, plan.cluster)
    if place is not None and interrupt is not None:
        place = place.model_copy(update={"interrupt": interrupt})
    with _Display(plan.name) as display:
        status = run_campaign(
            plan,
            limit=limit,
            keep=keep,
            retry_failed=retry_failed,
            observe=display.show,
            cluster=place,
        )
    tables = plan.results / "tables" / status.label
    limits = {
        name: told
        for name, told in limits_of(plan.engine.name).items()
        if (tables / f"{name}.parquet").exists()
    }
    if as_json:
        print(json.dumps(_summary(status, tables) | {"limits": limits}))  # noqa: T201
    else:
        _report(status, tables)
        for name, told in limits.items():
            typer.echo(f"limits of {name}: {told}")
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
    """Progress of a campaign on standard error, from the first status on."""

    def __init__(self, name: str) -> None:
        self._name, self._stack = name, ExitStack()
        self._advance: Advance | None = None

    def __enter__(self) -> _Display:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def show(self, status: Status) -> None:
        """Bring the display up to date."""
        settled = status.total - status.left
        if self._advance is None:
            self._advance = self._stack.enter_context(progress(self._name, status.total))
            self._advance.already(max(settled - 1, 0))
        failed = status.failed + status.unsupported
        self._advance.show(settled, f"{failed} failed" if failed else "")
