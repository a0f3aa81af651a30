"""From a study's data to a saved model: trained on all of it, calibrated on held-out parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from forescale import __version__
from forescale._files import scratch_folder
from forescale._plugins import told
from forescale._progress import progress
from forescale._workers import in_processes
from forescale.errors import ModelError
from forescale.learners import (
    Grid,
    ModelState,
    PreparedLearner,
    PreparedTogether,
    RestoresModel,
    TrainsModel,
    get_learner,
)
from forescale.materials.pair import sides_of
from forescale.prediction.calibration import MIN_SCORES, Calibration, folds
from forescale.prediction.card import card_text
from forescale.prediction.domain import Domain
from forescale.prediction.folder import ModelFolder
from forescale.splits import Split
from forescale.study import RunFolder, Study, StudyData, summarise
from forescale.study.censoring import Censoring
from forescale.tables import PairColumns

_STREAM = (0, 1)  # of random numbers; replicates have (0,), (1,), …

Result: TypeAlias = ModelState | pd.DataFrame


def make_model(
    study: Study,
    data: StudyData,
    run: RunFolder,
    *,
    workers: int = 1,
    show_progress: bool = True,
) -> ModelFolder:
    """Train the model of a run, calibrate it and keep it; does nothing if it is there already.

    The model learns from all computed and all measured values. Its intervals are calibrated
    by folds of the measured values, divided as the study's splits are.

    Raises
    ------
    ModelError
        If models of the study's learner cannot be handed over.
    """
    kept = ModelFolder(run.path / "model")
    if is_whole(kept, run):
        return kept
    with scratch_folder(run.path) as scratch:
        made = train(study, data, scratch, workers=workers, show_progress=show_progress)
    calibrations = {policy: one.to_json() for policy, one in made.calibrations.items()}
    settings = {
        **_described(study, data, run),
        "settings": dict(made.state.settings),
        "calibrations": calibrations,
        "domain": {"threshold": made.domain.threshold, "blocks": len(data.blocks)},
    }
    arrays = made.domain.state()
    kept.write(settings, made.state.arrays, arrays, _known(data), card_text(settings))
    return kept


@dataclass(frozen=True)
class Trained:
    """A model of all the data, its calibration for each overlap policy, and its domain."""

    state: ModelState
    calibrations: dict[str, Calibration]
    domain: Domain


def train(
    study: Study,
    data: StudyData,
    scratch: Path,
    *,
    workers: int = 1,
    show_progress: bool = True,
) -> Trained:
    """Train and calibrate; see :func:`make_model`."""
    if study.descriptor.file is not None:
        raise ModelError(
            "descriptor.file: the features of new materials are not computed here, so the model "
            "cannot be handed over; errors, laws and plans of the run are not affected"
        )
    rng = np.random.default_rng(np.random.SeedSequence(study.seed, spawn_key=_STREAM))
    learner = get_learner(study.learner.name, study.learner.options)
    arrays = data.arrays()
    prepared = learner.prepare(arrays, scratch)
    if not isinstance(prepared, TrainsModel) or not isinstance(learner, RestoresModel):
        raise ModelError(
            f"learner.name = {learner.name!r}: its models cannot be handed over; errors, laws "
            "and plans of the run are not affected"
        )
    tasks = _tasks(study, data, rng)
    job = _Job(prepared, data.target.values, study.seed, data.censoring)
    results: dict[Any, Result] = {}
    with progress("Model and calibration", len(tasks), shown=show_progress) as advance:
        for name, result in _results(job, tasks, workers):
            results[name] = result
            advance()
    state = results.pop("model")
    assert isinstance(state, ModelState)
    calibrations = {
        policy: _calibration(policy, results, data)
        for policy in dict.fromkeys(policy for policy, _ in results)
    }
    return Trained(state, calibrations, Domain.of(arrays, rng))


def is_whole(kept: ModelFolder, run: RunFolder) -> bool:
    """Whether the folder holds the model of this very run, undamaged."""
    try:
        settings = kept.settings()
        kept.check(settings)
    except ModelError:
        return False
    return bool(settings["identity"] == run.identity)


@dataclass(frozen=True)
class _Job:
    """What the model and all folds share."""

    prepared: PreparedLearner
    measured: np.ndarray[Any, np.dtype[np.float64]]
    seed: int
    censoring: Censoring | None = None

    def run(self, split: Split, fold: int | None) -> Result:
        """Train on all rows without a fold, else predict the fold's rows."""
        try:
            with threadpool_limits(1):
                if fold is None:
                    assert isinstance(self.prepared, TrainsModel)
                    return self.prepared.train(split.source, split.train, self.seed).state()
                grid = Grid(np.array([len(split.source)]), np.array([len(split.train)]))
                result = self.prepared.predict(split, grid, self.seed)
        except Exception as error:  # whatever a learner from elsewhere may raise
            raise ModelError(f"the learner failed on all of the data: {told(error)}") from error
        if result.lost:
            reason = next(iter(result.lost.values()))
            raise ModelError(f"the learner failed on a part of the data: {reason}")
        if self.censoring is not None:
            result = self.censoring.judged(result)
        return pd.DataFrame(
            {
                "row": split.test,
                "fold": fold,
                "measured": self.measured[split.test],
                "predicted": result.mean[-1, -1],
                "std": np.nan if result.std is None else result.std,
            }
        )


def _tasks(study: Study, data: StudyData, rng: np.random.Generator) -> dict[Any, tuple[Any, ...]]:
    """The model, and the folds of each policy, as arguments of the job; the largest first."""
    rows = len(data.target)
    fold_of = folds(data.groups, rng)
    everything = Split(
        rng.permutation(len(data.source)), rng.permutation(rows), np.arange(0, dtype=np.int64)
    )
    tasks: dict[Any, tuple[Any, ...]] = {"model": (everything, None)}
    # Without computed values of the test materials, as for materials that nobody simulated;
    # where the study is about those that are, with them, too.
    for policy in dict.fromkeys(("exclude", study.evaluation.overlap)):
        for fold in range(fold_of.max() + 1):
            test = np.flatnonzero(fold_of == fold)
            usable = data.usable_source(study, test, policy)
            train = rng.permutation(np.flatnonzero(fold_of != fold))
            split = Split(rng.permutation(usable), train, test)
            if len(usable) >= 5 and len(train) >= 3:
                tasks[policy, fold] = (split, fold)
    return tasks


def _results(
    job: _Job, tasks: dict[Any, tuple[Any, ...]], workers: int
) -> Iterator[tuple[Any, Result]]:
    if workers <= 1 or isinstance(job.prepared, PreparedTogether):
        return ((name, job.run(*arguments)) for name, arguments in tasks.items())
    return in_processes(job.run, tasks, workers, "parts of the model")


def _calibration(policy: str, results: dict[Any, Result], data: StudyData) -> Calibration:
    parts = [part for (of, _), part in sorted(results.items()) if of == policy]
    held_out = pd.concat([part for part in parts if isinstance(part, pd.DataFrame)])
    if policy == "allow":
        simulated = np.isin(data.target.keys[held_out["row"]], data.source.keys)
        if simulated.sum() >= MIN_SCORES:
            held_out = held_out[simulated]
    return Calibration.of(held_out, policy)


def _known(data: StudyData) -> pd.DataFrame:
    computed, measured = set(data.source.keys), set(data.target.keys)
    keys = [*dict.fromkeys([*data.target.keys, *data.source.keys])]
    return pd.DataFrame(
        {
            "key": keys,
            "computed": [key in computed for key in keys],
            "measured": [key in measured for key in keys],
        }
    )


def _described(study: Study, data: StudyData, run: RunFolder) -> dict[str, Any]:
    """What the model is, for programs and for its card."""
    manifest = run.manifest
    return {
        "forescale": __version__,
        "name": study.name,
        "identity": run.identity,
        "learner": {"name": study.learner.name, "options": study.learner.options},
        "target": manifest["tables"]["target"],
        "sources": manifest["tables"]["source"],
        "descriptor": {"name": study.descriptor.name, "solvent": study.descriptor.solvent},
        "blocks": [
            {
                "name": block.name,
                "version": block.version,
                "columns": [column.name for column in block.features.columns],
            }
            for block in data.blocks
        ],
        "columns": _columns(study),
        "temperature": _temperature(data),
        "censoring": None if data.censoring is None else asdict(data.censoring),
        "n_source": len(data.source),
        "n_target": len(data.target),
        "overlap_materials": manifest["overlap_materials"],
        "noise_floor": manifest["noise_floor"],
        "values": {"lowest": float(data.target.values.min()),
                   "highest": float(data.target.values.max())},
        "seed": study.seed,
        "split": study.evaluation.split,
        "overlap": study.evaluation.overlap,
        "study_errors": _study_errors(study, run),
    }  # fmt: skip


def _columns(study: Study) -> dict[str, list[str]]:
    """Names that the study's own files have for the columns of a material, by their role."""
    found: dict[str, list[str]] = {}
    for spec in (study.target, *study.source):
        columns = spec.columns()
        if isinstance(columns, PairColumns):
            found.setdefault("solute", []).append(columns.solute)
            found.setdefault("solvent", []).append(columns.solvent)
            if columns.temperature is not None:
                found.setdefault("temperature", []).append(columns.temperature)
                found.setdefault("temperature_unit", []).append(columns.temperature_unit)
        elif columns is not None:
            found.setdefault("material", []).append(columns)
    return {role: list(dict.fromkeys(names)) for role, names in found.items()}


def _temperature(data: StudyData) -> str | float | None:
    """``varies``, or the one temperature of all pairs in K; None without temperatures."""
    if data.target.material_kind != "pair":
        return None
    found = {sides_of(key).temperature for key in [*data.target.keys, *data.source.keys]}
    return "varies" if len(found) > 1 else found.pop()


def _study_errors(study: Study, run: RunFolder) -> dict[str, Any]:
    """Mean test errors over replicates at the largest n and m, beside scratch."""
    summary = summarise(run.errors(), study.learner.name)
    n, m = int(summary["n_source"].max()), int(summary["n_target"].max())
    at = summary.set_index(["n_source", "n_target", "metric"])
    errors = {}
    for metric in study.evaluation.metrics:
        row, scratch = at.loc[(n, m, metric)], at.loc[(0, m, metric)]
        errors[metric] = {
            "mean": _number(row["mean"]),
            "std_error": _number(row["std_error"]),
            "scratch": _number(scratch["mean"]),
        }
    replicates = int(summary["replicates"].max())
    return {"n_source": n, "n_target": m, "replicates": replicates, "errors": errors}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
