"""``forescale report``: laws, plan and page of a finished run, made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from forescale.cli._print import say


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    target_error: Annotated[
        float | None, typer.Option(help="Error to plan for, in the unit of the measured values.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
) -> None:
    """Fit, plan and write the page of a run again, from the errors in its folder."""
    from forescale.errors import RunFolderError
    from forescale.report.contents import check_manifest
    from forescale.study import RunFolder
    from forescale.workflow import conclude

    folder = RunFolder(run)
    check_manifest(run, folder.manifest)
    _, damaged = folder.done()
    if damaged:
        names = ", ".join(part.name for part in damaged[:5])
        raise RunFolderError(
            f"{run}: {len(damaged)} damaged part(s) of errors ({names}); "
            "run the study again in this folder to compute them anew"
        )
    conclude(folder, target_error=target_error)
    page = run / "report.html"
    say(f"Report: {page}", as_json)
    if as_json:
        figures = sorted(str(path) for path in (run / "figures").glob("*.png"))
        print(json.dumps({"run": str(run), "report": str(page), "figures": figures}))  # noqa: T201
