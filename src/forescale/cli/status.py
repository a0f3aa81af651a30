"""``forescale status``: where a run or a campaign stands, while it works and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from forescale.cli._print import say
from forescale.words import duration

_SHOWN = 10  # reasons, machines


def status(
    folder: Annotated[
        Path, typer.Argument(help="Run folder, results folder of a campaign, or a folder of runs.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Tell what runs where, how fast, what failed and why, who was lost, and the cost so far."""
    from forescale.errors import RunFolderError
    from forescale.simulation.standing import campaign_standing
    from forescale.study.standing import run_standing

    if (folder / "manifest.json").is_file():
        found = run_standing(folder)
    elif (folder / "protocols").is_dir() or (folder / "status.json").is_file():
        found = campaign_standing(folder)
    elif runs := sorted(path.parent for path in folder.glob("*/manifest.json")):
        _list([run_standing(run) for run in runs], as_json)
        return
    else:
        raise RunFolderError(
            f"{folder}: got neither a run folder (no manifest.json) nor the results folder of a "
            "campaign (no protocols), nor a folder of runs; expected one that run or simulate made"
        )
    if as_json:
        print(json.dumps(found, allow_nan=False))  # noqa: T201
        return
    for line in _lines(found):
        say(line, False)


def _list(runs: list[dict[str, Any]], as_json: bool) -> None:
    """One line for each run of a folder."""
    if as_json:
        print(json.dumps({"runs": runs}, allow_nan=False))  # noqa: T201
        return
    width = max(len(run["folder"]) for run in runs)
    for run in runs:
        done, lost = run["counts"]["done"], run["counts"]["lost"]
        tail = f", {lost} lost" if lost else ""
        say(
            f"{run['folder']:<{width}}  {run['name']}: {run['state']}, {done} of {run['total']} "
            f"replicates{tail}",
            False,
        )


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['name']}: {found['state']}, on {found['place']}"]
    counts = ", ".join(f"{number} {what}" for what, number in found["counts"].items() if number)
    lines.append(f"  {counts or 'nothing done yet'}; {found['left']} left of {found['total']}")
    if found.get("rate"):
        left = found["seconds_left"]
        tail = "" if left is None else f", about {duration(left)} left"
        lines.append(f"  {found['rate']:.3g} a second{tail}")
    if found.get("core_hours") is not None:
        lines.append(f"  {found['core_hours']:.3g} core hours so far")
    for name, node in [*found["nodes"].items()][:_SHOWN]:
        doing = ", ".join(one for one in node.get("doing", []) if one)
        lines.append(
            f"  {name}: {node.get('finished', 0)} finished"
            + (f", engine {node['engine']}" if node.get("engine") else "")
            + (f", now {doing}" if doing and found["running"] else "")
        )
    if len(found["nodes"]) > _SHOWN:
        lines.append(f"  … and {len(found['nodes']) - _SHOWN} more machines (--json has all)")
    for name, reason in [*found["lost"].items()][:_SHOWN]:
        lines.append(f"  lost {name}: {reason}")
    for reason, number in [*found["failures"].items()][:_SHOWN]:
        lines.append(f"  failed {number}×: {reason}")
    for state, number in found.get("queue", {}).items():
        lines.append(f"  in the queue: {number} {state}")
    return lines
