"""Classes that materials fall into, by the names that ``split = "group:NAME"`` uses."""

from __future__ import annotations

from collections.abc import Callable

from forescale.materials.composition import chemical_system

GROUPINGS: dict[str, dict[str, Callable[[str], str]]] = {
    "composition": {"chemical_system": chemical_system},
}
"""For each kind of material: name of a grouping, and the class that it gives a key."""
