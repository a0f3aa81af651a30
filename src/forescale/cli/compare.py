"""``forescale compare``: which source or protocol to invest in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from forescale.laws import Law


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, two or more.")],
    cost: Annotated[
        list[float] | None, typer.Option(help="Cost per computed value, once for each run.")
    ] = None,
    budget: Annotated[
        list[float] | None, typer.Option(help="Total cost to compare at; may be given again.")
    ] = None,
    metric: Annotated[str, typer.Option(help="Metric to compare by.")] = "rmse",
    m: Annotated[int | None, typer.Option(help="Measured values; default the most shared.")] = None,
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Compare sources on one cost axis: probability that each is best, and where they cross."""
    import json
    import sys

    from forescale import planning
    from forescale.errors import ConfigError
    from forescale.planning.text import comparison_lines

    if len(runs) < 2:
        raise ConfigError(f"a comparison needs at least two runs, got {len(runs)}")
    if cost and len(cost) != len(runs):
        raise ConfigError(f"give --cost once for each run: {len(runs)} runs, {len(cost)} costs")
    laws = _laws(runs, metric, m, level, seed)
    costs = dict(zip(laws, cost, strict=True)) if cost else None
    answer = planning.compare(laws, costs, budget or None)
    print("\n".join(comparison_lines(answer)), file=sys.stderr if as_json else sys.stdout)
    if as_json:
        n_target = next(iter(laws.values())).n_target
        print(json.dumps({"metric": metric, "n_target": n_target, **answer}, allow_nan=False))  # noqa: T201


def _laws(runs: list[Path], metric: str, m: int | None, level: float, seed: int) -> dict[str, Law]:
    """Return the law of each run at one shared number of measured values."""
    from forescale.cli.plan import read_run
    from forescale.errors import ConfigError
    from forescale.laws import study_laws

    found: dict[str, dict[int | None, Law]] = {}
    units = {}
    for run in runs:
        errors, manifest = read_run(run)
        errors = errors[errors["metric"] == metric]
        name = str(manifest.get("name") or run.name)
        name = name if name not in found else str(run)
        units[name] = manifest.get("metric_unit")
        laws = study_laws(errors, noise_floor=manifest.get("noise_floor"), level=level, seed=seed)
        found[name] = {law.n_target: law for law in laws}
    if len(set(units.values())) > 1:
        raise ConfigError(f"the runs' errors are in different units: {units}")
    shared = set.intersection(*(set(laws) for laws in found.values()))
    if m is not None and m not in shared:
        raise ConfigError(f"m = {m} is not in every run; shared are {sorted(map(str, shared))}")
    if not shared:
        raise ConfigError("the runs share no number of measured values (n_target)")
    chosen = m if m is not None else max(shared, key=lambda value: value or 0)
    return {name: laws[chosen] for name, laws in found.items()}
