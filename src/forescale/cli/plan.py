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
    cost_source: Annotated[float | None, typer.Option(help="Cost of a computed value.")] = None,
    cost_target: Annotated[float | None, typer.Option(help="Cost of a measured value.")] = None,
    budget: Annotated[float | None, typer.Option(help="Budget to split between them.")] = None,
    matters: Annotated[float | None, typer.Option(help="Fall of the error worth a batch.")] = None,
    batch: Annotated[float | None, typer.Option(help="Computed values in a batch.")] = None,
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Sample size, attainable limit, equivalence, allocation and stopping, with intervals."""
    import json
    import sys

    from forescale.errors import ConfigError
    from forescale.planning import Costs, make_plan

    if budget is not None and (cost_source is None or cost_target is None):
        raise ConfigError("--budget needs --cost-source and --cost-target")
    errors, manifest = read_run(run)
    answer = make_plan(
        errors,
        target_error=target_error,
        costs=Costs(cost_source, cost_target, budget, matters, batch),
        unit=manifest.get("metric_unit"),
        noise_floor=manifest.get("noise_floor"),
        level=level,
        seed=seed,
    )
    print("\n".join(answer.to_text()), file=sys.stderr if as_json else sys.stdout)
    if as_json:
        print(json.dumps({"run": str(run), **answer.to_json()}, allow_nan=False))  # noqa: T201


def read_run(run: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a run folder's errors and manifest."""
    from forescale.errors import RunFolderError
    from forescale.study.folder import RunFolder

    folder = RunFolder(run)
    try:
        return folder.errors(), folder.manifest
    except (OSError, ValueError, TypeError) as reason:
        raise RunFolderError(f"{run} is not a readable run folder: {reason}") from None
