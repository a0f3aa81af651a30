"""Descriptors by the name that study files use.

A package announces a descriptor, a class that takes no arguments, in its ``pyproject.toml``::

    [project.entry-points."forescale.descriptors"]
    shape = "my_package.shape:Shape"

A study file may also name it directly: ``name = "my_package.shape:Shape"``. What is trusted,
and when, is told in ``docs/trust.md``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from forescale._machine.plugins import PluginKind, Trust, build, lacks_of_class
from forescale.descriptors.contract import Descriptor
from forescale.errors import ConfigError

DEFAULT = "default"
"""The descriptor of the kind of material, whichever that is."""

_ALIASES = {
    "composition": "element_properties",
    "molecule": "structure",
    "polymer": "periodic",
}


def _lacks(found: Any) -> str:
    lacks = lacks_of_class(found, {"rows": 1}, ["columns"])
    return lacks and f"{lacks} (see forescale.descriptors.Descriptor)"


DESCRIPTORS = PluginKind(
    what="descriptor",
    key="descriptor.name",
    group="forescale.descriptors",
    own={
        "structure": "forescale.descriptors.structure:Structure",
        "rdkit2d": "forescale.descriptors.rdkit2d:RDKit2D",
        "morgan": "forescale.descriptors.morgan:MorganCounts",
        "element_properties": "forescale.descriptors.element_properties:ElementProperties",
        "element_fractions": "forescale.descriptors.element_fractions:ElementFractions",
        "periodic": "forescale.descriptors.periodic:Periodic",
        "force_field": "forescale.descriptors.force_field:ForceField",
    },
    lacks=_lacks,
)


def names() -> tuple[str, ...]:
    """Names that a study file may use."""
    return (DEFAULT, *DESCRIPTORS.names(), *_ALIASES)


def get_descriptor(name: str, material_kind: str, *, trust: Trust = None) -> Descriptor:
    """The descriptor of that name, or at ``module:Class``, checked to fit the materials.

    Parameters
    ----------
    trust
        Which names of the form ``module:Class`` may be loaded; see
        :func:`forescale.learners.get_learner`.

    Raises
    ------
    ConfigError
        If there is none of that name or it does not describe such materials.
    """
    name = material_kind if name == DEFAULT and material_kind in _ALIASES else name
    descriptor = _built(DESCRIPTORS.resolve(_ALIASES.get(name, name), trust=trust))
    wrong_alias = name in _ALIASES and name != material_kind
    if wrong_alias or material_kind not in descriptor.material_kinds:
        raise ConfigError(
            f"descriptor.name: got {name!r}, which does not describe a {material_kind}; expected "
            f"one of {', '.join(fitting(material_kind))}"
        )
    return descriptor


def fitting(material_kind: str) -> list[str]:
    """Our own descriptors of a kind of material, the default first."""
    own = [
        name
        for name, spec in DESCRIPTORS.own.items()
        if material_kind in _built(spec).material_kinds
    ]
    return sorted(own, key=lambda name: name != _ALIASES.get(material_kind))


def check_name(name: str, *, trust: Trust = None) -> None:
    """Refuse a name that is none of ours, not announced and not trusted; nothing is imported."""
    if name != DEFAULT:
        DESCRIPTORS.resolve(_ALIASES.get(name, name), trust=trust)


@cache
def _built(spec: str) -> Descriptor:
    descriptor = build("descriptor", DESCRIPTORS.load(spec), {})
    if not isinstance(descriptor, Descriptor):
        raise ConfigError(
            f"descriptor.name: {spec} is no descriptor: expected attributes 'name', 'version', "
            "'material_kinds' and 'columns' and a method 'rows' (see "
            "forescale.descriptors.Descriptor)"
        )
    return descriptor
