"""Polymer studies against strong baselines: density, specific heat, thermal conductivity.

    FORESCALE_MIRROR=… python benchmarks/polymers.py RUNS [--workers 2] [--only NAME]

Runs (or resumes) each study of examples/ under both overlap policies and on unseen classes
of polymers in the folder RUNS, fits the baselines on the same rows, and prints one table of
mean RMSE at the largest n and the named m. The baselines that know the computed side get
the prediction of our computed model as one more feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from forescale.learners import Grid, get_learner
from forescale.metrics import rmse
from forescale.splits import Split
from forescale.study import Design, Study, StudyData, load_data

STUDIES = {"polymer-density": 80, "polymer-heat-capacity": 60, "polymer-thermal-conductivity": 40}
VARIANTS = (("exclude", "random"), ("allow", "random"), ("exclude", "group:polymer_class"))
COLUMNS = (
    "study", "split", "overlap", "m", "ours", "scratch GP", "boosting + computed",
    "ridge + computed", "line on computed", "boosting", "ridge", "mean of m",
)  # fmt: skip


def boosting(seed: int) -> GradientBoostingRegressor:
    """Small trees, many of them, rows and columns drawn: what serves below 100 rows."""
    return GradientBoostingRegressor(
        n_estimators=300, learning_rate=0.05, max_depth=3, subsample=0.7, max_features=0.3,
        min_samples_leaf=3, random_state=seed,
    )  # fmt: skip


def ridge() -> Any:
    """Penalty chosen by leave-one-out."""
    return make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 19)))


def baselines(study: Study, data: StudyData, m: int) -> dict[str, float]:
    """Mean RMSE of each baseline over the study's own replicates."""
    arrays = data.arrays()
    features, measured = arrays.target_features, arrays.target_values
    design = Design.of(study, data)
    grid = design.grid
    errors: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder:
        prepared = get_learner(study.learner.name, study.learner.options).prepare(
            arrays, Path(folder)
        )
        for replicate in range(study.replicates):
            split = design.splits[replicate]
            rows, test = split.train[:m], split.test
            both = Split(split.source, rows[:3], np.concatenate([rows, test]))
            only = Grid(n_source=grid.n_source[-1:], n_target=np.array([3]))
            computed = prepared.predict(both, only, replicate).mean[-1, 0][:, None]
            x, y = features[rows], measured[rows]
            wide = np.column_stack([np.concatenate([x, features[test]]), computed])

            ways: dict[str, tuple[Any, NDArray[Any], NDArray[Any]]] = {
                "boosting + computed": (boosting(replicate), wide[:m], wide[m:]),
                "ridge + computed": (ridge(), wide[:m], wide[m:]),
                "line on computed": (LinearRegression(), computed[:m], computed[m:]),
                "boosting": (boosting(replicate), x, features[test]),
                "ridge": (ridge(), x, features[test]),
                "mean of m": (DummyRegressor(), x, features[test]),
            }
            for name, (model, known, new) in ways.items():
                predicted = model.fit(known, y).predict(new)
                errors.setdefault(name, []).append(float(rmse(predicted, measured[test])))
    return {name: float(np.mean(values)) for name, values in errors.items()}


def run(study: Study, m: int, path: Path, workers: int) -> dict[str, object]:
    """One row of the table."""
    summary = _kit.ran(study, path, workers).summary
    at_m = summary[(summary["metric"] == "rmse") & (summary["n_target"] == m)].set_index("n_source")
    data = load_data(study, workers=workers, show_progress=False)
    return {
        "study": study.name,
        "split": str(study.evaluation.split).rpartition(":")[2],
        "overlap": study.evaluation.overlap,
        "m": m,
        "ours": at_m.loc[at_m.index.max(), "mean"],
        "scratch GP": at_m.loc[0, "mean"],
        **baselines(study, data, m),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Print a row for each study and way to judge it."""
    parser = _kit.parser(__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=STUDIES)
    quick = {"runs": Path("runs"), "workers": 1, "only": "polymer-thermal-conductivity"}
    told = _kit.parse(parser, argv, smoke=quick)
    table = _kit.Table(*COLUMNS)
    for name in [told.only] if told.only else STUDIES:
        for policy, split in VARIANTS[:1] if told.smoke else VARIANTS:
            study = _kit.study(_kit.EXAMPLES / f"{name}.toml", told)
            study = _kit.varied(study, overlap=policy, split=split)
            m = study.grid.n_target[-1] if told.smoke else STUDIES[name]
            path = told.runs / f"{name}-{policy}-{split.rpartition(':')[2]}"
            row = run(study, m, path, told.workers)
            cells = (row[column] for column in COLUMNS)
            table.row(*(f"{c:.4g}" if isinstance(c, float) else c for c in cells))


if __name__ == "__main__":
    main()
