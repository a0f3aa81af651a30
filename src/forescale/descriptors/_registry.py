"""Descriptors by the name that study files use."""

from __future__ import annotations

from forescale.descriptors._base import Descriptor
from forescale.errors import ConfigError

_ALIASES = {
    "composition": "element_properties",
    "molecule": "structure",
    "polymer": "periodic",
}


def _all() -> dict[str, Descriptor]:
    from forescale.descriptors.element_fractions import ElementFractions
    from forescale.descriptors.element_properties import ElementProperties
    from forescale.descriptors.force_field import ForceField
    from forescale.descriptors.morgan import MorganCounts
    from forescale.descriptors.periodic import Periodic
    from forescale.descriptors.rdkit2d import RDKit2D
    from forescale.descriptors.structure import Structure

    every: tuple[Descriptor, ...] = (
        Structure(),
        RDKit2D(),
        MorganCounts(),
        ElementProperties(),
        ElementFractions(),
        Periodic(),
        ForceField(),
    )
    return {descriptor.name: descriptor for descriptor in every}


def names() -> tuple[str, ...]:
    """Names that a study file may use."""
    return (*_all(), *_ALIASES)


def get_descriptor(name: str, material_kind: str) -> Descriptor:
    """The descriptor of that name, checked to fit the materials.

    Raises
    ------
    ConfigError
        If there is none of that name or it does not describe such materials.
    """
    descriptor = _all().get(_ALIASES.get(name, name))
    if descriptor is None:
        raise ConfigError(f"descriptor.name: got {name!r}, expected one of {', '.join(names())}")
    wrong_alias = name in _ALIASES and name != material_kind
    if wrong_alias or material_kind not in descriptor.material_kinds:
        raise ConfigError(
            f"descriptor.name: got {name!r}, which does not describe a {material_kind}"
        )
    return descriptor
