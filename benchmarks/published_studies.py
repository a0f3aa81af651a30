"""The published study on six properties, with two learners on the same splits.

    FORESCALE_MIRROR=… python benchmarks/published_studies.py OUT [STUDY …] [--replicates 100]

Each study runs as papers do (`forescale run --published`: mean absolute error, trials whose test
materials are drawn at random) once with the neural learner and once with `blend`, into a folder
of OUT each; what is there is kept, and with more ``--replicates`` only the further ones run.
Then the tables of docs/published.md are printed: processor time, errors, the law by least squares
with its bootstrap over trials, ours, the difference between the learners, and what a measured
value is worth in computed ones. ``--figure STUDY`` draws the figure of papers of that study.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _kit
import numpy as np
import pandas as pd

from forescale import words
from forescale.errors import ForescaleError
from forescale.laws import Distribution, PublishedLaw, RunLaws, fit_published
from forescale.laws.flags import readable
from forescale.metrics import Metric
from forescale.planning import Exchange, next_doubling
from forescale.study import Design, RunFolder, Study, load_data, load_study, run_replicates
from forescale.study.sections import GridSpec, LearnerSpec
from forescale.workflow import as_published, published_figure

LEARNERS = ("mlp", "blend")
QUICK: dict[str, dict[str, Any]] = {
    "mlp": {
        "epochs": 0.5, "min_steps": 2, "fine_tune_epochs": 0.5, "patience": 1, "width": 8,
    },
    "blend": {"trees": 20},
}  # fmt: skip
INDEX = {
    "name": "polymer-refractive-index",
    "source": [{"dataset": "radonpy-pi1070", "property": "refractive_index"}],
    "target": {"dataset": "openpoly-measured", "property": "refractive_index"},
    "descriptor": {"name": "polymer"},
    "evaluation": {"overlap": "exclude"},
}


@dataclass(frozen=True)
class Case:
    """One property: where its study is from, and what of it is run.

    Parameters
    ----------
    study
        File in ``examples/``, or a study as in a file.
    n
        The smallest and the largest number of computed values.
    m
        Numbers of measured values.
    replicates
        How many trials.
    sample
        Computed values that are drawn; None for all.
    """

    study: str | dict[str, Any]
    n: tuple[int, int]
    m: tuple[int, int, int]
    replicates: int
    sample: int | None = None

    def published(self, learner: str, told: Any) -> Study:
        """The study as published, with a learner."""
        one = self.study
        whole = (
            load_study(_kit.EXAMPLES / f"{one}.toml")
            if isinstance(one, str)
            else Study.model_validate(one)
        )
        sizes = np.geomspace(*self.n, told.sizes).round().astype(int)
        grid = GridSpec(n_source=tuple(sizes.tolist()), n_target=self.m, all_measured=False)
        change: dict[str, Any] = {
            "seed": 0,
            "grid": grid,
            "learner": LearnerSpec(name=learner),
        }
        if self.sample is not None:
            source = (one.model_copy(update={"sample": self.sample}) for one in whole.source)
            change["source"] = tuple(source)
        study = as_published(whole.model_copy(update=change))
        if told.smoke:
            quick = LearnerSpec(name=learner, **QUICK[learner])
            study = _kit.shrunk(study).model_copy(update={"learner": quick})
        evaluation = study.evaluation.model_copy(update={"metrics": (Metric.MAE,)})
        trials = study.replicates if told.smoke else told.replicates or self.replicates
        return study.model_copy(update={"evaluation": evaluation, "replicates": trials})


CASES = {
    "polymer density": Case("polymer-density", (30, 2380), (20, 80, 320), 50),
    "polymer specific heat": Case("polymer-heat-capacity", (30, 11780), (10, 30, 90), 40),
    "polymer thermal conductivity": Case(
        "polymer-thermal-conductivity", (30, 2795), (10, 20, 50), 100
    ),
    "polymer refractive index": Case(INDEX, (30, 1055), (10, 20, 50), 100),
    "chi of polymer and solvent": Case("chi", (30, 930), (60, 240, 930), 40),
    "band gap": Case("band-gap-materials-project", (100, 7240), (40, 160, 640), 10, 8000),
}


# -- runs ------------------------------------------------------------------------------------------


def run(study: Study, path: Path) -> RunFolder:
    """Run the replicates that a folder lacks; what they took is noted beside it."""
    folder = RunFolder(path)
    if path.exists() and len(folder.done()[0]) >= study.replicates:
        return folder
    data = load_data(study, show_progress=False)
    design = Design.of(study, data)
    with folder.locked():
        folder = RunFolder.open(path, study, data, design)
        before = len(folder.done()[0])
        with _kit.Clock() as clock:
            run_replicates(study, data, folder, design=design, show_progress=False)
        note = {"replicates": len(folder.done()[0]) - before, "cpu": clock.cpu}
        with path.with_suffix(".cpu").open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(note) + "\n")
    return folder


def seconds(path: Path) -> float:
    """Processor seconds of a replicate, compiling included."""
    notes = [json.loads(line) for line in path.with_suffix(".cpu").read_text("utf-8").splitlines()]
    ran = sum(int(note["replicates"]) for note in notes)
    return float(sum(note["cpu"] for note in notes) / max(ran, 1))


# -- tables ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """A finished run: mean absolute errors, our laws, and the published fits by m."""

    path: Path
    errors: pd.DataFrame
    laws: RunLaws
    published: dict[int, PublishedLaw]

    @classmethod
    def of(cls, folder: RunFolder) -> Done:
        """Fit everything."""
        errors = folder.errors()
        fits = {
            int(m): fit_published(part["n_source"], part["value"], part["replicate"].to_numpy())
            for m, part in errors[errors["n_source"] > 0].groupby("n_target")
        }
        return cls(folder.path, errors, RunLaws.of(folder), fits)

    def at(self, n: int, m: int) -> pd.Series:
        """Errors of a cell, by trial; n = 0 is direct learning, m = 0 zero-shot."""
        cell = (self.errors["n_source"] == n) & (self.errors["n_target"] == m)
        return self.errors[cell].set_index("replicate")["value"]

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest n."""
        sizes = self.published[0].n
        return int(sizes[0]), int(sizes[-1])


Runs = dict[tuple[str, str], Done]
"""By property and learner."""


def by_m(runs: Runs, name: str) -> Iterator[tuple[int, str, Done]]:
    """Every m of a property with every learner: what leads a row."""
    own = {learner: done for (one, learner), done in runs.items() if one == name}
    for m in sorted({m for done in own.values() for m in done.published}):
        for learner, done in own.items():
            yield m, learner, done


def studies_table(runs: Runs) -> None:
    """What was run, and what it took."""
    table = _kit.Table(
        "property", "unit", "computed", "measured", "split", "learner", "replicates",
        "processor seconds a replicate",
    )  # fmt: skip
    for (name, learner), done in runs.items():
        manifest = RunFolder(done.path).manifest
        sides = (manifest.tables.source.materials, manifest.tables.target.materials)
        table.row(
            name, words.pretty_unit(done.laws.unit) or "none", *map(words.count, sides),
            manifest.study.evaluation.split, learner, done.laws.replicates,
            words.number(seconds(done.path), 2),
        )  # fmt: skip


def published_table(runs: Runs, name: str) -> None:
    """Errors, and least squares with its bootstrap."""
    first, last = next(done.ends for (one, _), done in runs.items() if one == name)
    table = _kit.Table(
        "m", "learner", "direct", f"n = {first}", f"n = {last}", "α", "D", "C", "R²"
    )  # fmt: skip
    for m, learner, done in by_m(runs, name):
        law = done.published[m]
        errors = (words.number(float(done.at(n, m).mean())) for n in (0, first, last))
        parts = (words.interval(q) for q in (law.decay_rate, law.scale, law.transfer_gap))
        table.row(m or "zero-shot", learner, *errors, *parts, f"{law.r_squared:.3f}")


def our_table(runs: Runs, name: str) -> None:
    """Our posterior, and what measured and computed values are worth, all computed at hand."""
    table = _kit.Table(
        "m", "learner", "decay rate α", "transfer gap C", "R²", "flags", "twice n brings",
        "one more measured is worth, marginal", "the same, finite", "twice n is worth, measured",
    )  # fmt: skip
    for m, learner, done in by_m(runs, name):
        law, joint = done.laws.law("mae", m), done.laws.joint_of("mae")
        cells = ["no law", *[words.ABSENT] * 4]
        if law is not None:
            bound = f"below {words.number(law.transfer_gap.high)}"
            gap = bound if "not_bent_yet" in law.flags else words.interval(law.transfer_gap)
            told = readable(law.flags)
            cells = [words.interval(law.decay_rate), gap] if told else ["no law", words.ABSENT]
            cells += [f"{law.r_squared:.3f}", ", ".join(f"`{flag}`" for flag in law.flags)]
            cells += [words.interval(next_doubling(law))]
        worth = [words.ABSENT] * 3
        if m and joint is not None:
            asked = Exchange.of(joint, done.ends[1], m)
            answers = (asked.marginal, asked.one_experiment, asked.doubled_simulations)
            worth = [words.sizes(one) for one in answers]
        table.row(m or "zero-shot", learner, *cells, *worth)


def difference_table(runs: Runs) -> None:
    """The learners apart, the same resampled trials for either, and how often they differ."""
    one, other = LEARNERS
    heads = ("α", "C", "error at the smallest n", "at the largest n")
    table = _kit.Table("property", "m", *(f"{head}: {one} less {other}" for head in heads))
    found: list[list[Distribution]] = []
    for name in dict.fromkeys(name for name, _ in runs):
        if not {(name, one), (name, other)} <= runs.keys():
            continue
        ours, theirs = runs[name, one], runs[name, other]
        for m, law in ours.published.items():
            beside = theirs.published[m]
            pairs = ((law.decay_rate, beside.decay_rate), (law.transfer_gap, beside.transfer_gap))
            parts = [Distribution(a.draws - b.draws, at=a.estimate - b.estimate) for a, b in pairs]
            for n in ours.ends:
                errors = (ours.at(n, m) - theirs.at(n, m)).dropna().to_numpy()
                drawn = np.random.default_rng(0).integers(0, len(errors), (500, len(errors)))
                means = errors[drawn].mean(axis=1)
                parts.append(Distribution(means, at=float(errors.mean())))
            table.row(name, m or "zero-shot", *map(words.interval, parts))
            found.append(parts)
    apart = [sum(q.low > 0 or q.high < 0 for q in column) for column in zip(*found, strict=True)]
    told = ", ".join(f"{head} in {count}" for head, count in zip(heads, apart, strict=False))
    print(f"\nOf {len(found)} curves the interval leaves out 0 for {told}.")


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is missing, then print the tables."""
    parser = _kit.parser(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=", ".join(CASES))
    parser.add_argument("--replicates", type=int, help="in place of those of each study")
    parser.add_argument("--sizes", type=int, default=8, help="numbers of computed values")
    parser.add_argument("--figure", choices=CASES)
    quick = {"out": Path("runs"), "studies": ["polymer refractive index"]}
    told = _kit.parse(parser, argv, smoke=quick)
    told.out.mkdir(parents=True, exist_ok=True)
    runs: Runs = {}
    for name in told.studies or CASES:
        for learner in LEARNERS:
            path = told.out / f"{name.replace(' ', '-')}-{learner}"
            try:
                runs[name, learner] = Done.of(run(CASES[name].published(learner, told), path))
            except ForescaleError as error:
                print(f"{name}, {learner}: {error}\n", flush=True)
    studies_table(runs)
    print()
    difference_table(runs)
    for name in dict.fromkeys(name for name, _ in runs):
        for part in (published_table, our_table):
            print(f"\n{name}\n" if part is published_table else "")
            part(runs, name)
    if told.figure:
        for learner in LEARNERS:
            print("\n", published_figure(RunFolder(runs[told.figure, learner].path))[0])


if __name__ == "__main__":
    main()
