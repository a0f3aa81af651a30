"""``forescale compare``: which source, protocol or learner to invest in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

if TYPE_CHECKING:
    import pandas as pd

    from forescale.laws import Law

    Read: TypeAlias = dict[str, tuple[pd.DataFrame, dict[str, Any]]]


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
    """Compare sources on one cost axis, or learners on one study, and where they cross."""
    import json
    import sys

    from forescale import planning
    from forescale.errors import ConfigError
    from forescale.planning.text import comparison_lines

    if len(runs) < 2:
        raise ConfigError(f"a comparison needs at least two runs, got {len(runs)}")
    if cost and len(cost) != len(runs):
        raise ConfigError(f"give --cost once for each run: {len(runs)} runs, {len(cost)} costs")
    read = _read(runs)
    laws = _laws(read, metric, m, level, seed)
    costs = dict(zip(read, cost, strict=True)) if cost else None
    last = max(laws, key=lambda size: size or 0)
    lines: list[str] = []
    answer = planning.compare(laws[last], costs, budget or None)
    if _one_study([manifest for _, manifest in read.values()]):
        answer["learners"], lines = _learners(read, laws, metric, seed)
    if costs or budget or not lines:
        lines += comparison_lines(answer)
    print("\n".join(lines), file=sys.stderr if as_json else sys.stdout)
    if as_json:
        answer = {"metric": metric, "n_target": last, **answer}
        print(json.dumps(answer, allow_nan=False))  # noqa: T201


def _read(runs: list[Path]) -> Read:
    """Errors and manifest of each run, by a name of its own."""
    from forescale.cli.plan import read_run
    from forescale.errors import ConfigError

    found: Read = {}
    for run in runs:
        errors, manifest = read_run(run)
        name = str(manifest.get("name") or run.name)
        found[name if name not in found else str(run)] = errors, manifest
    units = {name: manifest.get("metric_unit") for name, (_, manifest) in found.items()}
    if len(set(units.values())) > 1:
        raise ConfigError(f"the runs' errors are in different units: {units}")
    return found


def _laws(
    read: Read, metric: str, m: int | None, level: float, seed: int
) -> dict[int | None, dict[str, Law]]:
    """Return the law of each run at every number of measured values they share, or at m."""
    from forescale.errors import ConfigError
    from forescale.laws import study_laws

    found: dict[str, dict[int | None, Law]] = {}
    for name, (errors, manifest) in read.items():
        kept = errors[errors["metric"] == metric]
        kept = kept if m is None else kept[kept["n_target"] == m]
        if m is not None and kept.empty:
            raise ConfigError(f"m = {m} is not in every run: {name} has none of {metric}")
        floor = manifest.get("noise_floor")
        laws = study_laws(kept, noise_floor=floor, level=level, seed=seed)
        found[name] = {law.n_target: law for law in laws}
    shared = set.intersection(*(set(laws) for laws in found.values()))
    if not shared:
        raise ConfigError("the runs share no number of measured values (n_target)")
    ordered = sorted(shared, key=lambda size: size or 0)
    return {size: {name: laws[size] for name, laws in found.items()} for size in ordered}


def _one_study(manifests: list[dict[str, Any]]) -> bool:
    """Whether runs differ in their learner and name alone, so that replicates pair up."""

    def rest(manifest: dict[str, Any]) -> Any:
        study = dict(manifest.get("study") or {})
        learner, _ = study.pop("learner", None), study.pop("name", None)
        return bool(learner), study, manifest.get("data"), manifest.get("descriptor")

    first = rest(manifests[0])
    return bool(first[0]) and all(rest(manifest) == first for manifest in manifests[1:])


def _learners(
    read: Read, laws: dict[int | None, dict[str, Law]], metric: str, seed: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return who is better where, for every m, and the lines that say so."""
    from forescale.planning import compare_learners
    from forescale.planning.text import learner_lines

    errors = {name: frame for name, (frame, _) in read.items()}
    unit = str(next(iter(read.values()))[1].get("metric_unit") or "")
    answers = [
        compare_learners(errors, of_size, metric, size or 0, seed=seed)
        for size, of_size in laws.items()
    ]
    return answers, [line for answer in answers for line in learner_lines(answer, unit)]
