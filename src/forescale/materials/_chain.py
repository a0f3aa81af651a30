"""Chains of a polymer's repeat unit, and what one more unit adds to them.

A property that is a sum over small neighbourhoods (fragments, atoms with their
surroundings) grows by the same amount with every unit once a chain is longer than a
neighbourhood is wide, and what the two ends do cancels in the difference between two
chains. No ring is closed, so no ring or aromaticity appears that the polymer does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from rdkit import Chem

from forescale.materials._isotopes import unlabelled

_HYDROGEN, _CARBON = 1, 6


def chain_of(repeat_unit: str, reach: int) -> tuple[Chem.Mol, list[int]]:
    """Two or more units with open ends, at least ``reach`` atoms long, and their backbone.

    Returns
    -------
    mol
        The chain, without stereochemistry.
    backbone
        Its atoms along the shortest way from end to end, open ends not counted.

    Examples
    --------
    >>> mol, backbone = chain_of("*CO*", reach=5)
    >>> Chem.MolToSmiles(mol), len(backbone)
    ('*COCOCO*', 6)
    """
    unit, length = _unit(repeat_unit)
    mol = _joined(unit, max(2, ceil(reach / length)))
    Chem.SanitizeMol(mol)
    return mol, list(Chem.GetShortestPath(mol, *_open_ends(mol)))[1:-1]


@dataclass(frozen=True)
class ChainPair:
    """Two chains of a repeat unit, capped, the second one unit longer than the first.

    Parameters
    ----------
    shorter, longer
        The chains; what differs between them is one unit of the endless chain.
    backbone
        Atoms along the shortest way through the unit.
    """

    shorter: Chem.Mol
    longer: Chem.Mol
    backbone: int

    @classmethod
    def of(cls, repeat_unit: str, reach: int) -> ChainPair:
        """Chains of which the shorter has at least ``reach`` backbone atoms.

        Stereochemistry is left out. Raises RDKit's ``ValueError`` if a chain is chemically
        invalid.

        Examples
        --------
        >>> pair = ChainPair.of("*CO*", reach=5)
        >>> Chem.MolToSmiles(pair.longer), pair.backbone
        ('COCOCOCO', 2)
        """
        unit, backbone = _unit(repeat_unit)
        units = max(1, ceil(reach / backbone))
        return cls(_capped(_joined(unit, units)), _capped(_joined(unit, units + 1)), backbone)

    def unlabelled(self) -> ChainPair:
        """The same chains of the natural mixture of isotopes.

        >>> Chem.MolToSmiles(ChainPair.of("*C([2H])([2H])O*", reach=1).unlabelled().shorter)
        'CO'
        """
        return ChainPair(unlabelled(self.shorter), unlabelled(self.longer), self.backbone)


def _unit(repeat_unit: str) -> tuple[Chem.Mol, int]:
    """The unit without stereochemistry, and how many atoms long it is."""
    unit = Chem.MolFromSmiles(repeat_unit)
    Chem.RemoveStereochemistry(unit)
    return unit, len(Chem.GetShortestPath(unit, *_open_ends(unit))) - 2


def _open_ends(unit: Chem.Mol) -> tuple[int, int]:
    first, last = (atom.GetIdx() for atom in unit.GetAtoms() if atom.GetAtomicNum() == 0)
    return first, last


def _joined(unit: Chem.Mol, units: int) -> Chem.Mol:
    """Units joined head to tail, the outer ends open."""
    head, tail = _open_ends(unit)
    size = unit.GetNumAtoms()
    bond = unit.GetAtomWithIdx(head).GetBonds()[0].GetBondType()
    (after_head,) = (atom.GetIdx() for atom in unit.GetAtomWithIdx(head).GetNeighbors())
    (before_tail,) = (atom.GetIdx() for atom in unit.GetAtomWithIdx(tail).GetNeighbors())
    row = Chem.Mol()
    for _ in range(units):
        row = Chem.CombineMols(row, unit)
    chain = Chem.RWMol(row)
    for place in range(units - 1):
        chain.AddBond(place * size + before_tail, (place + 1) * size + after_head, bond)
    outer = {head, (units - 1) * size + tail}
    inner = {place * size + end for place in range(units) for end in (head, tail)} - outer
    for end in sorted(inner, reverse=True):
        chain.RemoveAtom(end)
    return chain.GetMol()


def _capped(chain: Chem.Mol) -> Chem.Mol:
    """Ends capped by hydrogen, or by carbon at a multiple bond."""
    for end in _open_ends(chain):
        atom = chain.GetAtomWithIdx(end)
        single = atom.GetBonds()[0].GetBondType() == Chem.BondType.SINGLE
        atom.SetAtomicNum(_HYDROGEN if single else _CARBON)
    Chem.SanitizeMol(chain)
    return Chem.RemoveHs(chain)
