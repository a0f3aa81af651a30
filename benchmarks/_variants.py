"""Running the variants of a study, and the tables of their pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import _kit
import pandas as pd
from _baselines import Baselines, Floats

from forescale.study import Design, RunFolder, Study, StudyData, load_data, run_replicates
from forescale.workflow import Conclusion, conclude

Also = Callable[[RunFolder, StudyData], None]


@dataclass(frozen=True)
class Variant:
    """One way to split the target, and what of the source is hidden."""

    title: str
    split: str
    overlap: str
    most_measured: int

    def of(self, study: Study) -> Study:
        """The study split that way; its sizes of m end at the most that all replicates have."""
        sizes = tuple(m for m in study.grid.n_target if m < self.most_measured)
        if sizes[-1] > self.most_measured / 10:  # not one that was shrunk
            sizes = (*sizes, self.most_measured)
        grid = study.grid.model_copy(update={"n_target": sizes})
        judged = _kit.varied(study, split=self.split, overlap=self.overlap)
        return judged.model_copy(update={"grid": grid})

    @property
    def slug(self) -> str:
        """Name of the run folder."""
        return f"{self.split.replace('group:', '')}-{self.overlap}"


@dataclass(frozen=True)
class Ran:
    """A variant that was run: its data, its baselines' errors, and the n of their prediction."""

    finished: Conclusion
    data: StudyData
    others: dict[str, Floats]
    n: int


def main_of(
    text: str | None,
    name: str,
    variants: Sequence[Variant],
    argv: Sequence[str] | None,
    metrics: Sequence[str],
    replicates: tuple[int, int],
    also: Also | None = None,
) -> None:
    """The command line of a page: every variant is run or resumed, and its tables printed.

    Parameters
    ----------
    name
        Of the study in ``examples``.
    metrics
        Columns of the table of models; curves are of the first error among them.
    replicates
        Of the study, and of those that baselines are fitted in, if not told otherwise.
    also
        Prints what only this page has.
    """
    parser = _kit.parser(text)
    parser.add_argument("out", type=Path)
    parser.add_argument("--replicates", type=int, default=replicates[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--baselines", type=int, default=replicates[1], help="their replicates")
    parser.add_argument("--baselines-at", type=int, help="most computed values for baselines")
    parser.add_argument("--only", nargs="*", help="variants, by the names of their run folders")
    quick = {"out": Path(name), "baselines": 1, "workers": 1, "only": [variants[0].slug]}
    told = _kit.parse(parser, argv, smoke=quick)
    file = "chi" if told.smoke else name  # solvation has 270,000 pairs to read
    study = _kit.study(_kit.EXAMPLES / f"{file}.toml", told, replicates=told.replicates)
    metrics = [word for word in metrics if word in study.evaluation.metrics]
    told.out.mkdir(parents=True, exist_ok=True)
    judged = min(told.baselines, study.replicates)
    for variant in variants:
        if told.only and variant.slug not in told.only:
            continue
        one = run(study, variant, told.out, told.workers, judged, told.baselines_at)
        print(f"\n## {variant.title} (split = {variant.split}, overlap = {variant.overlap})")
        print_models(one, metrics, judged or study.replicates)
        metric = next(word for word in metrics if word != "r2")
        print()
        folder = one.finished.folder
        _kit.grid_table(folder.errors(), metric, folder.half_capacity_errors(), digits=3)
        print()
        _kit.law_table(one.finished.laws.laws, metric)
        if also is not None:
            also(one.finished.folder, one.data)


def run(
    study: Study,
    variant: Variant,
    folder: Path,
    workers: int,
    baselines: int,
    most: int | None = None,
) -> Ran:
    """Run or resume one variant; errors of the baselines in its first replicates.

    The baselines' computed prediction is of the largest size of n that is at most ``most``.
    """
    study = variant.of(study)
    data = load_data(study, workers=workers)
    run_folder = RunFolder.open(folder / variant.slug, study, data)
    run_replicates(study, data, run_folder, workers=workers)
    sizes = Design.of(study, data).grid.n_source
    n = int(sizes[sizes <= (most or sizes[-1])][-1])
    others = {}
    if baselines:
        others = Baselines(study, data, n).errors(baselines, study.evaluation.metrics)
    return Ran(conclude(run_folder), data, others, n)


def print_models(ran: Ran, metrics: Sequence[str], replicates: int) -> None:
    """Mean and standard error of each model at n computed and all measured values."""
    folder = ran.finished.folder
    errors: pd.DataFrame = folder.errors()
    m = int(errors["n_target"].max())
    errors = errors[errors["replicate"] < replicates]
    places = {str(name): k for k, name in enumerate(folder.manifest.study.evaluation.metrics)}
    print()
    table = _kit.Table(f"n = {ran.n}, m = {m}", *map(_kit.label_of, metrics))
    ours = {"transfer (ours)": (ran.n, m), "scratch Gaussian process": (0, m)}
    for title, cell in (ours | {"zero-shot": (ran.n, 0)}).items():
        rows = errors[(errors["n_source"] == cell[0]) & (errors["n_target"] == cell[1])]
        means = [_kit.mean_and_error(rows.loc[rows["metric"] == one, "value"]) for one in metrics]
        table.row(title, *means)
    for title, values in ran.others.items():
        table.row(title, *(_kit.mean_and_error(values[:, places[one]]) for one in metrics))
