"""``forescale plan``: what to compute and measure next, from a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forescale.cli._options import (
    AsJson,
    Batch,
    Budget,
    CostSource,
    CostTarget,
    Level,
    Matters,
    TargetErrors,
    Verbose,
    asked,
    not_negative,
)
from forescale.cli._print import say


def plan(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    target_error: TargetErrors = None,
    cost_source: CostSource = None,
    cost_target: CostTarget = None,
    budget: Budget = None,
    matters: Matters = None,
    batch: Batch = None,
    metric: Annotated[str | None, typer.Option(help="Only this metric.")] = None,
    m: Annotated[
        int | None, typer.Option("--m", callback=not_negative, help="Only this m.")
    ] = None,
    level: Level = 0.9,
    seed: Annotated[
        int | None,
        typer.Option(callback=not_negative, help="Seed of the draws; by default the study's."),
    ] = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """One verdict first; sample size, limit, equivalence and allocation with -v."""
    import json

    from forescale.laws import RunLaws
    from forescale.planning import make_plan
    from forescale.report.plan_text import plan_lines
    from forescale.workflow import questions_of, recorded

    folder = recorded(run)
    given = asked(target_error, cost_source, cost_target, budget, matters, batch)
    questions = questions_of(folder.manifest.study, **given)
    laws = RunLaws.of(folder, level=level, seed=seed)
    answer = make_plan(laws.only(metric, m), questions)
    say("\n".join(plan_lines(answer, verbose=verbose)), as_json)
    if as_json:
        print(json.dumps({"run": str(run), **answer.to_json()}, allow_nan=False))  # noqa: T201
