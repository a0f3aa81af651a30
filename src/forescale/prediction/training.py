"""From a study's data to a saved model: trained on all of it, calibrated on held-out parts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale import __version__
from forescale._machine.executors import Workers
from forescale._machine.files import scratch_folder
from forescale.errors import ModelError
from forescale.learners import ModelState, RestoresModel, TrainsModel, get_learner
from forescale.materials.pair import sides_of
from forescale.prediction.calibration import MIN_SCORES, Calibration, folds
from forescale.prediction.card import card_text
from forescale.prediction.domain import Domain, Surroundings
from forescale.prediction.folder import ModelFolder
from forescale.prediction.jobs import FoldWork, Tasks, run_parts, tell_ahead
from forescale.prediction.makeup import Makeup, traits
from forescale.prediction.manifest import (
    FORMAT,
    DomainRecord,
    Error,
    Floor,
    ModelManifest,
    NamedDescriptor,
    NamedLearner,
    Origin,
    Range,
    Side,
    StudyErrors,
    TrainedBlock,
)
from forescale.prediction.nearest import known_materials
from forescale.prediction.own_folds import own_folds
from forescale.splits import Overlap, Split
from forescale.study import Design, RunFolder, Study, StudyData, summarise
from forescale.tables import PairColumns, PropertyTable

_STREAM = (0, 1)  # of random numbers; replicates have (0,), (1,), …

Rows = NDArray[np.int64]


def make_model(
    study: Study,
    data: StudyData,
    run: RunFolder,
    *,
    workers: Workers = 1,
    show_progress: bool = True,
    took: float | None = None,
) -> ModelFolder:
    """Train the model of a run, calibrate it and keep it; does nothing if it is there already.

    The model learns from all computed and all measured values. Its intervals are calibrated
    by the study's own test predictions where a block of its replicates tests every material
    once, fine-tuned on all others; else, and for the overlap policy that the study does not
    have, by folds of the measured values, divided as the study's splits are, that learn from
    as many computed values as the study's largest n.

    Parameters
    ----------
    took
        Seconds that a replicate of the study took, to tell what the model will take.

    Raises
    ------
    ModelError
        If models of the study's learner cannot be handed over.
    """
    kept = ModelFolder(run.path / "model")
    if is_whole(kept, run):
        return kept
    design = Design.of(study, data, run.grid_of(study))
    own = own_folds(study, data, run, design)
    with scratch_folder(run.path) as scratch:
        made = train(
            study, data, scratch, workers=workers, show_progress=show_progress,
            design=design, own=own, took=took,
        )  # fmt: skip
    manifest = _described(study, data, run, made)
    arrays = made.domain.state()
    kept.write(manifest, made.state.arrays, arrays, made.known, card_text(manifest))
    return kept


@dataclass(frozen=True)
class Trained:
    """A model of all the data, its calibration for each overlap policy, and its domain.

    Parameters
    ----------
    makeup
        Elements and sizes of the measured materials.
    known
        The materials learnt from; see `known_materials`.
    calibrated_on
        Computed values that each fold of the calibration learnt from, at most.
    """

    state: ModelState
    calibrations: dict[str, Calibration]
    domain: Domain
    makeup: Makeup
    known: pd.DataFrame
    calibrated_on: int


def train(
    study: Study,
    data: StudyData,
    scratch: Path,
    *,
    workers: Workers = 1,
    show_progress: bool = True,
    design: Design | None = None,
    own: pd.DataFrame | None = None,
    took: float | None = None,
) -> Trained:
    """Train and calibrate; see :func:`make_model`.

    Parameters
    ----------
    design
        The study's, if it is resolved already.
    own
        Its own folds; see :func:`~forescale.prediction.own_folds.own_folds`.
    took
        Seconds that one of its replicates took.
    """
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
    design = design or Design.of(study, data)
    most = int(design.grid.n_source[-1])
    # The study's own tests need no folds.
    done = () if own is None else (study.evaluation.overlap,)
    tasks = _tasks(study, data, rng, most, done)
    job = FoldWork(prepared, data.target.values, study.seed, data.censoring)
    if took is not None and show_progress and len(tasks) == 1:
        grown = (len(data.source) + len(data.target)) / (most + int(design.grid.n_target[-1]))
        tell_ahead(len(data.source), took * max(1.0, grown) ** 3)
    results = run_parts(job, tasks, workers, scratch, show_progress=show_progress)
    state = results.pop("model")
    assert isinstance(state, ModelState)
    surroundings = Surroundings(arrays, rng)
    parts: dict[str, list[pd.DataFrame]] = {}
    for name, part in sorted(results.items()):
        assert isinstance(part, pd.DataFrame)
        parts.setdefault(name[0], []).append(_placed(part, tasks[name][0], surroundings, data))
    for replicate, part in [] if own is None else own.groupby("fold", sort=True):
        split = design.splits[int(str(replicate))]
        learnt = Split(split.source[:most], split.train[: design.grid.n_target[-1]], split.test)
        placed = _placed(part, learnt, surroundings, data)
        parts.setdefault(study.evaluation.overlap.value, []).append(placed)
    return Trained(
        state,
        {policy: _calibration(policy, pd.concat(held), data) for policy, held in parts.items()},
        surroundings.domain(),
        Makeup.of(data.target.material_kind, data.target.keys.tolist()),
        known_materials(data, arrays, surroundings),
        most,
    )


def is_whole(kept: ModelFolder, run: RunFolder) -> bool:
    """Whether the folder holds the model of this very run, undamaged."""
    try:
        manifest = kept.manifest()
        kept.check(manifest)
    except ModelError:
        return False
    return manifest.identity == run.identity


def _tasks(
    study: Study,
    data: StudyData,
    rng: np.random.Generator,
    most: int,
    done: tuple[Overlap, ...] = (),
) -> Tasks:
    """The model, and the folds of each policy but those done, as arguments of the job."""
    rows = len(data.target)
    # Without computed values of the test materials, as for materials that nobody simulated;
    # where the study is about those that are, with them, too.
    policies = list(dict.fromkeys((Overlap.EXCLUDE, study.evaluation.overlap)))
    policies = [policy for policy in policies if policy not in done]
    fold_of = folds(data.groups, rng, 10 if study.replicates > 10 * max(1, len(policies)) else 5)
    everything = Split(
        rng.permutation(len(data.source)), rng.permutation(rows), np.arange(0, dtype=np.int64)
    )
    tasks: Tasks = {"model": (everything, None)}
    for policy in policies:
        for fold in range(fold_of.max() + 1):
            test = np.flatnonzero(fold_of == fold)
            usable = data.usable_source(test, policy)
            train = rng.permutation(np.flatnonzero(fold_of != fold))
            split = Split(_drawn(usable, test, data, most, rng), train, test)
            if len(usable) >= 5 and len(train) >= 3:
                tasks[policy.value, fold] = (split, fold)
    return tasks


def _drawn(usable: Rows, test: Rows, data: StudyData, most: int, rng: np.random.Generator) -> Rows:
    """At most so many computed rows, those of the tested materials (if usable) among them."""
    shuffled = rng.permutation(usable)
    if len(shuffled) <= most:
        return shuffled
    own = np.isin(data.source.keys[shuffled], data.target.keys[test])
    first = np.argsort(~own, kind="stable")[:most]
    return rng.permutation(shuffled[first])


def _placed(
    part: pd.DataFrame, split: Split, surroundings: Surroundings, data: StudyData
) -> pd.DataFrame:
    """Held-out predictions with their distances to training, and what is unusual of them."""
    kind, keys = data.target.material_kind, data.target.keys
    makeup = Makeup.of(kind, keys[split.train].tolist())
    own = keys[split.test]
    found = [traits(kind, key) for key in own]
    return part.assign(
        distance=surroundings.held_out(split),
        unusual=[makeup.unusual(kind, key) is not None for key in own],
        size=[size for _, size in found],
        elements=[" ".join(shares) for shares, _ in found],
    )


def _calibration(policy: str, held_out: pd.DataFrame, data: StudyData) -> Calibration:
    if policy == Overlap.ALLOW:
        simulated = np.isin(data.target.keys[held_out["row"]], data.source.keys)
        if simulated.sum() >= MIN_SCORES:
            held_out = held_out[simulated]
    return Calibration.of(held_out, policy)


def _described(study: Study, data: StudyData, run: RunFolder, made: Trained) -> ModelManifest:
    """What the model is, for programs and for its card."""
    manifest, censoring = run.manifest, data.censoring
    return ModelManifest(
        format=FORMAT,
        forescale=__version__,
        name=study.name,
        identity=run.identity,
        learner=NamedLearner(name=study.learner.name, options=study.learner.options),
        target=_side(data.target),
        sources=_side(data.source),
        descriptor=NamedDescriptor(name=study.descriptor.name, solvent=study.descriptor.solvent),
        blocks=tuple(
            TrainedBlock(
                name=block.name,
                version=block.version,
                columns=tuple(column.name for column in block.features.columns),
            )
            for block in data.blocks
        ),
        columns=_columns(study),
        temperature=_temperature(data),
        censoring=None if censoring is None else Floor(**asdict(censoring)),
        n_source=len(data.source),
        n_target=len(data.target),
        overlap_materials=manifest.overlap_materials,
        noise_floor=manifest.noise_floor,
        values=Range(
            lowest=float(data.target.values.min()), highest=float(data.target.values.max())
        ),
        seed=study.seed,
        split=str(study.evaluation.split),
        overlap=study.evaluation.overlap.value,
        study_errors=_study_errors(study, run),
        settings=dict(made.state.settings),
        calibrations=made.calibrations,
        calibrated_on=made.calibrated_on,
        domain=DomainRecord(
            threshold=made.domain.threshold, blocks=len(data.blocks), makeup=made.makeup
        ),
    )


def _side(table: PropertyTable) -> Side:
    return Side(
        property=table.name,
        unit=table.unit,
        kind=table.kind,
        material_kind=table.material_kind,
        materials=len(table),
        rejected_rows=len(table.rejected),
        datasets=tuple(Origin(**asdict(record)) for record in table.provenance),
    )


def _columns(study: Study) -> dict[str, tuple[str, ...]]:
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
    return {role: tuple(dict.fromkeys(names)) for role, names in found.items()}


def _temperature(data: StudyData) -> Literal["varies"] | float | None:
    """``varies``, or the one temperature of all pairs in K; None without temperatures."""
    if data.target.material_kind != "pair":
        return None
    found = {sides_of(key).temperature for key in [*data.target.keys, *data.source.keys]}
    return "varies" if len(found) > 1 else found.pop()


def _study_errors(study: Study, run: RunFolder) -> StudyErrors:
    """Mean test errors over replicates at the largest n and m, beside scratch."""
    summary = summarise(run.errors(), study.learner.name)
    n, m = int(summary["n_source"].max()), int(summary["n_target"].max())
    at = summary.set_index(["n_source", "n_target", "metric"])
    errors: dict[str, Error] = {}
    for metric in study.evaluation.metrics:
        if (n, m, metric.value) not in at.index:  # left out of the run, with a word
            continue
        row = at.loc[(n, m, metric.value)]
        scratch = at["mean"].get((0, m, metric.value), np.nan)
        errors[metric.value] = Error(
            mean=_number(row["mean"]),
            std_error=_number(row["std_error"]),
            scratch=_number(scratch),
        )
    replicates = int(summary["replicates"].max())
    return StudyErrors(n_source=n, n_target=m, replicates=replicates, errors=errors)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
