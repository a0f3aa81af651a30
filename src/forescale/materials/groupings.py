"""Classes that materials fall into, by the names that ``split = "group:NAME"`` uses."""

from __future__ import annotations

from collections.abc import Callable

from rdkit import Chem

from forescale.materials._isotopes import unlabelled
from forescale.materials.composition import chemical_system
from forescale.materials.pair import sides_of
from forescale.materials.polymer_class import polymer_class


def scaffold(key: str) -> str:
    """Rings of a molecule and what joins them (Bemis and Murcko), doi 10.1021/jm9602928.

    >>> scaffold("CCc1ccccc1"), scaffold("CCO")
    ('c1ccccc1', '')
    """
    from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles

    plain = unlabelled(Chem.MolFromSmiles(key))
    return str(MurckoScaffoldSmiles(mol=plain))  # type: ignore[no-untyped-call]


def solute(key: str) -> str:
    """Solute, or polymer, of a pair's key."""
    return sides_of(key).solute


def solvent(key: str) -> str:
    """Solvent of a pair's key.

    >>> solvent("CCO in O at 298.15 K")
    'O'
    """
    return sides_of(key).solvent


def without_temperature(key: str) -> str:
    """A pair's key without its temperature.

    >>> without_temperature("CCO in O at 298.15 K")
    'CCO in O'
    """
    return key.partition(" at ")[0]


GROUPINGS: dict[str, dict[str, Callable[[str], str]]] = {
    "composition": {"chemical_system": chemical_system},
    "molecule": {"scaffold": scaffold},
    "pair": {
        "solute": solute,
        "polymer": solute,
        "solvent": solvent,
        "pair": without_temperature,
    },
    "polymer": {"polymer_class": polymer_class},
}
"""For each kind of material: name of a grouping, and the class that it gives a key."""
