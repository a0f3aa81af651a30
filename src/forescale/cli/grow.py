"""``forescale grow``: the closed loop, its next step, and a look back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forescale.cli.run import Cluster, Workers
from forescale.errors import ConfigError

if TYPE_CHECKING:
    from forescale.growth import Loop


def grow(
    loop: Annotated[Path, typer.Argument(help="Loop file (TOML).")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the loop; loops/NAME by default.")
    ] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Most rounds of this call.")] = None,
    until: Annotated[str | None, typer.Option(help="Stop at an error, as in error=0.02.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the next round would do, and why.")
    ] = False,
    replay: Annotated[
        list[Path] | None,
        typer.Option(help="Look back: tables (Parquet) whose values stand for the arms' engines."),
    ] = None,
    replicates: Annotated[int, typer.Option(min=2, help="Replicates of a look back.")] = 10,
    workers: Workers = 0,
    cluster: Cluster = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Compute what pays, until it no longer does; the same command goes on."""
    from forescale.growth import Loop

    work = Loop.from_toml(loop, out)
    if replay is not None:
        _look_back(work, replay, replicates, workers, as_json)
        return
    if dry_run:
        decision = work.next(workers=workers)
        if as_json:
            print(json.dumps(decision.to_json()))  # noqa: T201
        else:
            count = f" {decision.count} values of {decision.arm}" if decision.arm else ""
            typer.echo(f"{decision.action}{count}: {decision.reason}")
        return
    finished = work.run(
        rounds=rounds,
        until_error=_until(until),
        workers=workers,
        cluster=cluster,
        observe=None if as_json else _tell,
    )
    if as_json:
        print(json.dumps(finished.to_json()))  # noqa: T201
        return
    typer.echo(f"loop: {finished.folder}")
    if finished.stopped is None:
        typer.echo("rounds are left to do; the same command goes on")
    else:
        typer.echo(f"stopped: {finished.stopped}")


def _tell(record: dict[str, Any]) -> None:
    from forescale.words import count, number

    sizes = ", ".join(f"{name} {count(n)}" for name, n in record["n"].items())
    error = "not known yet" if record["error"] is None else number(record["error"], 4)
    cost = number(record["cost"], 4)
    typer.echo(f"round {record['round']}: {sizes}; cost {cost}; error {error}")
    typer.echo(f"  {record['reason']}")


def _until(text: str | None) -> float | None:
    if text is None:
        return None
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if name.strip() != "error" or not 0 < number < float("inf"):
        raise ConfigError(f"--until: got {text!r}, expected error=NUMBER, as in error=0.02")
    return number


def _look_back(
    work: Loop, tables: list[Path], replicates: int, workers: int, as_json: bool
) -> None:
    result = work.look_back(tables, replicates=replicates, workers=workers)
    needed = result.needed()
    if as_json:
        means = json.loads(result.means().to_json(orient="records"))
        saved = json.loads(needed.to_json(orient="records"))
        print(json.dumps({"errors": means, "needed": saved}))  # noqa: T201
        return
    typer.echo(result.means().to_string(index=False))
    typer.echo("\nshare of random order's computations that each order needs for its error:")
    typer.echo(needed.to_string(index=False))
