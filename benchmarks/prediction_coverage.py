"""Do the 90 % intervals of handed-over models hold? Measured values that no model has seen.

    FORESCALE_MIRROR=… python benchmarks/prediction_coverage.py [STUDY.toml …] [--seeds 5]

A fifth of the measured materials is set aside, as the study splits them; the model is trained
and calibrated on the rest and predicts those, once as materials that nobody simulated (their
computed values are left out) and once as they come. Prints the tables of docs/predict.md:
coverage of all, of each tenth by distance to training, of the unusual ones (rare elements,
extreme sizes), and beside it that of one reach for all distances, as models had it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.learners import NewBlock, RestoresModel, get_learner
from forescale.prediction.training import Trained, train
from forescale.splits import split_target
from forescale.study import Study, StudyData, load_data

STUDIES = [
    _kit.EXAMPLES / "polymer-density.toml",
    _kit.BUNDLED,
    _kit.EXAMPLES / "boiling-point.toml",
]
Z = 1.6449  # of a normal distribution's central 90 %
TENTHS = 10


def rows_of(data: StudyData, source: NDArray[np.int64], target: NDArray[np.int64]) -> StudyData:
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


def hold_out(
    study: Study, data: StudyData, seed: int, *, simulated: bool, workers: int
) -> pd.DataFrame:
    """Each value of a fifth of the target that was set aside, and its interval."""
    rng = np.random.default_rng([seed, 77])
    rest, test = split_target(rng, data.groups, 0.2, train_size=1)
    rest = np.setdiff1d(np.arange(len(data.target)), test)  # all the rest, not one row of it
    hidden = np.isin(data.source.keys, data.target.keys[test])
    source = np.flatnonzero(~hidden | simulated)
    part = rows_of(data, source, rest)
    study = study.model_copy(update={"seed": seed})
    with TemporaryDirectory() as scratch:
        made = train(study, part, Path(scratch), workers=workers, show_progress=False)
    known = np.isin(data.target.keys[test], data.source.keys[source])
    return intervals(study, data, made, test, known).assign(seed=seed, m=len(rest))


def intervals(
    study: Study,
    data: StudyData,
    made: Trained,
    test: NDArray[np.int64],
    known: NDArray[np.bool_],
) -> pd.DataFrame:
    """Residuals and half widths of materials that were set aside."""
    learner = get_learner(study.learner.name, study.learner.options)
    assert isinstance(learner, RestoresModel)
    model = learner.restore(made.state)
    start, kind = len(data.source), data.target.material_kind
    new = [NewBlock(b.features.values, b.index[start + test]) for b in data.blocks]
    result, distance = model.predict(new), made.domain.distance(new)
    mean = result.mean if data.censoring is None else data.censoring.raised(result.mean)
    odd = np.array([made.makeup.unusual(kind, k) is not None for k in data.target.keys[test]])

    def half(distances: Any) -> Any:
        one = made.calibrations["exclude"].half_width(result.std, len(test), distances, odd)
        other = made.calibrations.get("allow")
        if other is None:
            return one
        return np.where(known, other.half_width(result.std, len(test), distances, odd), one)

    return pd.DataFrame(
        {
            "residual": np.abs(mean - data.target.values[test]),
            "std": np.nan if result.std is None else result.std,
            "half": half(distance),
            "one_reach": half(None),
            "distance": distance,
            "far": distance > made.domain.threshold,
            "unusual": odd,
            "promised": made.calibrations["exclude"].coverage,
        }
    )


def coverage(found: pd.DataFrame, half: str = "half") -> float:
    """Share of the values in their intervals, in per cent."""
    return 100 * float(np.mean(found["residual"] <= found[half])) if len(found) else float("nan")


def told(name: str, candidates: str, found: pd.DataFrame, unit: str) -> list[str]:
    """A row of the first table."""
    seeds = [coverage(one) for _, one in found.groupby("seed")]
    rmse = np.sqrt(np.mean(found["residual"] ** 2))
    odd = found[found["unusual"]]
    raw = 100 * np.mean(found["residual"] <= Z * found["std"])
    cells = [
        name, candidates, f"{found['m'].mean():.0f}", f"{rmse:.3g} {unit}", f"{raw:.1f} %",
        f"{coverage(found):.1f} % ({min(seeds):.1f} to {max(seeds):.1f})",
        f"{2 * Z * found['std'].mean():.3g}", f"{2 * found['one_reach'].mean():.3g}",
        f"{2 * found['half'].mean():.3g}",
        f"{100 * np.mean(found['far'] | found['unusual']):.1f} %",
        f"{len(odd)}: {coverage(odd, 'one_reach'):.0f} → {coverage(odd):.0f} %",
    ]  # fmt: skip
    return cells


def tenths(name: str, candidates: str, found: pd.DataFrame) -> list[list[str]]:
    """Rows of the second table: coverage in each tenth by distance, one reach and now."""
    place = np.minimum(found["distance"].rank(method="first", pct=True) * TENTHS, TENTHS - 1e-9)
    parts = [found[place.astype(int) == tenth] for tenth in range(TENTHS)]
    return [
        [name, candidates, way, *(f"{coverage(part, half):.0f}" for part in parts)]
        for way, half in (("one reach", "one_reach"), ("by distance", "half"))
    ]


HEADS = (
    "study", "candidates", "m", "RMSE", "coverage, raw", "conformal (range over seeds)",
    "width, raw", "one reach", "conformal", "outside", "unusual: one reach → now",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = _kit.parser(__doc__)
    parser.add_argument("studies", nargs="*", type=Path, default=STUDIES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--split", help="instead of the study's own")
    parser.add_argument("--out", type=Path, help="keep the rows in this CSV file")
    quick = {"studies": [_kit.BUNDLED], "seeds": 1, "workers": 1}
    arguments = _kit.parse(parser, argv, smoke=quick)
    table = _kit.Table(*HEADS)
    rows: list[pd.DataFrame] = []
    lines: list[list[str]] = []
    for path in arguments.studies:
        study = _kit.study(path, arguments)
        if arguments.split:
            study = _kit.varied(study, split=arguments.split)
        data = load_data(study, workers=arguments.workers, show_progress=False)
        for simulated in (False, True):
            found = pd.concat(
                hold_out(study, data, seed, simulated=simulated, workers=arguments.workers)
                for seed in range(arguments.seeds)
            )
            name = f"{study.name}, {study.evaluation.split}"
            candidates = "as they come" if simulated else "not simulated"
            rows.append(found.assign(study=name, candidates=candidates))
            table.row(*told(name, candidates, found, data.target.unit))
            lines += tenths(name, candidates, found)
            if arguments.out is not None:
                pd.concat(rows).to_csv(arguments.out, index=False)
    print()
    _kit.table(("study", "candidates", "interval", *range(1, TENTHS + 1)), lines)


if __name__ == "__main__":
    main()
