"""Polymer studies against strong baselines: density, specific heat, thermal conductivity.

    FORESCALE_MIRROR=… python benchmarks/polymers.py RUNS [--workers 2] [--only NAME]

Runs (or resumes) each study of examples/ under both overlap policies and on unseen classes
of polymers in the folder RUNS, fits the baselines on the same rows, and prints one table of
mean RMSE at the largest n and the named m. The baselines that know the computed side get
the prediction of our computed model as one more feature.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from forescale.learners import Grid, get_learner
from forescale.splits import Split
from forescale.study import load_data, load_study
from forescale.study.metrics import rmse
from forescale.workflow import run_study

EXAMPLES = Path(__file__).parents[1] / "examples"
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


def ridge() -> object:
    """Penalty chosen by leave-one-out."""
    return make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 19)))


def baselines(study, data, m: int) -> dict[str, float]:
    """Mean RMSE of each baseline over the study's own replicates."""
    arrays = data.arrays()
    features, measured = arrays.target_features, arrays.target_values
    grid = data.grid(study)
    errors: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder:
        prepared = get_learner(study.learner.name, study.learner.options).prepare(
            arrays, Path(folder)
        )
        for replicate in range(study.replicates):
            split = data.split(study, replicate)
            rows, test = split.train[:m], split.test
            both = Split(split.source, rows[:3], np.concatenate([rows, test]))
            only = Grid(n_source=grid.n_source[-1:], n_target=np.array([3]))
            computed = prepared.predict(both, only, replicate).mean[-1, 0][:, None]
            x, y = features[rows], measured[rows]
            wide = np.column_stack([np.concatenate([x, features[test]]), computed])

            def note(name: str, model: object, fit_x, new_x, y=y, test=test) -> None:
                predicted = model.fit(fit_x, y).predict(new_x)
                errors.setdefault(name, []).append(float(rmse(predicted, measured[test])))

            note("boosting + computed", boosting(replicate), wide[:m], wide[m:])
            note("ridge + computed", ridge(), wide[:m], wide[m:])
            note("line on computed", LinearRegression(), computed[:m], computed[m:])
            note("boosting", boosting(replicate), x, features[test])
            note("ridge", ridge(), x, features[test])
            constant = np.full(len(test), y.mean())
            errors.setdefault("mean of m", []).append(float(rmse(constant, measured[test])))
    return {name: float(np.mean(values)) for name, values in errors.items()}


def run(name: str, policy: str, split: str, runs: Path, workers: int) -> dict[str, object]:
    """One row of the table."""
    study = load_study(EXAMPLES / f"{name}.toml")
    evaluation = study.evaluation.model_copy(update={"overlap": policy, "split": split})
    study = study.model_copy(update={"evaluation": evaluation})
    path = runs / f"{name}-{policy}-{split.rpartition(':')[2]}"
    summary = run_study(study, path, workers=workers, show_progress=False).summary
    m = STUDIES[name]
    at_m = summary[(summary["metric"] == "rmse") & (summary["n_target"] == m)].set_index("n_source")
    last = at_m.index.max()
    data = load_data(study, workers=workers, show_progress=False)
    return {
        "study": name,
        "split": split.rpartition(":")[2],
        "overlap": policy,
        "m": m,
        "ours": at_m.loc[last, "mean"],
        "scratch GP": at_m.loc[0, "mean"],
        **baselines(study, data, m),
    }


def shown(value: object, digits: Callable[[float], str]) -> str:
    return digits(value) if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=STUDIES)
    arguments = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |")
    print("| --- " * len(COLUMNS) + "|")
    for name in [arguments.only] if arguments.only else STUDIES:
        for policy, split in VARIANTS:
            row = run(name, policy, split, arguments.runs, arguments.workers)
            cells = [shown(row[column], "{:.4g}".format) for column in COLUMNS]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
