"""From the folder of a model to the parts that predict, each checked.

The folder may come from anybody. Nothing of it is executed: the learner is one of our own
or one that an installed package announces, unless the caller names it himself; every number
is finite, every array is what it should be, and the model must predict its own training
materials before it predicts anything else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from forescale._machine.plugins import RECEIVED, Trust, told
from forescale._machine.threads import one_thread
from forescale.errors import ConfigError, ForescaleError, ModelError
from forescale.learners import (
    ModelPrediction,
    ModelState,
    NewBlock,
    RestoresModel,
    TrainedModel,
    get_learner,
)
from forescale.prediction.domain import Domain
from forescale.prediction.features import (
    check_descriptor,
    describe_materials,
    of_rows,
    wanted_columns,
)
from forescale.prediction.folder import ModelFolder
from forescale.prediction.manifest import ModelManifest

_TRIED = 8  # training materials that a model must predict when it is loaded


def load_parts(
    run: Path, trust: Trust = RECEIVED
) -> tuple[ModelManifest, TrainedModel, Domain, dict[str, str]]:
    """The parts of a :class:`~forescale.prediction.Predictor`.

    Raises
    ------
    ModelError
        If there is no model, it is damaged or not what it should be, or the installed
        descriptors or learner are not those it was made with.
    """
    folder = ModelFolder.find(run)
    manifest = folder.manifest()
    folder.check(manifest)
    restores = _learner(manifest, folder.path, trust)
    check_descriptor(manifest, folder.path, trust)
    learner_arrays, domain_arrays = folder.arrays()
    known = _known(folder.known())
    try:
        domain = Domain.restore(domain_arrays, manifest.domain.blocks)
        with one_thread():
            model = restores.restore(ModelState(learner_arrays, manifest.settings))
            _try(model, domain, manifest, list(known), trust)
    except ForescaleError:
        raise
    except Exception as error:  # whatever arrays that do not fit each other lead to
        raise ModelError(
            f"{folder.path}: cannot be restored ({told(error)}); make it again with the "
            "installed forescale"
        ) from None
    return manifest, model, domain, known


def _learner(manifest: ModelManifest, path: Path, trust: Trust) -> RestoresModel:
    """The learner of a model: ours, announced by a package, or one that the user trusts."""
    given = manifest.learner
    try:
        learner = get_learner(given.name, given.options, trust=trust)
    except ConfigError as error:
        raise ModelError(f"{path}: its learner cannot be had ({error})") from None
    if not isinstance(learner, RestoresModel):
        raise ModelError(f"learner {given.name!r}: its models cannot be handed over")
    return learner


def _try(
    model: TrainedModel, domain: Domain, manifest: ModelManifest, known: list[str], trust: Trust
) -> None:
    """Predict some of the materials learnt from; raises where that goes wrong."""
    pairs = zip(domain.anchors, manifest.blocks, strict=True)
    for place, (anchor, trained) in enumerate(pairs):
        if anchor.values.shape[1] != len(trained.columns):
            raise ValueError(
                f"domain: block {place} has {anchor.values.shape[1]} columns, expected "
                f"{len(trained.columns)}"
            )
    described = describe_materials(manifest, known[:_TRIED], 1, trust)
    values = [wanted_columns(*one) for one in zip(described, manifest.blocks, strict=True)]
    if any(not np.isfinite(rows).all() or not len(rows) for rows in values):
        raise ValueError("known materials: the descriptor does not describe them")
    blocks = [
        of_rows(rows, block.index, block.cumulative)
        for rows, block in zip(values, described, strict=True)
    ]
    checked_prediction(model, blocks)
    if not np.isfinite(domain.distance(blocks)).all():
        raise ValueError("domain: distances are not finite")


def checked_prediction(model: TrainedModel, blocks: list[NewBlock]) -> ModelPrediction:
    """What a model says, of the right shape, finite, its deviations not negative.

    Raises
    ------
    ValueError
        If it is not.
    """
    rows = len(blocks[0].rows)
    with np.errstate(all="ignore"):
        found = model.predict(blocks)
    for name, values in (("mean", found.mean), ("std", found.std)):
        if values is None:
            if name == "mean":
                raise ValueError("mean: the model predicts nothing")
            continue
        if np.shape(values) != (rows,):
            raise ValueError(f"{name}: got shape {np.shape(values)}, expected {(rows,)}")
        if not np.isfinite(values).all():
            raise ValueError(f"{name}: the model predicts numbers that are not finite")
    if found.std is not None and (found.std < 0).any():
        raise ValueError("std: the model predicts deviations below zero")
    return found


def _known(table: pd.DataFrame) -> dict[str, str]:
    both = table["computed"] & table["measured"]
    names = np.where(both, "both", np.where(table["computed"], "computed", "measured"))
    return dict(zip(table["key"], names.tolist(), strict=True))
