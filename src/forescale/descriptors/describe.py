"""The features of a study's materials, one block for each side that a material has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale._machine.executors import Workers
from forescale._machine.plugins import RECEIVED, Trust
from forescale.descriptors.cache import compute, featurize
from forescale.descriptors.contract import Column, Descriptor, Features
from forescale.descriptors.pettifor import cumulative_fractions
from forescale.descriptors.registry import DEFAULT, get_descriptor
from forescale.errors import ConfigError, DataError
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
    cumulative
        Of compositions, shares of the atoms up to each place of Pettifor's scale, shape
        (sides, elements).
    """

    name: str
    version: str
    features: Features
    index: NDArray[np.int64]
    cumulative: NDArray[np.float32] | None = None


def columns_of(blocks: Sequence[DescribedBlock]) -> tuple[str, ...]:
    """Names of all columns, blocks side by side, each with its block's."""
    return tuple(f"{b.name}: {column.name}" for b in blocks for column in b.features.columns)


def describe(
    material_kind: str,
    descriptor_name: str,
    keys: Sequence[str],
    *,
    solvent_name: str | None = None,
    workers: Workers = 1,
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
    sides, temperature = _sides(material_kind, descriptor_name, solvent_name, keys)
    blocks = [
        side.described(
            featurize(side.descriptor, side.keys, workers=workers, show_progress=show_progress)
        )
        for side in sides
    ]
    return (*blocks, *_temperature(temperature, keys))


def describe_new(
    material_kind: str,
    descriptor_name: str,
    keys: Sequence[str],
    *,
    solvent_name: str | None = None,
    temperature: bool = False,
    workers: Workers = 1,
    trust: Trust = RECEIVED,
) -> tuple[DescribedBlock, ...]:
    """Features of materials to predict: every column, NaN where it is undefined.

    Nothing is cached: candidates come by the million and once. Without keys this tells
    versions and columns.

    Parameters
    ----------
    temperature
        Pairs need their temperatures, as they varied in training.
    trust
        Which descriptors of the form ``module:Class`` may be loaded: by default none, for
        the names come from a model, which may have been received.
    """
    sides, given = _sides(material_kind, descriptor_name, solvent_name, keys, trust)
    blocks = [
        side.described(
            Features(compute(side.descriptor, side.keys, workers), side.descriptor.columns)
        )
        for side in sides
    ]
    if temperature:
        values = np.array([np.nan if one is None else one for one in given], dtype=np.float32)
        features = Features(values[:, None], (_TEMPERATURE,))
        blocks.append(
            DescribedBlock("temperature", _TEMPERATURE_VERSION, features, np.arange(len(keys)))
        )
    return tuple(blocks)


_TEMPERATURE = Column("temperature", unit="K", source="the pair")
_TEMPERATURE_VERSION = "temperature 1"


@dataclass(frozen=True)
class _Side:
    """The distinct sides of one kind that materials have, and what describes them."""

    name: str
    descriptor: Descriptor
    keys: list[str]
    index: NDArray[np.int64]

    @classmethod
    def of(
        cls, name: str, kinds: set[str], descriptor: str, sides: Sequence[str], trust: Trust
    ) -> _Side:
        for kind in sorted(kinds):
            chosen = get_descriptor(descriptor, kind, trust=trust)
        return cls(name, chosen, *_distinct(sides))

    def described(self, features: Features) -> DescribedBlock:
        version = f"{self.descriptor.name} {self.descriptor.version}"
        cumulative = None
        if "composition" in self.descriptor.material_kinds:
            cumulative = cumulative_fractions(self.keys)
        return DescribedBlock(self.name, version, features, self.index, cumulative)


def _sides(
    material_kind: str,
    descriptor_name: str,
    solvent_name: str | None,
    keys: Sequence[str],
    trust: Trust = None,
) -> tuple[list[_Side], list[float | None]]:
    """What is described of materials, and their temperatures in K (None without)."""
    if material_kind != "pair":
        return [_Side.of("material", {material_kind}, descriptor_name, keys, trust)], []
    # One descriptor for molecules and repeat units alike: columns of both sides then agree.
    descriptor_name = "structure" if descriptor_name == DEFAULT else descriptor_name
    pairs = [sides_of(key) for key in keys]
    kinds = {"polymer" if "*" in pair.solute else "molecule" for pair in pairs}
    solutes = [pair.solute for pair in pairs]
    solvents = [pair.solvent for pair in pairs]
    return [
        _Side.of(
            "solute", kinds or _any_kind(descriptor_name, trust), descriptor_name, solutes, trust
        ),
        _Side.of("solvent", {"molecule"}, solvent_name or descriptor_name, solvents, trust),
    ], [pair.temperature for pair in pairs]


def _any_kind(descriptor: str, trust: Trust) -> set[str]:
    """A kind of solute that the descriptor describes, where no solute tells."""
    try:
        get_descriptor(descriptor, "molecule", trust=trust)
    except ConfigError:
        return {"polymer"}
    return {"molecule"}


def _distinct(sides: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Each side once, in the order of its first row, and which one each row has."""
    place: dict[str, int] = {}
    index = np.array([place.setdefault(side, len(place)) for side in sides], dtype=np.int64)
    return list(place), index


def _temperature(
    temperatures: list[float | None], keys: Sequence[str]
) -> tuple[DescribedBlock, ...]:
    """The block of temperatures; none where there is but one."""
    given = [temperature is not None for temperature in temperatures]
    if any(given) and not all(given):
        without = keys[given.index(False)]
        raise DataError(
            f"got {given.count(True)} pairs with a temperature and {given.count(False)} without "
            f"({without!r}, for one), expected all or none; give the others theirs in a column"
        )
    values, index = np.unique([one or 0.0 for one in temperatures], return_inverse=True)
    if len(values) < 2:
        return ()
    features = Features.finite(values[:, None].astype(np.float32), [_TEMPERATURE])
    version = _TEMPERATURE_VERSION
    return (DescribedBlock("temperature", version, features, index.astype(np.int64)),)
