"""Peers in one table: measured band gaps on Matbench's folds, and what a whole study costs.

    FORESCALE_MIRROR=… python benchmarks/peers.py [accuracy] [cost] [--out FOLDER]

``accuracy``: the five official folds of `matbench_expt_gap`, scikit-learn's learners on our
descriptors beside ours, with time and memory; published figures, marked; what
``peer_compositions.py`` has added. ``cost``: one replicate of the polymer-density study, every cell
of its grid, by our learners and by scikit-learn with a fit for every cell. Each figure is kept as
it lands; a second call prints.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
from predictors import CASES, Floats, Kept, error, official_folds
from sklearn.base import RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from forescale.learners import Grid, get_learner
from forescale.study import Design, Study, load_data, load_study

PUBLISHED = (
    ("CrabNet, tuned (Matbench's leaderboard)", 0.3310),
    ("MODNet 0.1.12 (Matbench's leaderboard)", 0.3327),
    ("CrabNet (Matbench's leaderboard)", 0.3463),
    ("random forest, SCM and Magpie features (Matbench's leaderboard)", 0.4461),
)
LEARNERS = ("gp", "boosted", "blend")
OURS = "boosted"
FOLDS = 5
Model = Callable[[int], RegressorMixin]


def _forest(seed: int) -> RegressorMixin:
    return RandomForestRegressor(n_estimators=300, max_features=1 / 3, n_jobs=1, random_state=seed)


def _boosting(seed: int) -> RegressorMixin:
    return HistGradientBoostingRegressor(learning_rate=0.05, max_iter=500, random_state=seed)


def _process(seed: int) -> RegressorMixin:
    kernel = ConstantKernel() * Matern(10.0, nu=0.5) + WhiteKernel(0.1)
    return make_pipeline(
        StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)
    )


PEERS: dict[str, Model] = {
    "scikit-learn, random forest": _forest,
    "scikit-learn, gradient boosting": _boosting,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what is missing, and print both tables."""
    parser = _kit.parser(__doc__)
    parser.add_argument("parts", nargs="*", default=["accuracy", "cost"])
    parser.add_argument("--out", type=Path, default=Path("peers"))
    told = _kit.parse(parser, argv, smoke={"parts": ["cost"]})
    with TemporaryDirectory() as scratch, threadpool_limits(1):
        out = Path(scratch) if told.smoke else told.out
        out.mkdir(parents=True, exist_ok=True)
        if "accuracy" in told.parts:
            _accuracy(out / "accuracy.json")
        if "cost" in told.parts:
            _cost(out / "cost.json", smoke=told.smoke)


def _kept(path: Path, key: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the file has of a key, or what is measured now."""
    there = json.loads(path.read_text()) if path.exists() else {}
    if key not in there:
        there[key] = measure()
        path.write_text(json.dumps(there, indent=1))
    return dict(there[key])


# -- accuracy --------------------------------------------------------------------------------------


def _accuracy(path: Path) -> None:
    for name, model in PEERS.items():
        _kept(path, name, partial(_peer, model))
    _kept(path, OURS, _ours)
    accuracy_table(path)


def accuracy_table(path: Path) -> None:
    """What the file has, whoever measured it, beside what is published."""
    rows = [(name, value, "", "published", "", "") for name, value in PUBLISHED]
    found = json.loads(path.read_text())
    if ours := found.pop(OURS, None):
        for place, name in enumerate(("no computed value", "with the Materials Project")):
            found[f"forescale, boosted, {name}"] = {**ours, "errors": ours["errors"][place]}
    for name, one in found.items():
        errors = np.array(one["errors"])
        few = f" ({len(errors)} of {FOLDS} folds)" if len(errors) < FOLDS else ""
        scatter = f" ± {errors.std(ddof=1) / len(errors) ** 0.5:.3f}" if len(errors) > 1 else ""
        cost = f"{one['seconds']:.0f}", f"{one['gib']:.1f}"
        rows.append((name, float(errors.mean()), scatter, f"measured here{few}", *cost))
    printed = _kit.Table("model", "MAE (eV), five folds", "", "processor s of a fold", "GiB")
    for name, mean, scatter, *rest in sorted(rows, key=itemgetter(1)):
        printed.row(name, f"{mean:.3f}{scatter}", *rest)


def folds() -> tuple[Study, Any, Any]:
    """The study that official folds are of, its data and their arrays."""
    case = CASES["expt_gap, disjoint"]
    settings = Study.model_validate({**case.study, "grid": {"n_target": [3000]}})
    data = load_data(settings, on_error="skip", workers=1, show_progress=False)
    return settings, data, data.arrays()


def _peer(model: Model) -> dict[str, Any]:
    """A learner of measured values alone, on the same descriptors."""
    settings, data, arrays = folds()
    features, values = arrays.target_features, data.target.values
    errors, start = [], time.process_time()
    for fold, split in official_folds(data, settings):
        fitted: Any = model(fold)
        fitted.fit(features[split.train], values[split.train])
        predicted = np.maximum(fitted.predict(features[split.test]), 0.0)
        errors.append(error("mae", predicted, values[split.test]))
    seconds = (time.process_time() - start) / len(errors)
    return {"errors": errors, "seconds": seconds, "gib": _kit.peak_gib(0)}


def _ours() -> dict[str, Any]:
    """Trees on the Materials Project without any measured formula: scratch, and transfer."""
    settings, data, arrays = folds()
    errors: list[list[float]] = [[], []]
    with TemporaryDirectory() as folder:
        prepared: Any = get_learner("boosted", {}).prepare(arrays, Path(folder))
        sides = [block.target for block in prepared.blocks]
        stages = tuple(Kept(stage, sides) for stage in prepared.sources)
        prepared = replace(prepared, sources=stages)
        start = time.process_time()
        for fold, split in official_folds(data, settings):
            grid = Grid(np.array([len(split.source)]), np.array([len(split.train)]))
            mean = np.maximum(prepared.predict(split, grid, fold).mean, 0.0)
            for place, kept in enumerate(errors):
                kept.append(error("mae", mean[place, 1], data.target.values[split.test]))
    seconds = (time.process_time() - start) / len(errors[0])
    return {"errors": errors, "seconds": seconds, "gib": _kit.peak_gib(0)}


# -- cost ------------------------------------------------------------------------------------------


def _cost(path: Path, *, smoke: bool) -> None:
    study = load_study(_kit.EXAMPLES / "polymer-density.toml")
    if smoke:
        study = _kit.shrunk(load_study(_kit.BUNDLED))
    data = load_data(study, workers=1, show_progress=False)
    design = Design.of(study, data)
    grid, split, arrays = design.grid, design.splits[0], data.arrays()
    cells = f"{len(grid.n_source)} × {len(grid.n_target)}"
    job = (arrays, split, grid)
    found = {f"forescale, {n}": _kept(path, n, partial(_whole, n, *job)) for n in LEARNERS}
    for name, model in {**PEERS, "scikit-learn, Gaussian process": _process}.items():
        found[name] = _kept(path, name, partial(_each, model, *job))
    least = found["forescale, gp"]["seconds"]
    printed = _kit.Table(
        f"{cells} cells, zero-shot and scratch", "processor s a replicate", "ratio"
    )
    for name, one in found.items():
        printed.row(name, f"{one['seconds']:.1f}", f"{one['seconds'] / least:.1f}")


def _whole(name: str, arrays: Any, split: Any, grid: Grid) -> dict[str, Any]:
    """The whole grid of a replicate by one of our learners."""
    with TemporaryDirectory() as folder:
        prepared = get_learner(name, {}).prepare(arrays, Path(folder))
        start = time.process_time()
        prepared.predict(split, grid, 0)
        return {"seconds": time.process_time() - start}


def _each(model: Model, arrays: Any, split: Any, grid: Grid) -> dict[str, Any]:
    """A fit for each n, and one for each (n, m) on its prediction beside the descriptors."""
    start = time.process_time()
    source, target = arrays.source_features, arrays.target_features
    wanted = np.concatenate([split.train, split.test])
    columns: list[Floats] = [np.zeros(len(wanted))]
    for n in grid.n_source:
        rows = split.source[:n]
        fitted: Any = model(0).fit(source[rows], arrays.source_values[rows])
        columns.append(fitted.predict(target[wanted]))
    for column in columns:
        features = np.column_stack([target[wanted], column])
        for m in grid.n_target:
            known = arrays.target_values[split.train[:m]]
            fitted = model(0).fit(features[:m], known)
            fitted.predict(features[len(split.train) :])
    return {"seconds": time.process_time() - start}


if __name__ == "__main__":
    main()
