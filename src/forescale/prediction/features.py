"""Features of new materials, as the model was trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forescale._machine.executors import Workers
from forescale._machine.plugins import RECEIVED, Trust
from forescale.descriptors import DescribedBlock, describe_new
from forescale.errors import ConfigError, ModelError
from forescale.learners import NewBlock
from forescale.prediction.manifest import ModelManifest, TrainedBlock

_SHOWN = 3  # undefined descriptor columns named in a reason


def describe_materials(
    manifest: ModelManifest, keys: Sequence[str], workers: Workers, trust: Trust = RECEIVED
) -> tuple[DescribedBlock, ...]:
    """Every column of the model's descriptor, NaN where it is undefined."""
    return describe_new(
        manifest.material_kind,
        manifest.descriptor.name,
        keys,
        solvent_name=manifest.descriptor.solvent,
        temperature=manifest.temperature == "varies",
        workers=workers,
        trust=trust,
    )


def check_descriptor(manifest: ModelManifest, path: Path, trust: Trust) -> None:
    """Refuse a model whose features the installed code would not compute the same."""
    try:
        installed = describe_materials(manifest, [], 1, trust)
    except ConfigError as error:
        raise ModelError(f"{path}: its descriptor is not installed ({error})") from None
    trained = [(block.name, block.version) for block in manifest.blocks]
    found = [(block.name, block.version) for block in installed]
    if trained != found:
        raise ModelError(
            f"{path}: was trained with descriptor {_versions(trained)}, installed is "
            f"{_versions(found)}; features may differ, so install those versions or run the "
            "study again"
        )
    for block, wanted in zip(installed, manifest.blocks, strict=True):
        missing = set(wanted.columns).difference(c.name for c in block.features.columns)
        if missing:
            raise ModelError(
                f"{path}: was trained with descriptor {wanted.version} and its column "
                f"{min(missing)!r}, which the installed {block.version} lacks; run the study again"
            )


def _versions(blocks: list[tuple[str, str]]) -> str:
    return ", ".join(dict.fromkeys(version for _, version in blocks))


def wanted_columns(block: DescribedBlock, trained: TrainedBlock) -> NDArray[np.float32]:
    """The columns that the model was trained on, in its order, shape (sides, features)."""
    place = {column.name: number for number, column in enumerate(block.features.columns)}
    return block.features.values[:, [place[name] for name in trained.columns]]


def undefined(
    described: Sequence[DescribedBlock],
    values: list[NDArray[np.float32]],
    trained: Sequence[TrainedBlock],
) -> list[str | None]:
    """Why a material has no features, None where it has."""
    reasons: list[str | None] = [None] * len(described[0].index)
    for block, rows, wanted in zip(described, values, trained, strict=True):
        of_side: dict[int, str] = {}
        for side in np.flatnonzero(~np.isfinite(rows).all(axis=1)).tolist():
            names = [wanted.columns[c] for c in np.flatnonzero(~np.isfinite(rows[side]))]
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            of_side[side] = (
                f"descriptor {wanted.version.split()[0]} ({block.name}) is undefined in "
                f"{', '.join(names[:_SHOWN])}{more}, on which the model relies"
            )
        for row, side in enumerate(block.index.tolist() if of_side else ()):
            reasons[row] = reasons[row] or of_side.get(side)
    return reasons


def of_rows(
    values: NDArray[np.float32],
    index: NDArray[np.int64],
    cumulative: NDArray[np.float32] | None = None,
) -> NewBlock:
    """A block of the sides in use only: others may be undefined."""
    used, rows = np.unique(index, return_inverse=True)
    return NewBlock(values[used], rows, None if cumulative is None else cumulative[used])
