"""``forescale cluster``: what your clusters are, and whether one works."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from forescale.cli._print import say

app = typer.Typer(no_args_is_help=True, help="The clusters that run and simulate may work on.")


@app.callback()
def _root() -> None:
    """The clusters that run and simulate may work on."""


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="Name in your clusters.toml, or an address.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where files for the nodes go; by default this folder.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="Also start this engine there, such as xtb.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Try one tiny job end to end, and say what is wrong."""
    from forescale._machine.executors import find_cluster
    from forescale.errors import ConfigError

    config = find_cluster(name)
    if config is None:
        raise ConfigError("cluster: got 'local', expected a cluster: there is nothing to check")
    with tempfile.TemporaryDirectory(dir=folder or Path.cwd(), prefix=".forescale-check-") as home:
        found = _tried(config, Path(home), engine)
    if as_json:
        print(json.dumps(found))  # noqa: T201
    say(
        f"{found['place']} works: a job came back after {found['seconds']:.1f} s from "
        f"{found['node']}, which {'sees' if found['sees'] else 'does not see'} this folder",
        as_json,
    )
    if found["differs"]:
        say(f"it has other versions: {found['differs']}", as_json)
    if not found["sees"]:
        say(
            "checkpoints are lost with a machine there, and files of studies are copied to each",
            as_json,
        )


def _tried(config: Any, home: Path, engine: str | None) -> dict[str, Any]:
    from forescale._machine.executors import Told, open_executor
    from forescale._machine.executors.remote import differences, versions
    from forescale._machine.executors.sharing import mark
    from forescale._machine.executors.trial import trial
    from forescale.engines.registry import resolve
    from forescale.errors import ForescaleError

    spec = None if engine is None else resolve(engine, Path.cwd())
    began, limit = time.monotonic(), max(120.0, 2 * config.silence)
    told: dict[str, Any] = {}
    with open_executor(config.model_copy(update={"versions": "mark"}), home, strict=True) as place:
        place.submit("trial", trial, str(home), mark(home), spec, resumable=True)
        while True:
            for event in place.events(1.0):
                if isinstance(event, Told):
                    told |= event.message | {"node": event.node}
                elif event.lost:
                    raise ForescaleError(f"{place.place}: the job was lost: {event.lost}")
                elif event.error is not None:
                    raise ForescaleError(f"{place.place}: the job failed: {event.error}")
                else:
                    seconds = time.monotonic() - began
                    differs = differences(versions(), told.get("versions", {}))
                    return {"place": place.place, "seconds": seconds, "differs": differs} | {
                        key: told.get(key) for key in ("node", "sees", "engine")
                    }
            if time.monotonic() - began > limit:
                waiting = place.health().waiting
                raise ForescaleError(
                    f"{place.place}: no answer within {limit:g} s "
                    + ("(the job still waits for a machine)" if waiting else "(it has begun)")
                )
