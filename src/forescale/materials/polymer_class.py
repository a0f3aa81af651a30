"""Classes of polymers by what links their backbone, for splits by class.

The classes are those that polymer databases sort by (PoLyInfo, polymer.nims.go.jp), told
from the structure of the endless chain. What links the backbone decides; only for a
backbone of carbon do side groups. A chain that fits several classes belongs to the first.
"""

from __future__ import annotations

from functools import cache

from rdkit import Chem

from forescale.materials._chain import chain_of

_REACH = 8

_LINKS = {  # atoms that must lie in the backbone are mapped: [...:1]
    "polyimides": "[#6:1](=O)[#7:1][#6:1](=O)",
    "polyphosphazenes": "[N:1]=[P:1]",
    "polysiloxanes": "[Si:1][O:1]",
    "polysilanes": "[Si:1]",
    "polyurethanes": "[N:1][C:1](=[O,S])[O,S:1]",
    "polyureas": "[N:1][C:1](=[O,S])[N:1]",
    "polycarbonates": "[O,S:1][C:1](=[O,S])[O,S:1]",
    "polyanhydrides": "[C:1](=O)[O:1][C:1](=O)",
    "polyamides": "[#6][C:1](=[O,S])[N:1]",
    "polyesters": "[#6:1][C:1](=[O,S])[O,S:1]",
    "polysulfones": "[S:1](=O)",
    "polyketones": "[#6][C:1](=[O,S])[#6:1]",
    "polysulfides": "[#6,S][Sv2;!a:1][#6,S:1]",
    "polyoxides": "[#6][O;!a:1][#6:1]",
    "polyimines": "[#6;!a:1]=[N:1]",
    "polyamines": "[#6][N;!a:1][#6:1]",
    "polyarylenes": "[a:1][a:1]",
    "polyacetylenes": "[C:1]#[C:1]",
    "polydienes": "[C:1]=[C:1]",
}

_SIDES = {  # on a backbone of carbon: what hangs on it
    "polyhalo-olefins": "[C:1][F,Cl,Br,I]",
    "polystyrenes": "[C:1]-[$(c1aaaaa1),$(c1aaaa1)]",
    "polyacrylics": "[C:1][$(C(=O)[O,N]),$(C#N)]",
    "polyvinyls": "[C:1][!#6;!#1;!#0]",
    "polyolefins": "[C:1]",
}

POLYMER_CLASSES = (*_LINKS, *_SIDES, "others")
"""All classes, in the order in which they are tried."""


def polymer_class(key: str) -> str:
    """Class of a polymer given by its repeat unit.

    Parameters
    ----------
    key
        Repeat unit with two open ends; the same class however it is drawn.

    Examples
    --------
    >>> polymer_class("*CC(*)c1ccccc1"), polymer_class("*OC(C)C(*)=O")
    ('polystyrenes', 'polyesters')
    """
    mol, path = chain_of(key, _REACH)
    backbone = _with_rings(mol, path)
    carbon = all(mol.GetAtomWithIdx(atom).GetAtomicNum() == 6 for atom in path)
    tried = {**_LINKS, **(_SIDES if carbon else {})}
    for name in tried:
        pattern, placed = _pattern(name)
        for match in mol.GetSubstructMatches(pattern, uniquify=False, maxMatches=100_000):
            if backbone.issuperset(match[index] for index in placed):
                return name
    return "others"


def _with_rings(mol: Chem.Mol, path: list[int]) -> frozenset[int]:
    """Atoms of the path and of every ring that it runs through."""
    on_path = set(path)
    rings = [set(ring) for ring in mol.GetRingInfo().AtomRings()]
    return frozenset(on_path.union(*(ring for ring in rings if len(ring & on_path) > 1)))


@cache
def _pattern(name: str) -> tuple[Chem.Mol, tuple[int, ...]]:
    """Query of a class, and which of its atoms must lie in the backbone."""
    query = Chem.MolFromSmarts({**_LINKS, **_SIDES}[name])
    return query, tuple(a.GetIdx() for a in query.GetAtoms() if a.GetAtomMapNum())
