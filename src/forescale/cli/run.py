"""``forescale run`` and ``forescale demo``: the main job."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forescale.cli._options import above_zero
from forescale.cli._print import say
from forescale.labels import DoubtPolicy

if TYPE_CHECKING:
    from forescale.study import Study


class OnError(StrEnum):
    """What to do with bad rows of a user's own files."""

    RAISE = "raise"
    SKIP = "skip"


Workers = Annotated[
    int, typer.Option(min=0, help="Processes; 0 takes all processors. Numbers do not depend on it.")
]
WithModel = Annotated[
    bool, typer.Option("--model/--no-model", help="Keep the trained predictor for new materials.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Cluster = Annotated[
    str | None,
    typer.Option(help="Name in your clusters.toml, a Dask scheduler's address, or local."),
]
TrustOption = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="MODULE:CLASS",
        help="Load this learner or descriptor of your own, which something received names; "
        "may be repeated.",
    ),
]
TargetError = Annotated[
    float | None,
    typer.Option(
        callback=above_zero, help="Error to plan for, in the unit of the measured values."
    ),
]


def run(
    study: Annotated[Path, typer.Argument(help="Study file (TOML).")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Run folder; by default runs/NAME.")
    ] = None,
    workers: Workers = 0,
    on_error: Annotated[
        OnError, typer.Option(help="skip: set bad rows aside in rejects.csv.")
    ] = OnError.RAISE,
    target_error: TargetError = None,
    doubt: Annotated[
        DoubtPolicy,
        typer.Option(help="Tell values that can hardly be what they say, or refuse them."),
    ] = DoubtPolicy.TELL,
    model: WithModel = True,
    cluster: Cluster = None,
    trust: TrustOption = None,
    published: Annotated[
        bool,
        typer.Option("--published", help="As papers do: MAE, 100 trials or more, their figure."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a study: errors, law, plan and report in one folder. Run it again to resume."""
    from forescale.study import load_study

    wanted = load_study(study, trust=trust or ())
    if published:
        from forescale.workflow import as_published

        wanted = as_published(wanted)
    run_and_tell(
        wanted,
        out or Path("runs") / wanted.name,
        workers=workers,
        on_error=on_error,
        target_error=target_error,
        model=model,
        as_json=as_json,
        cluster=cluster,
        published=published,
        doubt=doubt,
    )


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder.")] = Path("forescale-demo"),
    workers: Workers = 0,
    model: WithModel = True,
    as_json: AsJson = False,
) -> None:
    """Run the bundled case, end to end, offline."""
    from importlib.resources import as_file, files

    from forescale.study import load_study

    with as_file(files("forescale.study.bundled").joinpath("refractive-index.toml")) as path:
        study = load_study(path)
    say(
        "Computed side: refractive indices of molecular liquids by GFN2-xTB and D4, computed with\n"
        "forescale and bundled (5,000 of 49,673 molecules).\n"
        "Measured side: handbook refractive indices near 293 K, from the package 'chemicals'.",
        as_json,
    )
    run_and_tell(study, out, workers=workers, model=model, as_json=as_json)


def run_and_tell(
    study: Study,
    out: Path,
    *,
    workers: int,
    model: bool,
    as_json: bool,
    on_error: OnError = OnError.RAISE,
    target_error: float | None = None,
    cluster: str | None = None,
    published: bool = False,
    doubt: DoubtPolicy = DoubtPolicy.TELL,
) -> None:
    """Run or resume a study, and print its laws and plan."""
    from forescale._machine.executors import place_to_work
    from forescale.cli._print import law_table, short_plan
    from forescale.errors import ForescaleError
    from forescale.workflow import published_figure, run_study

    try:
        with place_to_work(cluster, study.cluster, out, workers) as place:
            finished = run_study(
                study,
                out,
                workers=place,
                on_error=on_error.value,
                target_error=target_error,
                model=model,
                doubt=doubt,
            )
    except KeyboardInterrupt:
        raise ForescaleError(
            f"interrupted; what is finished is kept in {out}, the same command continues there"
        ) from None
    if as_json:
        print(json.dumps(finished.to_json(), allow_nan=False))  # noqa: T201
    law_table(finished, as_json)
    short_plan(finished, as_json)
    for path in published_figure(finished.folder) if published else ():
        say(f"Figure: {path}", as_json)
    say(f"\nEverything else: forescale plan {out}, and the page {out / 'report.html'}", as_json)
    if finished.model is not None:
        say(f"New materials: forescale predict {out} CANDIDATES.csv", as_json)
    sys.stdout.flush()
