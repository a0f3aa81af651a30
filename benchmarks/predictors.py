"""Predictors side by side: errors of every learner on the same splits, paired, and what they cost.

    FORESCALE_MIRROR=… python benchmarks/predictors.py [CASE …] [--replicates 5] [--out FILE]

Prints the tables of docs/predictors.md. Each (case, replicate, learner) is appended to a file
as it lands, and what is there is not computed again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from forescale.learners import Grid, TransferData, get_learner
from forescale.learners.gp.source import SourcePrediction, SourceTask
from forescale.materials import Composition
from forescale.splits import Split
from forescale.study import Design, Study, StudyData, load_data

Floats = NDArray[np.float64]

RELEASE = {
    "linear": [0.0],
    "cumulative": [0.0],
    "leave_out": False,
    "scales": "shared",
    "averaged": False,
    "bends": False,
    "held_out": False,
}
_LINEAR = {"linear": [0.0, 1.0, 10.0]}
LEARNERS: dict[str, tuple[str, dict[str, Any]]] = {
    "gp before": ("gp", RELEASE),
    "gp own": ("gp", {"linear": [0.0], "leave_out": False}),
    "gp": ("gp", _LINEAR),
    "boosted": ("boosted", _LINEAR),
    "blend": ("blend", _LINEAR),
}


@dataclass(frozen=True)
class Case:
    """A study and what of it is measured.

    Parameters
    ----------
    study
        As in a study file.
    n_target
        Numbers of measured values.
    metric
        ``rmse`` or ``mae``.
    spoil
        What is done to the computed values, for sources that are of no use.
    folds
        The five official folds of Matbench in place of replicates of the study.
    options
        Further options of the learners.
    """

    study: dict[str, Any]
    n_target: tuple[int, ...]
    metric: str = "rmse"
    spoil: Callable[[Floats], Floats] | None = None
    folds: bool = False
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    ridge: bool = False


def study(
    name: str, source: list[dict[str, Any]], target: dict[str, Any], **more: Any
) -> dict[str, Any]:
    return {"name": name, "source": source, "target": target, **more}


_DENSITY = study(
    "density",
    [{"dataset": "radonpy-pi1070", "property": "density"}, {"dataset": "polymer-density-md"}],
    {"dataset": "polymer-density-measured"},
    merge=True,
    descriptor={"name": "polymer"},
    evaluation={"overlap": "exclude"},
)


def _gap(overlap: str) -> dict[str, Any]:
    return study(
        "gap",
        [{"dataset": "band-gap-materials-project"}],
        {"dataset": "band-gap-measured"},
        descriptor={"name": "composition"},
        evaluation={"overlap": overlap},
        censoring={"floor": 0.0, "learn_as": -1.0},
    )


_RANK = {"gp before": {"rank": 1500}, "gp": {"rank": 1500}}
_SHUFFLED = np.random.default_rng(0)

CASES: dict[str, Case] = {
    "density": Case(_DENSITY, (20, 80, 320)),
    "refractive index": Case(
        study(
            "index",
            [{"dataset": "xtb-refractive-index", "sample": 2000}],
            {"dataset": "refractive-index-measured"},
        ),
        (20, 80, 160),
    ),
    "boiling point": Case(
        study(
            "boiling",
            [{"dataset": "boiling-point-joback", "sample": 3000}],
            {"dataset": "boiling-point-measured", "sample": 1500},
        ),
        (20, 80, 160),
        ridge=True,
    ),
    "critical volume": Case({}, (20, 80, 320), ridge=True),
    "density, noise": Case(
        _DENSITY, (20, 80, 320), spoil=lambda y: np.random.default_rng(0).permutation(y)
    ),
    "density, wrong sign": Case(_DENSITY, (20, 80, 320), spoil=lambda y: -y),
    "density, constant": Case(_DENSITY, (20, 80, 320), spoil=lambda y: np.full_like(y, 1.0)),
    "band gap": Case(_gap("disjoint"), (40, 160, 640), "mae", options=_RANK),
    "expt_gap, disjoint": Case(_gap("disjoint"), (), "mae", folds=True, options=_RANK),
    "expt_gap, allow": Case(_gap("allow"), (), "mae", folds=True, options=_RANK),
}


def critical_volume(folder: Path) -> dict[str, Any]:
    """Critical volumes of molecules by Fedors' group contributions, and measured (IUPAC, CRC).

    An extensive property; both tables come with the package ``chemicals``.
    """
    import chemicals

    from forescale.catalog._chemicals import hyphenated, structures

    home = Path(chemicals.__file__).parent / "Critical Properties"
    computed = pd.read_csv(home / "fedors_Vc_predictions.tsv", sep="\t")
    parts = [
        pd.read_csv(home / name, sep="\t")[["CAS", "Vc"]]
        for name in ("IUPACOrganicCriticalProps.tsv", "CRCCriticalOrganics.tsv")
    ]
    measured = pd.concat(parts).dropna().drop_duplicates("CAS")
    sides = {}
    for name, table in (("computed", computed[["CAS", "Vc"]].dropna()), ("measured", measured)):
        cas = table["CAS"].astype(str).map(hyphenated)
        table = table.assign(smiles=cas.map(structures(cas))).dropna()
        table = table.sample(min(len(table), 3000), random_state=0)
        table.assign(Vc=table["Vc"] * 1e6)[["smiles", "Vc"]].to_csv(
            folder / f"{name}.csv", index=False
        )
        sides[name] = {
            "file": str(folder / f"{name}.csv"), "kind": "molecule", "material": "smiles",
            "value": "Vc", "unit": "cm^3/mol",
        }  # fmt: skip
    return study("volume", [sides["computed"]], sides["measured"])


class Kept:
    """A source stage whose predictions of all measured materials are kept for every replicate.

    Only where the source does not depend on the replicate (disjoint, allow).
    """

    def __init__(self, stage: Any, sides: list[Any]) -> None:
        self._stage, self._sides = stage, sides
        self._found: SourcePrediction | None = None
        self._scaled: Kept | None = None
        self.name = stage.name

    def predict(self, task: SourceTask) -> SourcePrediction:
        if self._found is None:
            rows = len(self._sides[0])
            every = replace(task, wanted=self._sides, own=np.full(rows, -1))
            self._found = self._stage.predict(every)
            keys = np.stack(self._sides, axis=1).tolist()
            self._at = {tuple(key): row for row, key in enumerate(keys)}
        at = [self._at[tuple(key)] for key in np.stack(list(task.wanted), axis=1).tolist()]
        found = self._found
        half = None if found.half is None else found.half[at]
        return SourcePrediction(found.mean[:, at], half, found.notes)

    def on(self, blocks: Any) -> Kept:
        """The same with other scales, which are the same for every replicate too."""
        if self._scaled is None:
            self._scaled = Kept(self._stage.on(blocks), self._sides)
        return self._scaled


def splits(case: Case, data: StudyData, settings: Study) -> Iterator[tuple[int, Split]]:
    """The study's own splits, with one order of the source where replicates may share it."""
    if case.folds:
        yield from official_folds(data, settings)
        return
    design = Design.of(settings, data)
    first = design.splits[0].source
    for replicate, split in enumerate(design.splits):
        yield replicate, replace(split, source=first) if shared(settings) else split


def shared(settings: Study) -> bool:
    """Whether every replicate has the same computed materials."""
    return str(settings.evaluation.overlap) in {"disjoint", "allow"}


def official_folds(data: StudyData, settings: Study) -> Iterator[tuple[int, Split]]:
    """The five folds of the Matbench task: a material is tested where any row of it is."""
    (path,) = Path(os.environ["FORESCALE_MIRROR"]).glob("**/matbench/expt_gap.csv")
    formulas = pd.read_csv(path, keep_default_na=False).iloc[:, 0]
    place = {key: row for row, key in enumerate(data.target.keys)}
    rows = np.array([place[Composition.parse(text).key] for text in formulas])
    usable = data.usable_source(np.unique(rows), settings.evaluation.overlap)
    source = np.random.default_rng(0).permutation(usable)
    folds = KFold(5, shuffle=True, random_state=18012019).split(rows)
    for fold, (_, tested) in enumerate(folds):
        train = np.setdiff1d(rows, rows[tested])
        yield fold, Split(source, np.random.default_rng(fold).permutation(train), rows[tested])


def error(metric: str, predicted: Floats, measured: Floats) -> float:
    miss = predicted - measured
    return float(np.sqrt(np.mean(miss**2)) if metric == "rmse" else np.mean(np.abs(miss)))


def run(name: str, learners: list[str], replicates: int, out: Path, *, smoke: bool = False) -> None:
    """Errors of a case's learners that ``out`` lacks; ``smoke``: of a few rows."""
    case = replace(CASES[name], n_target=(10, 20)) if smoke else CASES[name]
    done = {(r["case"], r["learner"], r["replicate"]) for r in read(out)}
    with TemporaryDirectory() as scratch, threadpool_limits(1):
        folder = Path(scratch)
        raw = case.study or critical_volume(folder)
        raw = {
            **raw,
            "replicates": replicates,
            "grid": {"n_target": list(case.n_target or (3000,))},
        }
        settings = Study.model_validate(raw)
        settings = _kit.shrunk(settings) if smoke else settings
        data = load_data(settings, on_error="skip", workers=1, show_progress=False)
        arrays = data.arrays()
        if case.spoil is not None:
            arrays = replace(arrays, source_values=case.spoil(arrays.source_values))
        for learner in learners:
            kind, options = LEARNERS[learner]
            options = {**options, **case.options.get(learner, {})}
            prepared: Any = None
            for replicate, split in splits(case, data, settings):
                if (name, learner, replicate) in done:
                    continue
                if prepared is None:
                    own = folder / learner.replace(" ", "-")
                    own.mkdir()
                    prepared = get_learner(kind, options).prepare(arrays, own)
                    if shared(settings):
                        sides = [block.target for block in prepared.blocks]
                        stages = tuple(Kept(stage, sides) for stage in prepared.sources)
                        prepared = replace(prepared, sources=stages)
                m = np.array(case.n_target or (len(split.train),))
                start = time.process_time()
                found = prepared.predict(split, Grid(np.array([len(split.source)]), m), replicate)
                seconds = time.process_time() - start
                keep(out, name, case, learner, replicate, data, split, m, found.mean, seconds)
                print(name, learner, replicate, f"{seconds:.1f} s", dict(found.notes), flush=True)
        if case.ridge:
            ridge(name, case, arrays, data, settings, out, done)


def keep(
    out: Path, name: str, case: Case, learner: str, replicate: int, data: StudyData,
    split: Split, m: Any, mean: Floats, seconds: float,
) -> None:  # fmt: skip
    measured = data.target.values[split.test]
    floor = 0.0 if data.censoring is not None else -np.inf
    mean = np.maximum(mean, floor)
    cells = {
        f"{which} {size}": error(case.metric, mean[row, column], measured)
        for row, which in ((0, "scratch"), (1, "transfer"))
        for column, size in enumerate([0, *(["all"] if case.folds else m.tolist())])
        if row or column
    }
    line = {"case": name, "learner": learner, "replicate": replicate, "n": len(split.source),
            "metric": case.metric, "seconds": seconds, "errors": cells}  # fmt: skip
    with out.open("a") as file:
        file.write(json.dumps(line) + "\n")


def ridge(name: str, case: Case, arrays: TransferData, data: StudyData, settings: Study,
          out: Path, done: set[Any]) -> None:  # fmt: skip
    """Ridge regression on the real features, of the measured values alone."""
    real = arrays.target_features[:, ~arrays.is_count].astype(float)
    for replicate, split in splits(case, data, settings):
        if (name, "ridge", replicate) in done:
            continue
        start = time.process_time()
        mean = np.full((2, 1 + len(case.n_target), len(split.test)), np.nan)
        for column, size in enumerate(case.n_target, start=1):
            model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 25)))
            model.fit(real[split.train[:size]], arrays.target_values[split.train[:size]])
            mean[0, column] = model.predict(real[split.test])
        seconds = time.process_time() - start
        m = np.array(case.n_target)
        keep(out, name, case, "ridge", replicate, data, split, m, mean, seconds)


def read(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def table(out: Path) -> None:
    """Means and standard errors; below, the difference from the first learner, paired."""
    for name, rows in pd.DataFrame(read(out)).groupby("case", sort=False):
        errors = pd.json_normalize(rows["errors"].tolist())
        errors.index = pd.MultiIndex.from_frame(rows[["learner", "replicate"]])
        errors["seconds"] = rows["seconds"].to_numpy()
        first = errors.index[0][0]
        shown = [c for c in errors if c == "seconds" or not errors[c].isna().all()]
        print(f"\n### {name} ({rows['metric'].iloc[0]}, n = {rows['n'].max()})\n")
        printed = _kit.Table("learner", *shown)
        for learner in dict.fromkeys(errors.index.get_level_values(0)):
            own, base = errors.loc[learner, shown], errors.loc[first, shown]
            both = own.index.intersection(base.index)
            cells = []
            for column in shown:
                mean = own[column].mean()
                if not np.isfinite(mean):
                    cells.append("–")
                    continue
                text = f"{mean:.4g}"
                if learner != first and column != "seconds" and np.isfinite(base[column]).any():
                    gap = (own.loc[both, column] - base.loc[both, column]) / base.loc[
                        both, column
                    ].mean()
                    text += (
                        f" ({100 * gap.mean():+.1f} ± {100 * gap.std() / len(gap) ** 0.5:.1f} %)"
                    )
                cells.append(text)
            few = f" ({len(own)} replicates)" if len(own) < len(base) else ""
            printed.row(learner + few, *cells)


def main(argv: Sequence[str] | None = None) -> None:
    """Compute what is missing, and print the tables."""
    parser = _kit.parser(__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--learners", nargs="*", default=list(LEARNERS))
    parser.add_argument("--replicates", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("predictors.jsonl"))
    few = {"cases": ["refractive index"], "learners": list(LEARNERS)[:2]}
    asked = _kit.parse(parser, argv, smoke=few)
    for name in asked.cases:
        run(name, asked.learners, asked.replicates, asked.out, smoke=asked.smoke)
    table(asked.out)


if __name__ == "__main__":
    main()
