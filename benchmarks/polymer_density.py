"""Polymer density, MD → measured: errors under both overlap policies, time, memory, ratio.

    FORESCALE_MIRROR=… python benchmarks/polymer_density.py [--replicates 20] [--workers 2]

Prints the tables of docs/polymer-density.md. The comparison fits every cell of the grid
separately with scikit-learn's Gaussian process, on the same kernel and rows: a few cells of
one replicate are timed, other sizes interpolated in log n, and the sum scaled to the grid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Kernel, WhiteKernel
from threadpoolctl import threadpool_limits

from forescale.learners import Grid
from forescale.study import Design, RunFolder, Study, StudyData, load_data, run_replicates
from forescale.workflow import conclude

Array = NDArray[Any]
STUDY = _kit.EXAMPLES / "polymer-density.toml"
CANDIDATES = 24


class Precomputed(Kernel):  # type: ignore[misc]
    """A fixed kernel matrix looked up by row number, for scikit-learn."""

    def __init__(self, matrix: Array | None = None) -> None:
        self.matrix = matrix

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Array:  # noqa: ARG002
        assert self.matrix is not None
        rows = X[:, 0].astype(int)
        columns = rows if Y is None else Y[:, 0].astype(int)
        return np.asarray(self.matrix[np.ix_(rows, columns)])

    def diag(self, X: Array) -> Array:
        return np.ones(len(X))

    def is_stationary(self) -> bool:
        return False


def separate_fits(study: Study, data: StudyData, grid: Grid) -> float:
    """Seconds for one fit per cell, extrapolated from a few of them."""
    split = Design.of(study, data).splits[0]
    arrays = data.arrays()
    features = np.concatenate([arrays.source_features, arrays.target_features]).astype(float)
    features = features[:, features.std(axis=0) > 0]
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    distances = cdist(scaled, scaled, "cityblock")
    matrix = np.exp(-distances / np.median(distances))
    offset, values = len(data.source), data.source.values
    target = offset + np.concatenate([split.train, split.test])[:, None]
    model = ConstantKernel(1.0, "fixed") * Precomputed(matrix) + WhiteKernel(0.02, "fixed")
    n_timed = grid.n_source[np.linspace(0, len(grid.n_source) - 1, 5).astype(int)]

    def first(n: int) -> Array:
        rows = split.source[:n, None]
        gp = GaussianProcessRegressor(model, optimizer=None, normalize_y=True)
        return np.asarray(gp.fit(rows, values[rows[:, 0]]).predict(target))

    def second(m: int, mean: Array) -> Array:
        gp = GaussianProcessRegressor(model, optimizer=None)
        residual = data.target.values[split.train[:m]] - mean[:m]
        return np.asarray(gp.fit(target[:m], residual).predict(target[len(split.train) :]))

    with threadpool_limits(1):
        mean = first(int(n_timed[0]))
        n_seconds = [_timed(partial(first, n)) for n in n_timed]
        m_seconds = [_timed(partial(second, m, mean)) for m in grid.n_target]
    per_n = np.exp(np.interp(np.log(grid.n_source), np.log(n_timed), np.log(n_seconds)))
    return float((per_n[:, None] + np.array(m_seconds)[None, :]).sum() * study.replicates)


def _timed(call: Callable[[], object]) -> float:
    with _kit.Clock() as clock:
        call()
    return clock.wall


def main(argv: Sequence[str] | None = None) -> None:
    """Run the study under both policies, and one of them against separate fits."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    told = _kit.parse(parser, argv, smoke={"workers": 1})
    for policy in ("exclude",) if told.smoke else ("exclude", "allow"):
        study = _kit.study(STUDY, told, replicates=told.replicates)
        study = _kit.varied(study, overlap=policy)
        with TemporaryDirectory() as folder:
            data = load_data(study, workers=told.workers)
            run = RunFolder.open(Path(folder) / policy, study, data)
            with _kit.Clock() as clock:  # after featurising
                run_replicates(study, data, run, workers=told.workers)
            grid = Design.of(study, data).grid
            print(f"\n### overlap = {policy}: mean RMSE (g/cm³)\n")
            _kit.grid_table(run.errors())
            print()
            _kit.law_table(conclude(run).laws.laws)
        cells = len(grid.n_source) * len(grid.n_target) * study.replicates
        print(f"\n{cells} transfer models: {clock.wall:.1f} s after featurising")
        if policy == "exclude":
            # Later, the peak would be that of the comparison.
            print(f"{told.workers} processes, at most {_kit.peak_gib(told.workers):.2f} GiB in all")
            plain = separate_fits(study, data, grid)
            searched = CANDIDATES * plain
            print(
                f"One scikit-learn fit per cell and stage, hyper-parameters given: "
                f"{plain:.0f} s on one core (extrapolated), {plain / clock.wall:.0f}× ours; with "
                f"the same {CANDIDATES} candidates: {searched:.0f} s, {searched / clock.wall:.0f}×"
            )


if __name__ == "__main__":
    main()
