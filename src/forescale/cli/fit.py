"""``forescale fit``: a law for any table of learning-curve points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forescale.cli._options import (
    AsJson,
    Batch,
    Budget,
    CostSource,
    CostTarget,
    Level,
    Matters,
    Seed,
    TargetErrors,
    Verbose,
    asked,
)
from forescale.cli._print import say

if TYPE_CHECKING:
    import pandas as pd

    from forescale.laws import Law
    from forescale.laws.published import PublishedLaw


def fit(
    table: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet file, one row per point.")],
    curve: Annotated[str | None, typer.Option(help="Column that names the curve.")] = None,
    n: Annotated[str, typer.Option(help="Column of sizes.")] = "n",
    error: Annotated[str, typer.Option(help="Column of errors, lower is better.")] = "error",
    replicate: Annotated[str | None, typer.Option(help="Column that names the replicate.")] = None,
    se: Annotated[str | None, typer.Option(help="Column of standard errors.")] = None,
    m: Annotated[str | None, typer.Option(help="Column of numbers of measured values.")] = None,
    at: Annotated[str, typer.Option(help="Sizes to forecast at: N,N,…")] = "",
    decimal: Annotated[str, typer.Option(help='Decimal mark: "." or ",".')] = ".",
    sheet: Annotated[str | None, typer.Option(help="Sheet of an Excel file.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of the errors, for the text.")] = "",
    target_error: TargetErrors = None,
    cost_source: CostSource = None,
    cost_target: CostTarget = None,
    budget: Budget = None,
    matters: Matters = None,
    batch: Batch = None,
    published: Annotated[
        bool, typer.Option("--published", help="Also least squares with bootstrap, as in papers.")
    ] = False,
    figure: Annotated[
        Path | None, typer.Option(help="Write the laws as a figure: .png, .svg or .pdf.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the laws and plan as a page.")] = None,
    level: Level = 0.9,
    seed: Seed = 0,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Fit a scaling law E(n) = D·n^(-alpha) + C to every curve of a table, and plan from it."""
    import json

    from forescale.laws import RunLaws, fit_joint_table, fit_table
    from forescale.planning import Questions, make_plan
    from forescale.report.plan_text import joint_lines, verdict_text
    from forescale.tables import Dialect, read_points

    given = asked(target_error, cost_source, cost_target, budget, matters, batch)
    questions = Questions(**given)
    sizes = parse_sizes(at)
    check_outputs(table, figure, page)
    frame = read_points(
        table,
        numbers=[n, error, *(name for name in (se, m) if name is not None)],
        names=[name for name in (curve, replicate) if name is not None],
        dialect=Dialect(decimal, sheet),  # type: ignore[arg-type]
    )
    columns: dict[str, Any] = {
        "curve": curve, "n": n, "error": error, "replicate": replicate, "se": se
    }  # fmt: skip
    options: dict[str, Any] = {"level": level, "seed": seed}
    laws = fit_table(frame, m=m, at=sizes, **columns, **options)
    joint = fit_joint_table(frame, m=m, **columns, **options) if m is not None else {}
    source = RunLaws.of_laws(laws.values(), joint.values(), unit=unit or None)
    plan = make_plan(source, questions)
    for answers in plan.laws:
        lines = law_lines(answers.law.name or "curve", answers.law, unit)
        lines.append(f"  verdict           {verdict_text(answers.verdict)}")
        lines += plan_detail(answers, unit, verbose=verbose or bool(given))
        say("\n".join(lines), as_json)
    for name, answer in zip(joint, plan.joint, strict=True):
        forms = ", ".join(f"{form} {share:.0%}" for form, share in answer.law.forms.items())
        say(f"{name} against n and m\n  forms             {forms}", as_json)
        say("\n".join(joint_lines(answer, unit)[1:]), as_json)
    papers = _published(frame, m, columns, options) if published else {}
    for name, law in papers.items():
        say("\n".join(published_lines(name, law, unit)), as_json)
    for path in _drawn(plan, figure, page, table.name):
        say(f"Written: {path}", as_json)
    if as_json:
        answer_json: dict[str, Any] = {
            "curves": {name: law.to_json() for name, law in laws.items()}
        }
        if joint:
            answer_json["joint"] = {name: law.to_json() for name, law in joint.items()}
        if papers:
            answer_json["published"] = {name: law.to_json() for name, law in papers.items()}
        answer_json["plan"] = plan.to_json()
        print(json.dumps(answer_json, allow_nan=False))  # noqa: T201


def _published(
    frame: pd.DataFrame, m: str | None, columns: dict[str, Any], options: dict[str, Any]
) -> dict[str, PublishedLaw]:
    """Every curve of a table, fitted the published way."""
    from forescale.laws.table import published_table

    return published_table(frame, m=m, **{k: v for k, v in columns.items() if k != "se"}, **options)


def published_lines(name: str, law: PublishedLaw, unit: str) -> list[str]:
    """Return a published law as lines."""
    from forescale.laws.published import AT_EDGE
    from forescale.words import interval, number

    trials = f"bootstrap over {law.trials} trials" if law.trials > 1 else "no trials, no interval"
    return [
        f"{name}, the published way (least squares; {trials})",
        f"  {law.equation}, R² = {number(law.r_squared)}",
        f"  decay rate alpha  {interval(law.decay_rate)}",
        f"  scale D           {interval(law.scale, unit)}",
        f"  transfer gap C    {interval(law.transfer_gap, unit)}",
        *([f"  {AT_EDGE}"] if law.at_edge else []),
    ]


def _drawn(plan: Any, figure: Path | None, page: Path | None, title: str) -> list[Path]:
    """Write what was asked for of figure and page."""
    from forescale.report.fitted import write_figure, write_page

    written = []
    if figure is not None:
        written.append(write_figure(plan, figure))
    if page is not None:
        written.append(write_page(plan, page, title))
    return written


def check_outputs(table: Path, figure: Path | None, page: Path | None) -> None:
    """Refuse files to write that are the table, or are named for something else."""
    from forescale._machine.files import refuse_overwriting
    from forescale.errors import ConfigError
    from forescale.report.small_page import FORMATS

    for path, option, endings in (
        (figure, "--figure", tuple(FORMATS)),
        (page, "--page", (".html", ".htm")),
    ):
        if path is None:
            continue
        if path.suffix.lower() not in endings:
            raise ConfigError(
                f"{option}: got {path}, expected a name that ends in {' or '.join(endings)}"
            )
        refuse_overwriting(path, option, [table])


def parse_sizes(text: str) -> list[float]:
    """Parse ``"100,200,1e4"``; refuse what is not a size."""
    from forescale.errors import ConfigError

    try:
        sizes = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ConfigError(f"--at takes sizes separated by commas, got {text!r}") from None
    if any(not 0 < size < float("inf") for size in sizes):
        raise ConfigError(f"--at takes sizes above zero, got {text!r}")
    return sizes


def plan_detail(answers: Any, unit: str, *, verbose: bool) -> list[str]:
    """Return the answers of a plan that were asked for."""
    from forescale.report.plan_text import law_lines as plan_law_lines

    return plan_law_lines(answers, unit)[2:] if verbose else []


def law_lines(name: str, law: Law, unit: str = "") -> list[str]:
    """Return a law as lines for the terminal; one that cannot be read says so."""
    from forescale.laws import FLAG_MEANINGS
    from forescale.laws.flags import readable
    from forescale.laws.law import default_sizes
    from forescale.words import count, interval, number

    lines = [name]
    if readable(law.flags):
        below = "not_bent_yet" in law.flags
        gap = f"below {number(law.transfer_gap.high)}" if below else interval(law.transfer_gap)
        lines += [
            f"  decay rate alpha  {interval(law.decay_rate)}",
            f"  scale D           {interval(law.scale, unit)}",
            f"  transfer gap C    {gap}",
        ]
    else:
        lines.append("  no law can be read from this curve")
    sizes = law.at or default_sizes(law.curve)
    here, elsewhere = law.predict(sizes), law.forecast_new_materials(sizes)
    for row, wide in zip(here.to_json(), elsewhere.to_json(), strict=True):
        ends, outer = (
            f"{number(one['low'], 4)} to {number(one['high'], 4)}" for one in (row, wide)
        )
        text = f"  at n = {count(row['n_source']):<11}{number(row['median'], 4)} ({ends})"
        lines.append(text if outer == ends else f"{text}; other materials {outer}")
    lines += [f"  note              {FLAG_MEANINGS[flag]} ({flag})" for flag in law.flags]
    return lines
