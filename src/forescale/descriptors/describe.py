"""The features of a study's materials, one block for each side that a material has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors._base import Features
from forescale.descriptors._cache import featurize
from forescale.descriptors._registry import get_descriptor


@dataclass(frozen=True)
class DescribedBlock:
    """Features of one side of the materials, each distinct side once.

    Parameters
    ----------
    name
        What the side is: ``material``, or the name of a pair's side.
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
    workers: int = 1,
    show_progress: bool = True,
) -> tuple[DescribedBlock, ...]:
    """Features of materials, given by canonical key.

    Raises
    ------
    ConfigError
        If the descriptor does not describe such materials.
    """
    descriptor = get_descriptor(descriptor_name, material_kind)
    place: dict[str, int] = {}
    index = np.array([place.setdefault(key, len(place)) for key in keys], dtype=np.int64)
    features = featurize(descriptor, list(place), workers=workers, show_progress=show_progress)
    return (DescribedBlock("material", f"{descriptor.name} {descriptor.version}", features, index),)
