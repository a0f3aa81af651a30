"""Do the 90 % intervals of handed-over models hold? Measured values that no model has seen.

    FORESCALE_MIRROR=… python benchmarks/prediction_coverage.py [STUDY.toml …] [--seeds 5]

A fifth of the measured materials is set aside, as the study splits them; the model is trained
and calibrated on the rest and predicts those, once as materials that nobody simulated (their
computed values are left out) and once as they come. Prints the table of docs/predict.md.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from forescale.learners import NewBlock, get_learner
from forescale.prediction.training import train
from forescale.splits import split_target
from forescale.study import load_data, load_study

EXAMPLES = Path(__file__).parents[1] / "examples"
STUDIES = [
    EXAMPLES / "polymer-density.toml",
    Path(str(files("forescale.study.bundled").joinpath("refractive-index.toml"))),
    EXAMPLES / "boiling-point.toml",
]
Z = 1.6449  # of a normal distribution's central 90 %


def rows_of(data, source, target):
    """The study's data with some rows of either side only."""
    start = len(data.source)
    kept = np.concatenate([source, start + target])
    return replace(
        data,
        source=replace(data.source, frame=data.source.frame.iloc[source].reset_index(drop=True)),
        target=replace(data.target, frame=data.target.frame.iloc[target].reset_index(drop=True)),
        blocks=tuple(replace(block, index=block.index[kept]) for block in data.blocks),
        groups=np.unique(data.groups[target], return_inverse=True)[1],
    )


def hold_out(study, data, seed, *, simulated, workers):
    """Coverage and width on a fifth of the target that was set aside."""
    rng = np.random.default_rng([seed, 77])
    rest, test = split_target(rng, data.groups, 0.2, train_size=1)
    rest = np.setdiff1d(np.arange(len(data.target)), test)  # all the rest, not one row of it
    hidden = np.isin(data.source.keys, data.target.keys[test])
    source = np.flatnonzero(~hidden | simulated)
    part = rows_of(data, source, rest)
    study = study.model_copy(update={"seed": seed})
    with TemporaryDirectory() as scratch:
        made = train(study, part, Path(scratch), workers=workers, show_progress=False)
    model = get_learner(study.learner.name, study.learner.options).restore(made.state)
    start = len(data.source)
    new = [NewBlock(b.features.values, b.index[start + test]) for b in data.blocks]
    result, distance = model.predict(new), made.domain.distance(new)
    truth = data.target.values[test]
    mean = result.mean if data.censoring is None else data.censoring.raised(result.mean)
    residual, outside = np.abs(mean - truth), distance > made.domain.threshold
    known = np.isin(data.target.keys[test], data.source.keys[source])
    reach = np.full(len(test), made.calibrations["exclude"].reach)
    if "allow" in made.calibrations:
        reach[known] = made.calibrations["allow"].reach
    inside = residual <= reach * result.std
    return {
        "m": len(rest),
        "test": len(test),
        "rmse": np.sqrt(np.mean(residual**2)),
        "raw": np.mean(residual <= Z * result.std),
        "raw_width": np.mean(2 * Z * result.std),
        "conformal": np.mean(inside),
        "width": np.mean(2 * reach * result.std),
        "promised": made.calibrations["exclude"].coverage,
        "outside": outside.mean(),
        "held_outside": inside[outside].mean() if outside.any() else np.nan,
        "rmse_outside": np.sqrt(np.mean(residual[outside] ** 2)) if outside.any() else np.nan,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("studies", nargs="*", type=Path, default=STUDIES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--split", help="instead of the study's own")
    parser.add_argument("--out", type=Path, help="keep the rows in this CSV file")
    arguments = parser.parse_args()
    print(
        "| study | candidates | m | RMSE | coverage, raw | conformal (range over seeds) "
        "| width, raw | conformal | outside | coverage, RMSE there |\n|" + " --- |" * 10
    )
    rows = []
    for path in arguments.studies:
        study = load_study(path)
        if arguments.split:
            evaluation = study.evaluation.model_copy(update={"split": arguments.split})
            study = study.model_copy(update={"evaluation": evaluation})
        data = load_data(study, workers=arguments.workers, show_progress=False)
        for simulated in (False, True):
            start = time.perf_counter()
            found = pd.DataFrame(
                hold_out(study, data, seed, simulated=simulated, workers=arguments.workers)
                for seed in range(arguments.seeds)
            )
            name = f"{study.name}, {study.evaluation.split}"
            rows.append(found.assign(study=name, simulated=simulated))
            mean, unit = found.mean(), data.target.unit
            print(
                f"| {name} | {'as they come' if simulated else 'not simulated'} | {mean.m:.0f} "
                f"| {mean.rmse:.3g} {unit} | {100 * mean.raw:.1f} % | {100 * mean.conformal:.1f} % "
                f"({100 * found.conformal.min():.1f} to {100 * found.conformal.max():.1f}) "
                f"| {mean.raw_width:.3g} | {mean.width:.3g} | {100 * mean.outside:.1f} % "
                f"| {100 * mean.held_outside:.0f} %, {mean.rmse_outside:.3g} |",
                flush=True,
            )
            print(f"<!-- {time.perf_counter() - start:.0f} s -->", flush=True)
            if arguments.out is not None:
                pd.concat(rows).to_csv(arguments.out, index=False)


if __name__ == "__main__":
    main()
