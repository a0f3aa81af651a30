"""``forescale compare``: which source, protocol or learner to invest in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forescale.cli._options import AsJson, Level, above_zero, not_negative
from forescale.cli._print import say


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run folders, two or more; or one of a study with several sources."),
    ],
    cost: Annotated[
        list[float] | None,
        typer.Option(callback=above_zero, help="Cost per value, once for each run or source."),
    ] = None,
    budget: Annotated[
        list[float] | None,
        typer.Option(callback=above_zero, help="Total cost to compare at; may be repeated."),
    ] = None,
    metric: Annotated[str, typer.Option(help="Metric to compare by.")] = "rmse",
    m: Annotated[
        int | None,
        typer.Option(callback=not_negative, help="Measured values; default the most shared."),
    ] = None,
    level: Level = 0.9,
    seed: Annotated[
        int | None,
        typer.Option(callback=not_negative, help="Seed of the draws; by default each study's."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write a page with the laws on one axis (.html).")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Write the laws on one axis: .png, .svg or .pdf.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare sources on one cost axis, or learners on one study, and where they cross."""
    import json

    from forescale.errors import ConfigError
    from forescale.face.comparison import Comparison, read_runs
    from forescale.face.one_run import SourcesOfRun

    if len(runs) == 1:
        if page is not None or figure is not None:
            raise ConfigError(
                f"one run has a page and figures of its own: {runs[0] / 'report.html'}; expected "
                "--page and --figure with two runs or more"
            )
        one = SourcesOfRun.of(
            runs[0], metric=metric, m=m, costs=cost, budgets=budget, level=level, seed=seed
        )
        say("\n".join(one.lines()), as_json)
        if as_json:
            print(json.dumps(one.to_json(), allow_nan=False))  # noqa: T201
        return
    if cost and len(cost) != len(runs):
        raise ConfigError(f"give --cost once for each run: {len(runs)} runs, {len(cost)} costs")
    found = Comparison.of(
        read_runs(runs, level=level, seed=seed),
        metric=metric,
        m=m,
        costs=cost,
        budgets=budget,
        seed=seed or 0,
    )
    say("\n".join(found.lines()), as_json)
    if page is not None:
        say(f"Written: {found.shown.write_page(page)}", as_json)
    if figure is not None:
        say(f"Written: {found.shown.write_figure(figure)}", as_json)
    if as_json:
        print(json.dumps(found.to_json(), allow_nan=False))  # noqa: T201
