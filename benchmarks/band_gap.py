"""Matbench's matbench_expt_gap with transfer from computed gaps: MAE on the official folds.

    FORESCALE_MIRROR=… python benchmarks/band_gap.py [--rows 12000] [--folds 5] [--no-baselines]

Folds are KFold(n_splits=5, shuffle=True, random_state=18012019) over the 4,604 rows in their
given order. Sources are Materials Project, OQMD and both. ``allow`` learns from every
computed value, ``exclude`` from none of a formula of the test fold, ``disjoint`` from none
of any measured formula, so that computed predictions of training and test formulas are
alike. Baselines see the same
folds and descriptors; with a computed-model prediction, the prediction of one model of all
computed values that are not of any measured formula. The value that zeros are learnt as is
chosen by five inner folds of each fold's training rows.

With more computed values than ``--rows`` those of measured formulas are kept and the others
drawn at random, so that the exact Gaussian process can be used. Small shares of noise are
asked for with ``allow``: the first 1,600 values, by which the learner chooses, are too few
to show that a computed value is nearly certain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from forescale.catalog import get_entry, load_dataset, locate
from forescale.descriptors import describe
from forescale.learners import Block, Grid, TransferData, get_learner
from forescale.learners.contract import PreparedLearner
from forescale.materials import Composition
from forescale.splits import Split
from forescale.study.censoring import Censoring
from forescale.tables import PropertyTable, combine

Array = NDArray[Any]
Folds = Sequence[tuple[Array, Array]]
MP, OQMD, MEASURED = "band-gap-materials-project", "band-gap-oqmd", "band-gap-measured"
SOURCES = {"Materials Project": (MP,), "OQMD": (OQMD,), "both": (MP, OQMD)}
DEPTHS = (-0.5, -1.0, -1.5)
OPTIONS = {"max_rows": 40_000, "lengths": [0.25, 0.5, 1.0, 2.0]}


def measured() -> tuple[Array, Array]:
    """Keys and gaps (eV) of the task's rows, in their order; repeats stay rows."""
    (path,) = locate(get_entry(MEASURED))
    rows = pd.read_csv(path, keep_default_na=False)
    keys = np.array([Composition.parse(text).key for text in rows["formula"]], dtype=object)
    return keys, rows["target"].to_numpy(dtype=float)


def official_folds(rows: int) -> Folds:
    """Of Matbench."""
    splitter = KFold(n_splits=5, shuffle=True, random_state=18012019)
    return list(splitter.split(np.arange(rows)))


def thinned(
    table: PropertyTable, keys: Array, rows: int, policy: str = "allow", seed: int = 0
) -> tuple[Array, Array]:
    """At most so many computed values: those of measured formulas first, or none of them."""
    known = np.isin(table.keys, keys)
    if policy == "disjoint":
        free = np.random.default_rng(seed).permutation(np.flatnonzero(~known))[:rows]
        return table.keys[free], table.values[free]
    if len(table) <= rows:
        return table.keys, table.values
    rng = np.random.default_rng(seed)
    others = rng.permutation(np.flatnonzero(~known))[: max(0, rows - known.sum())]
    chosen = np.sort(np.concatenate([np.flatnonzero(known)[:rows], others]))
    return table.keys[chosen], table.values[chosen]


class Case:
    """One source and the measured rows, described once."""

    def __init__(
        self, source_keys: Array, source_values: Array, keys: Array, values: Array
    ) -> None:
        (self.block,) = describe(
            "composition", "composition", [*source_keys, *keys], show_progress=False
        )
        self.source_keys, self.source_values = source_keys, source_values
        self.keys, self.values = keys, values

    def data(self, floor: Censoring) -> TransferData:
        """What a learner is given."""
        index, features = self.block.index, self.block.features
        rows = len(self.source_keys)
        block = Block(features.values, features.is_count, index[:rows], index[rows:])
        free = np.flatnonzero(~np.isin(self.source_keys, self.keys))
        free = free if len(free) else np.arange(rows)  # scratch models alone
        return TransferData(
            (block,), floor.learnt(self.source_values), floor.learnt(self.values), free
        )

    def split(self, train: Array, test: Array, policy: str) -> Split:
        """Rows of a fold."""
        usable = np.arange(len(self.source_keys))
        if policy == "exclude":
            usable = np.flatnonzero(~np.isin(self.source_keys, self.keys[test]))
        rng = np.random.default_rng(1)
        return Split(rng.permutation(usable), rng.permutation(train), test)

    def predict(
        self,
        train: Array,
        test: Array,
        policy: str,
        floor: Censoring,
        prepared: PreparedLearner,
    ) -> dict[str, Array]:
        """Predictions of the test rows: scratch, zero-shot and transferred."""
        split = self.split(train, test, policy)
        grid = Grid(np.array([len(split.source)]), np.array([len(train)]))
        found = prepared.predict(split, grid, seed=0)
        mean = floor.raised(found.mean)
        return {"scratch": mean[0, 1], "zero": mean[1, 0], "transfer": mean[1, 1]}


def chosen_depth(case: Case, train: Array, options: Mapping[str, Any]) -> float:
    """The value that zeros are learnt as, by inner folds of scratch models."""
    errors = dict.fromkeys(DEPTHS, 0.0)
    for depth in DEPTHS:
        floor = Censoring(0.0, depth)
        with TemporaryDirectory() as scratch:
            prepared = get_learner("gp", options).prepare(case.data(floor), Path(scratch))
            for fit, held in KFold(5, shuffle=True, random_state=0).split(train):
                grid = Grid(np.array([10]), np.array([len(fit)]))
                split = Split(np.arange(10), train[fit], train[held])
                mean = floor.raised(prepared.predict(split, grid, seed=0).mean[0, 1])
                errors[depth] += np.abs(mean - case.values[train[held]]).sum()
    return min(errors, key=errors.__getitem__)


def report(table: _kit.Table, name: str, rows: int, errors: list[Array], seconds: float) -> None:
    """A row."""
    folds = [one.mean() for one in errors]
    table.row(
        name, rows or "–", f"{np.concatenate(errors).mean():.4f}",
        f"{min(folds):.3f}–{max(folds):.3f}", f"{seconds:.0f}",
    )  # fmt: skip


def baselines(table: _kit.Table, case: Case, folds: Folds, extra: dict[str, Array]) -> None:
    """Rows of what others would do."""
    features = case.block.features.values[case.block.index[len(case.source_keys) :]]
    models: dict[str, Callable[[], Any]] = {
        "ridge": lambda: make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 13))),
        "gradient boosting": lambda: HistGradientBoostingRegressor(
            max_iter=400, learning_rate=0.05, max_features=0.3, random_state=0
        ),
        "gradient boosting, absolute error": lambda: HistGradientBoostingRegressor(
            loss="absolute_error",
            max_iter=600,
            learning_rate=0.05,
            max_features=0.3,
            random_state=0,
        ),
    }
    inputs: dict[str, Array | None] = {"": None, **extra}
    for label, prediction in inputs.items():
        x = features if prediction is None else np.column_stack([features, prediction])
        for name, model in models.items():
            errors = []
            with _kit.Clock() as clock:
                for train, test in folds:
                    found = model().fit(x[train], case.values[train]).predict(x[test])
                    errors.append(np.abs(np.maximum(found, 0.0) - case.values[test]))
            report(table, f"{name} on descriptors{label}", 0, errors, clock.wall)


def computed_model(case: Case) -> Array:
    """Gradient boosting of all computed values of formulas that are not measured."""
    index, values = case.block.index, case.block.features.values
    rows = len(case.source_keys)
    free = np.flatnonzero(~np.isin(case.source_keys, case.keys))
    model = HistGradientBoostingRegressor(
        max_iter=400, learning_rate=0.1, max_leaf_nodes=63, max_features=0.3, random_state=0
    )
    model.fit(values[index[:rows][free]], case.source_values[free])
    return np.asarray(model.predict(values[index[rows:]]))


def transfer(
    table: _kit.Table, name: str, case: Case, folds: Folds, depths: list[float], policy: str
) -> None:
    """Rows of one source under one policy."""
    options = OPTIONS | ({"noises": [0.003, 0.02]} if policy == "allow" else {})
    errors: dict[str, list[Array]] = {"scratch": [], "zero": [], "transfer": []}
    with _kit.Clock() as clock:
        for depth in sorted(set(depths)):
            floor = Censoring(0.0, depth)
            with TemporaryDirectory() as scratch:
                prepared = get_learner("gp", options).prepare(case.data(floor), Path(scratch))
                for (train, test), own in zip(folds, depths, strict=True):
                    if own == depth:
                        found = case.predict(train, test, policy, floor, prepared)
                        for key, mean in found.items():
                            errors[key].append(np.abs(mean - case.values[test]))
    n = len(case.source_keys)
    report(table, f"transfer from {name}, overlap {policy}", n, errors["transfer"], clock.wall)
    report(table, f"zero-shot from {name}, overlap {policy}", n, errors["zero"], clock.wall)
    if policy == "disjoint":
        report(table, "scratch Gaussian process", 0, errors["scratch"], clock.wall)


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--measured", type=int, help="so many of the measured rows")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--sources", nargs="*", default=list(SOURCES))
    parser.add_argument("--policies", nargs="*", default=["allow", "exclude", "disjoint"])
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--depth", type=float, help="learn zeros as this, without inner folds")
    quick = {"rows": 80, "measured": 100, "folds": 2, "sources": ["OQMD"], "no_baselines": True}
    told = _kit.parse(parser, argv, smoke=quick | {"depth": -1.0})
    keys, values = (side[: told.measured] for side in measured())
    folds = official_folds(len(keys))[: told.folds]
    depths = [told.depth] * len(folds)
    if told.depth is None:
        small = Case(keys, values, keys, values)
        depths = [chosen_depth(small, train, OPTIONS) for train, _ in folds]
    print(f"zeros learnt as {depths}\n", flush=True)
    table = _kit.Table("model", "computed values", "MAE (eV)", "folds", "s")
    if not told.no_baselines:
        tables = combine([load_dataset(name) for name in SOURCES["both"]])
        every = Case(*thinned(tables, keys, 60_000), keys, values)
        baselines(table, every, folds, {" and computed-model prediction": computed_model(every)})
    for name in told.sources:
        # The computed databases take long to read: measured values stand for them.
        names = (MEASURED,) if told.smoke else SOURCES[name]
        source = combine([load_dataset(one) for one in names])
        for policy in told.policies:
            case = Case(*thinned(source, keys, told.rows, policy), keys, values)
            transfer(table, name, case, folds, depths, policy)


if __name__ == "__main__":
    main()
