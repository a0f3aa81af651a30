"""The features of a study's materials, one block for each side that a material has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors._base import Descriptor, Features
from forescale.descriptors._cache import compute, featurize
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
    return tuple(
        side.described(
            featurize(side.descriptor, side.keys, workers=workers, show_progress=show_progress)
        )
        for side in _sides(material_kind, descriptor_name, keys)
    )


def describe_new(
    material_kind: str, descriptor_name: str, keys: Sequence[str], *, workers: int = 1
) -> tuple[DescribedBlock, ...]:
    """Features of materials to predict: every column, NaN where it is undefined.

    Nothing is cached: candidates come by the million and once. Without keys this tells
    versions and columns.
    """
    return tuple(
        side.described(
            Features(compute(side.descriptor, side.keys, workers), side.descriptor.columns)
        )
        for side in _sides(material_kind, descriptor_name, keys)
    )


@dataclass(frozen=True)
class _Side:
    """The distinct sides of one kind that materials have, and what describes them."""

    name: str
    descriptor: Descriptor
    keys: list[str]
    index: NDArray[np.int64]

    def described(self, features: Features) -> DescribedBlock:
        version = f"{self.descriptor.name} {self.descriptor.version}"
        return DescribedBlock(self.name, version, features, self.index)


def _sides(material_kind: str, descriptor_name: str, keys: Sequence[str]) -> list[_Side]:
    descriptor = get_descriptor(descriptor_name, material_kind)
    place: dict[str, int] = {}
    index = np.array([place.setdefault(key, len(place)) for key in keys], dtype=np.int64)
    return [_Side("material", descriptor, list(place), index)]
