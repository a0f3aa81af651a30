"""The register of forecasts: every forecast that is published, and what came.

    python benchmarks/forecasts_register.py add RUN [--from N …] [--to N]
    python benchmarks/forecasts_register.py open RUN [--to N …] [--m M …]
    python benchmarks/forecasts_register.py check RUN
    python benchmarks/forecasts_register.py print

``add`` fits the laws of a run to its sizes up to ``--from`` (a quarter and an eighth of ``--to``),
registers what they foresee at ``--to`` (the largest n), and the outcome, which the run has.
``open`` registers what the laws of the whole run foresee beyond it (4 and 10 times its largest n),
at its smallest and its largest m; ``check`` fills in the outcomes that a run has by now, at exactly
the n of the forecast. All are of rmse and mae at m ≤ 320. A registered forecast stays as it is: a
second one of the same is refused, or listed as another version with ``--again``. ``print`` writes
the tables of ``docs/forecasts.md`` between its markers.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import _kit
import _register_page
import pandas as pd
from _register import Entry, Outcome, Register, hash_of_laws

from forescale import __version__
from forescale.errors import DataError, ForescaleError
from forescale.laws import Law, RunLaws, study_laws
from forescale.study import Manifest, RunFolder

DOCS = Path(__file__).parents[1] / "docs"
METRICS = ("rmse", "mae")
LARGEST_M = 320
PARTS, TIMES = (4, 8), (4, 10)


def main(argv: Sequence[str] | None = None) -> None:
    """Do one action."""
    parser = _kit.parser(__doc__)
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--from", dest="start", nargs="+", type=int, metavar="N")
    parser.add_argument("--to", nargs="+", type=int, metavar="N")
    parser.add_argument("--m", nargs="+", type=int, metavar="M")
    parser.add_argument("--again", action="store_true", help="list as another version")
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--register", type=Path, default=DOCS / "forecasts.jsonl")
    parser.add_argument("--page", type=Path, default=DOCS / "forecasts.md")
    here = {"action": "print", "register": Path("forecasts.jsonl"), "page": Path("forecasts.md")}
    arguments = _kit.parse(parser, argv, smoke=here)
    if arguments.smoke:
        _smoke(arguments)
    try:
        if arguments.run is None and arguments.action != "print":
            raise DataError(f"{arguments.action}: which run? (a run folder is expected)")
        ACTIONS[arguments.action](arguments)
    except ForescaleError as error:
        print(f"forecasts_register: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from None


def add(arguments: argparse.Namespace) -> None:
    """Register forecasts from a part of a run's sizes, with their outcomes."""
    folder = _finished(arguments.run)
    errors = folder.errors()
    last = int(errors["n_source"].max())
    ends = arguments.to or [last]
    if missing := {*ends} - {*errors["n_source"]}:
        raise DataError(f"{folder.path}: has no n = {min(missing)}; open registers forecasts of it")
    replicates = int(errors["replicate"].nunique())
    made: dict[Entry, None] = {}  # once, where n/4 and n/8 hold the same sizes
    for end in ends:
        for start in arguments.start or [end // part for part in PARTS]:
            if start >= end:
                raise DataError(f"--from {start}: expected less than the n to forecast, {end}")
            for law in _laws_up_to(folder, errors, start):
                forecast = _forecast(folder.manifest, law, end, replicates, arguments.date)
                came = _with_outcome(forecast, errors, arguments.date)
                made[replace(came, after_the_fact=came.outcome is not None)] = None
    _keep(list(made), arguments)


def open_(arguments: argparse.Namespace) -> None:
    """Register forecasts beyond a run's data."""
    folder = _finished(arguments.run)
    laws = [law for law in RunLaws.of(folder) if _wanted(law)]
    sizes = sorted({law.n_target or 0 for law in laws} - {0})
    chosen = arguments.m or [*sizes[:1], *sizes[-1:]]
    if missing := set(chosen) - {*sizes, 0}:
        raise DataError(f"{folder.path}: no law at m = {min(missing)}; there are {sizes}")
    last = int(folder.errors()["n_source"].max())
    ends = arguments.to or [times * last for times in TIMES]
    if min(ends) <= last:
        raise DataError(f"--to {min(ends)}: the run has n up to {last}; add registers those")
    replicates = int(folder.errors()["replicate"].nunique())
    made = [
        _forecast(folder.manifest, law, end, replicates, arguments.date)
        for law in laws
        for end in ends
        if law.n_target in chosen
    ]
    _keep(made, arguments)


def check(arguments: argparse.Namespace) -> None:
    """Fill in the outcomes of open forecasts."""
    folder = _finished(arguments.run)
    register, errors = Register.read(arguments.register), folder.errors()
    name, setting = folder.manifest.name, setting_of(folder.manifest)
    whose = name, setting, folder.manifest.data["target"][:12]
    mine = [
        one.outcome is None and (one.study, one.setting, one.target) == whose
        for one in register.entries
    ]
    filled = tuple(
        _with_outcome(one, errors, arguments.date) if open_one else one
        for one, open_one in zip(register.entries, mine, strict=True)
    )
    new = sum(a != b for a, b in zip(filled, register.entries, strict=True))
    replace(register, entries=filled).save()
    print(f"{name} ({setting}): {sum(mine)} open, {new} of them have come")


def print_(arguments: argparse.Namespace) -> None:
    """Write the tables of the page, and print them."""
    text = _register_page.tables(Register.read(arguments.register).entries)
    _register_page.write(arguments.page, text)
    print(text)


ACTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "add": add,
    "open": open_,
    "check": check,
    "print": print_,
}


def setting_of(manifest: Manifest) -> str:
    """How a study is judged and learnt: split, overlap, descriptor and learner."""
    study = manifest.study
    parts = (study.evaluation.split, study.evaluation.overlap, study.descriptor.name)
    return ", ".join(map(str, (*parts, study.learner.name)))


def _finished(path: Path) -> RunFolder:
    """A run folder that has all of its replicates: what comes later would change its numbers."""
    folder = RunFolder(path)
    if missing := folder.unfinished():
        raise DataError(f"{path}: {missing}")
    return folder


def _laws_up_to(folder: RunFolder, errors: pd.DataFrame, start: int) -> list[Law]:
    """Laws of the sizes up to one, as the run's page would have had them; tells what has none."""
    manifest, where = folder.manifest, f"{folder.path}, n up to {start}"
    bad: dict[tuple[int, str], str] = {}
    try:
        laws = study_laws(
            errors[errors["n_source"] <= start],
            noise_floor=manifest.noise_floor,
            seed=manifest.seed,
            block=manifest.study.evaluation.block,
            test_fraction=manifest.study.evaluation.test_fraction,
            left_out=bad,
        )
    except DataError as error:
        print(f"{where}: {error}", file=sys.stderr)
        return []
    for (m, metric), why in bad.items():
        print(f"{where}: no law of {metric} at m = {m}: {why}", file=sys.stderr)
    return [law for law in laws if _wanted(law)]


def _wanted(law: Law) -> bool:
    return law.metric in METRICS and (law.n_target or 0) <= LARGEST_M


def _forecast(manifest: Manifest, law: Law, n: int, replicates: int, date: str) -> Entry:
    foreseen = law.predict([n])
    middle, low, high = (
        float(f"{float(one[0]):.6g}") for one in (foreseen.median, foreseen.low, foreseen.high)
    )
    return Entry(
        study=manifest.name,
        setting=setting_of(manifest),
        target=manifest.data["target"][:12],
        metric=str(law.metric),
        unit=manifest.metric_unit,
        m=law.n_target or 0,
        fitted_to=int(law.curve.n[-1]),
        points=len(law.curve.n),
        replicates=replicates,
        n=n,
        median=middle,
        low=low,
        high=high,
        last_value=float(f"{law.curve.error[-1]:.6g}"),
        date=date,
        after_the_fact=False,
        version=1,
        forescale=__version__,
        laws=hash_of_laws(),
    )


def _with_outcome(entry: Entry, errors: pd.DataFrame, date: str) -> Entry:
    """The forecast with what came, where the errors have its cell."""
    cell = errors[
        (errors["n_source"] == entry.n)
        & (errors["n_target"] == entry.m)
        & (errors["metric"] == entry.metric)
    ]["value"].dropna()
    if cell.empty:
        return entry
    return replace(entry, outcome=Outcome(float(f"{cell.mean():.6g}"), len(cell), date))


def _keep(made: Sequence[Entry], arguments: argparse.Namespace) -> None:
    if not made:
        raise DataError(f"{arguments.run}: no law of rmse or mae at m up to {LARGEST_M}")
    register = Register.read(arguments.register).with_new(made, again=arguments.again)
    register.save()
    print(f"{made[0].study}: {len(made)} forecasts registered")


def _smoke(arguments: argparse.Namespace) -> None:
    """A small run's forecasts, on a page of their own."""
    run = _kit.bundled_run().path
    arguments.page.write_text("# Forecasts\n\n" + _register_page.EMPTY, "utf-8")
    for action in (add, open_, check):
        action(argparse.Namespace(**{**vars(arguments), "run": run}))


if __name__ == "__main__":
    main()
