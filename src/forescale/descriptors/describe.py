"""The features of a study's materials, one block for each side that a material has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors._base import Column, Features
from forescale.descriptors._cache import featurize
from forescale.descriptors._registry import get_descriptor
from forescale.errors import DataError
from forescale.materials import PairSides
from forescale.materials.pair import sides_of


@dataclass(frozen=True)
class DescribedBlock:
    """Features of one side of the materials, each distinct side once.

    Parameters
    ----------
    name
        What the side is: ``material``; of a pair ``solute``, ``solvent`` or ``temperature``.
    version
        Descriptor and its version: results are comparable while it stays.
    features
        One row for each distinct side.
    index
        Which side each material has, as a row of the features, shape (materials,).
    """

    name: str
    version: str
    features: Features
    index: NDArray[np.int64]


def describe(
    material_kind: str,
    descriptor_name: str,
    keys: Sequence[str],
    *,
    solvent_name: str | None = None,
    workers: int = 1,
    show_progress: bool = True,
) -> tuple[DescribedBlock, ...]:
    """Features of materials, given by canonical key.

    A pair has a block for its solute (or polymer), one for its solvent, and one for the
    temperature in K where it varies.

    Parameters
    ----------
    descriptor_name
        Descriptor of the materials, or of a pair's solutes.
    solvent_name
        Descriptor of a pair's solvents, if it is another.

    Raises
    ------
    ConfigError
        If a descriptor does not describe such materials.
    DataError
        If some pairs have a temperature and others have none.
    """

    def block(name: str, kinds: set[str], descriptor: str, sides: Sequence[str]) -> DescribedBlock:
        for kind in sorted(kinds):
            chosen = get_descriptor(descriptor, kind)
        distinct, index = _distinct(sides)
        features = featurize(chosen, distinct, workers=workers, show_progress=show_progress)
        return DescribedBlock(name, f"{chosen.name} {chosen.version}", features, index)

    if material_kind != "pair":
        return (block("material", {material_kind}, descriptor_name, keys),)
    pairs = [sides_of(key) for key in keys]
    kinds = {"polymer" if "*" in pair.solute else "molecule" for pair in pairs}
    return (
        block("solute", kinds, descriptor_name, [pair.solute for pair in pairs]),
        block("solvent", {"molecule"}, solvent_name or descriptor_name, [p.solvent for p in pairs]),
        *_temperature(pairs, keys),
    )


def _distinct(sides: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Each side once, in the order of its first row, and which one each row has."""
    place: dict[str, int] = {}
    index = np.array([place.setdefault(side, len(place)) for side in sides], dtype=np.int64)
    return list(place), index


def _temperature(pairs: Sequence[PairSides], keys: Sequence[str]) -> tuple[DescribedBlock, ...]:
    """The block of temperatures; none where there is but one."""
    given = [pair.temperature is not None for pair in pairs]
    if any(given) and not all(given):
        without = keys[given.index(False)]
        raise DataError(
            f"got {given.count(True)} pairs with a temperature and {given.count(False)} without "
            f"({without!r}, for one), expected all or none; give the others theirs in a column"
        )
    values, index = np.unique([pair.temperature or 0.0 for pair in pairs], return_inverse=True)
    if len(values) < 2:
        return ()
    column = Column("temperature", unit="K", source="the pair")
    features = Features.finite(values[:, None].astype(np.float32), [column])
    return (DescribedBlock("temperature", "temperature 1", features, index.astype(np.int64)),)
