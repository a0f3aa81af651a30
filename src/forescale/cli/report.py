"""``forescale report``: laws, plan and page of a finished run, made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from forescale.cli._options import above_zero
from forescale.cli._print import say


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    target_error: Annotated[
        float | None,
        typer.Option(
            callback=above_zero, help="Error to plan for, in the unit of the measured values."
        ),
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Also draw the figure of papers.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Fit, plan and write the page of a run again, from the errors in its folder."""
    from forescale.errors import RunFolderError
    from forescale.report.plan_text import unfinished
    from forescale.study import RunFolder
    from forescale.workflow import conclude, published_figure

    folder = RunFolder(run)
    _, damaged = folder.done()
    if damaged:
        names = ", ".join(part.name for part in damaged[:5])
        raise RunFolderError(
            f"{run}: {len(damaged)} damaged part(s) of errors ({names}); "
            "run the study again in this folder to compute them anew"
        )
    with folder.locked():
        finished = conclude(folder, target_error=target_error)
    if published:
        for path in published_figure(folder):
            say(f"Figure: {path}", as_json)
    for line in unfinished(finished.laws):
        say(line, as_json)
    page = run / "report.html"
    say(f"Report: {page}", as_json)
    if as_json:
        figures = sorted(str(path) for path in (run / "figures").glob("*.png"))
        told: dict[str, object] = {"run": str(run), "report": str(page), "figures": figures}
        told["unfinished"] = finished.laws.unfinished or None
        print(json.dumps(told))  # noqa: T201
