"""``forescale plan``: what to compute and measure next, from a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd


def plan(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    target_error: Annotated[
        list[float] | None, typer.Option(help="Error to reach; may be given again.")
    ] = None,
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Sample size, attainable limit and value of more data, with intervals."""
    import json
    import sys

    from forescale.laws import study_laws
    from forescale.planning import make_plan

    errors, manifest = read_run(run)
    laws = study_laws(errors, noise_floor=manifest.get("noise_floor"), level=level, seed=seed)
    answer = make_plan(laws, target_error=target_error, unit=manifest.get("metric_unit"))
    print("\n".join(answer.to_text()), file=sys.stderr if as_json else sys.stdout)
    if as_json:
        print(json.dumps({"run": str(run), **answer.to_json()}, allow_nan=False))  # noqa: T201


def read_run(run: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a run folder's errors and manifest."""
    import json

    import pandas as pd

    from forescale.errors import RunFolderError

    parts = sorted((run / "errors").glob("*.parquet"))
    if not parts:
        raise RunFolderError(f"{run} holds no errors/*.parquet; give the folder of a finished run")
    try:
        errors = pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)
        manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as reason:
        raise RunFolderError(f"{run} is not a readable run folder: {reason}") from None
    return errors, dict(manifest)
