"""Running the variants of a study of pairs, and the tables of their pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _baselines import Baselines

from forescale.study import RunFolder, Study, load_data, run_replicates, summarise
from forescale.workflow import Finished, conclude


@dataclass(frozen=True)
class Variant:
    """One way to split the target, and what of the source is hidden."""

    title: str
    split: str
    overlap: str
    most_measured: int

    def of(self, study: Study) -> Study:
        """The study split that way; its sizes of m end at the most that all replicates have."""
        evaluation = study.evaluation.model_copy(
            update={"split": self.split, "overlap": self.overlap}
        )
        sizes = tuple(m for m in study.grid.n_target if m < self.most_measured)
        grid = study.grid.model_copy(update={"n_target": (*sizes, self.most_measured)})
        return study.model_copy(update={"evaluation": evaluation, "grid": grid})

    @property
    def slug(self) -> str:
        """Name of the run folder."""
        return f"{self.split.replace('group:', '')}-{self.overlap}"


def run(
    study: Study,
    variant: Variant,
    folder: Path,
    workers: int,
    baselines: int,
    most: int | None = None,
) -> tuple[Finished, dict[str, np.ndarray], int]:
    """Run or resume one variant; errors of the baselines in its first replicates.

    The baselines' computed prediction is of the largest size of n that is at most ``most``,
    which is returned too.
    """
    study = variant.of(study)
    data = load_data(study, workers=workers)
    run_folder = RunFolder.open(folder / variant.slug, study, data)
    run_replicates(study, data, run_folder, workers=workers)
    sizes = data.grid(study).n_source
    n = int(sizes[sizes <= (most or sizes[-1])][-1])
    others = {}
    if baselines:
        others = Baselines(study, data, n).errors(baselines, study.evaluation.metrics)
    return conclude(run_folder), others, n


def print_models(
    finished: Finished,
    others: dict[str, np.ndarray],
    metrics: Sequence[str],
    replicates: int,
    n: int,
) -> None:
    """Mean and standard error of each model at n computed and all measured values."""
    study = finished.folder.manifest["study"]
    m = int(finished.folder.errors()["n_target"].max())
    errors = finished.folder.errors()
    errors = errors[errors["replicate"] < replicates]
    names = study["evaluation"]["metrics"]
    print(f"\n| n = {n}, m = {m} | " + " | ".join(_head(metric) for metric in metrics) + " |")
    print("| --- |" + " --- |" * len(metrics))
    ours = {"transfer (ours)": (n, m), "scratch Gaussian process": (0, m), "zero-shot": (n, 0)}
    for title, cell in ours.items():
        table = errors[(errors["n_source"] == cell[0]) & (errors["n_target"] == cell[1])]
        columns = [table[table["metric"] == metric]["value"].to_numpy() for metric in metrics]
        print(f"| {title} | " + " | ".join(map(_mean, columns)) + " |")
    for title, values in others.items():
        columns = [values[:, names.index(metric)] for metric in metrics]
        print(f"| {title} | " + " | ".join(map(_mean, columns)) + " |")


def print_curves(finished: Finished, metric: str, sizes: int = 5) -> None:
    """Mean error over the grid, and the law of each m."""
    summary = summarise(finished.folder.errors(), "")
    means = summary[summary["metric"] == metric].set_index(["n_source", "n_target"])["mean"]
    n = np.unique([cell[0] for cell in means.index])
    n = n[n > 0][np.unique(np.linspace(0, (n > 0).sum() - 1, sizes).astype(int))]
    m = sorted({cell[1] for cell in means.index} - {0})
    print(f"\n| {metric.upper()} | " + " | ".join(f"m = {one}" for one in m) + " | zero-shot |")
    print("| --- |" + " --- |" * (len(m) + 1))
    for size in [0, *n]:
        cells = [f"{means[size, one]:.3f}" for one in m]
        zero = f"{means[size, 0]:.3f}" if size else "–"
        print(f"| {size or 'scratch'} | " + " | ".join([*cells, zero]) + " |")
    print("\n| m | D (90 %) | decay rate (90 %) | transfer gap (90 %) | R² | flags |")
    print("| --- " * 6 + "|")
    for law in finished.laws:
        if law.metric == metric:
            parts = [_interval(q) for q in (law.scale, law.decay_rate, law.transfer_gap)]
            flags = ", ".join(law.flags)
            print(f"| {law.n_target} | {' | '.join(parts)} | {law.r_squared:.3f} | {flags} |")


def _head(metric: str) -> str:
    return {"r2": "R²"}.get(metric, metric.upper())


def _mean(values: np.ndarray) -> str:
    if len(values) < 2:
        return f"{values.mean():.3f}"
    return f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def _interval(quantity) -> str:
    return f"{quantity.estimate:.3g} ({quantity.low:.3g} to {quantity.high:.3g})"
