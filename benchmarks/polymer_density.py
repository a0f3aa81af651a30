"""Polymer density, MD → measured: errors under both overlap policies, time, memory, ratio.

    FORESCALE_MIRROR=… python benchmarks/polymer_density.py [--replicates 20] [--workers 2]

Prints the tables of docs/polymer-density.md. The comparison fits every cell of the grid
separately with scikit-learn's Gaussian process, on the same kernel and rows: a few cells of
one replicate are timed, other sizes interpolated in log n, and the sum scaled to the grid.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Kernel, WhiteKernel
from threadpoolctl import threadpool_limits

from forescale.learners import Grid, get_learner
from forescale.learners.kernels import kernel
from forescale.study import RunFolder, load_data, load_study, run_replicates, summarise
from forescale.workflow import conclude

STUDY = Path(__file__).parents[1] / "examples" / "polymer-density.toml"


class Precomputed(Kernel):
    """A fixed kernel matrix looked up by row number, for scikit-learn."""

    def __init__(self, matrix=None):
        self.matrix = matrix

    def __call__(self, X, Y=None, eval_gradient=False):  # noqa: ARG002
        rows = X[:, 0].astype(int)
        columns = rows if Y is None else Y[:, 0].astype(int)
        return self.matrix[np.ix_(rows, columns)]

    def diag(self, X):
        return np.ones(len(X))

    def is_stationary(self):
        return False


def separate_fits(study, data, grid, candidates):
    """Seconds for one fit per cell, and per cell with the same search of hyper-parameters."""
    split = data.split(study, 0)
    with TemporaryDirectory() as scratch:
        prepared = get_learner("gp", {}).prepare(data.arrays(), Path(scratch))
        distances = np.load(prepared.distances)
    matrix = kernel("laplacian", distances, 2.0)
    offset, values = len(data.source), data.source.values
    target = offset + np.concatenate([split.train, split.test])[:, None]
    model = ConstantKernel(1.0, "fixed") * Precomputed(matrix) + WhiteKernel(0.02, "fixed")
    n_timed = grid.n_source[np.linspace(0, len(grid.n_source) - 1, 5).astype(int)]

    def first(n):
        rows = split.source[:n, None]
        gp = GaussianProcessRegressor(model, optimizer=None, normalize_y=True)
        return gp.fit(rows, values[rows[:, 0]]).predict(target)

    def second(m, mean):
        gp = GaussianProcessRegressor(model, optimizer=None)
        residual = data.target.values[split.train[:m]] - mean[:m]
        return gp.fit(target[:m], residual).predict(target[len(split.train) :])

    with threadpool_limits(1):
        mean = first(n_timed[0])
        n_seconds = [_timed(lambda n=n: first(n)) for n in n_timed]
        m_seconds = [_timed(lambda m=m: second(m, mean)) for m in grid.n_target]
    per_n = np.exp(np.interp(np.log(grid.n_source), np.log(n_timed), np.log(n_seconds)))
    cells = (per_n[:, None] + np.array(m_seconds)[None, :]).sum() * study.replicates
    return cells, cells * candidates


def _timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def run_policy(study, policy, workers, folder):
    """Run the study under one policy; returns summary, laws, seconds after featurising."""
    evaluation = study.evaluation.model_copy(update={"overlap": policy})
    study = study.model_copy(update={"evaluation": evaluation})
    data = load_data(study, workers=workers)
    run = RunFolder.open(folder / policy, study, data)
    start = time.perf_counter()
    run_replicates(study, data, run, workers=workers)
    seconds = time.perf_counter() - start
    return study, data, conclude(run), seconds


def print_errors(finished, grid: Grid, policy: str) -> None:
    summary = summarise(finished.folder.errors(), "gp")
    means = summary[summary["metric"] == "rmse"].set_index(["n_source", "n_target"])["mean"]
    shown = [0, *grid.n_source[[0, 8, 16, -1]]]
    print(f"\n### overlap = {policy}: mean RMSE (g/cm³)\n")
    print("| n | " + " | ".join(f"m = {m}" for m in grid.n_target) + " | zero-shot |")
    print("| --- |" + " --- |" * (len(grid.n_target) + 1))
    for n in shown:
        row = [f"{means[n, m]:.4f}" for m in grid.n_target]
        zero = f"{means[n, 0]:.4f}" if n else "–"
        print(f"| {n or 'scratch'} | " + " | ".join([*row, zero]) + " |")
    print(
        "\n| m | decay rate | transfer gap (g/cm³) | R² | flags |\n| --- | --- | --- | --- | --- |"
    )
    for law in finished.laws:
        if law.metric == "rmse":
            a, c = law.decay_rate, law.transfer_gap
            print(
                f"| {law.n_target} | {a.estimate:.2f} [{a.low:.2f}, {a.high:.2f}] "
                f"| {c.estimate:.3f} [{c.low:.3f}, {c.high:.3f}] | {law.r_squared:.3f} "
                f"| {', '.join(law.flags)} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    study = load_study(STUDY).model_copy(update={"replicates": arguments.replicates})
    with TemporaryDirectory() as folder:
        for policy in ("exclude", "allow"):
            run = run_policy(study, policy, arguments.workers, Path(folder))
            ran, data, finished, seconds = run
            grid = data.grid(ran)
            print_errors(finished, grid, policy)
            cells = len(grid.n_source) * len(grid.n_target) * ran.replicates
            print(f"\n{cells} transfer models: {seconds:.1f} s after featurising")
            if policy == "exclude":
                # Later, the peak would be that of the comparison.
                own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
                memory = (own + arguments.workers * child) / 1024**2
                print(f"{arguments.workers} processes, at most {memory:.2f} GiB in all")
                plain, searched = separate_fits(ran, data, grid, candidates=24)
                print(
                    f"One scikit-learn fit per cell and stage, hyper-parameters given: "
                    f"{plain:.0f} s on one core (extrapolated), {plain / seconds:.0f}× ours; "
                    f"with the same 24 candidates: {searched:.0f} s, {searched / seconds:.0f}×"
                )


if __name__ == "__main__":
    main()
