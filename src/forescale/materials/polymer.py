"""A linear homopolymer given by its repeat unit.

The repeat unit is what counts, not how it is drawn: the direction, the place where the
chain is cut, and writing the unit twice do not change the polymer. The unit is therefore
cut at every acyclic single bond of the backbone into *segments*; the chain is the endless
repetition of their cyclic sequence, and the key is the least of all its rotations, in
both directions, of one primitive period.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rdkit import Chem

from forescale.errors import MaterialError
from forescale.materials._rdkit import STEREO, canonical, mol_from_smiles, settled
from forescale.materials._weld import weld

_SIDES = frozenset(
    {
        Chem.BondStereo.STEREOE,
        Chem.BondStereo.STEREOZ,
        Chem.BondStereo.STEREOCIS,
        Chem.BondStereo.STEREOTRANS,
    }
)
_HEAD, _TAIL = 1, 2  # isotope labels of a segment's two open ends


@dataclass(frozen=True)
class Polymer:
    """A polymer given by a repeat unit with two open ends, written ``*``.

    Parameters
    ----------
    key
        Canonical SMILES of the smallest repeat unit.

    Examples
    --------
    >>> {Polymer.parse(unit).key for unit in ("*CCO*", "*OCC*", "*COC*", "*CCOCCO*")}
    {'*CCO*'}
    """

    key: str

    @classmethod
    def parse(cls, repeat_unit: str) -> Polymer:
        """Parse a repeat unit; raises :class:`MaterialError` unless it has two open ends."""
        mol = mol_from_smiles(repeat_unit)
        ends = _open_ends(mol, repeat_unit)
        if mol.GetBondBetweenAtoms(*ends) is not None:
            raise MaterialError(f"got {repeat_unit!r}, a repeat unit without atoms")
        orders = {mol.GetAtomWithIdx(end).GetBonds()[0].GetBondType() for end in ends}
        if len(orders) > 1:
            raise MaterialError(
                f"got {repeat_unit!r}, whose two ends have bonds of different order: "
                "units cannot be joined"
            )
        for end in ends:
            mol.GetAtomWithIdx(end).SetIsotope(0)  # [1*]CC[2*] numbers the ends
        if orders != {Chem.BondType.SINGLE}:
            mol = _cut_at_single_bond(mol, ends)
        key = _canonical_unit(mol)
        if STEREO.intersection(key):  # marks can become redundant once a unit is rearranged
            key = settled(key, lambda unit: _canonical_unit(Chem.MolFromSmiles(unit)))
        return cls(key)


def _open_ends(mol: Chem.Mol, text: str) -> tuple[int, int]:
    ends = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    if len(ends) != 2:
        raise MaterialError(
            f"got {text!r} with {len(ends)} open ends ('*'), expected a repeat unit with two"
        )
    if len(Chem.GetMolFrags(mol)) > 1:
        raise MaterialError(f"got {text!r}, which is in several pieces, expected one repeat unit")
    if any(mol.GetAtomWithIdx(end).GetDegree() != 1 for end in ends):
        raise MaterialError(
            f"got {text!r}, whose '*' lies inside the unit, expected it at the ends"
        )
    return ends[0], ends[1]


def _canonical_unit(mol: Chem.Mol) -> str:
    first, last = (atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0)
    forward = _segments(mol, (first, last))
    backward = [_reversed(segment) for segment in reversed(forward)]
    period = _primitive_period(forward)
    candidates = [
        tuple((way[start:] + way[:start])[:period])
        for way in (forward, backward)
        for start in range(len(way))
    ]
    return _join(min(candidates))


def _cuttable(
    mol: Chem.Mol, path: tuple[int, ...], order: Chem.BondType = Chem.BondType.SINGLE
) -> list[Chem.Bond]:
    """Acyclic bonds of one order between the atoms of a path, open ends not counted.

    None where one of them has sides, which a cut would lose.
    """
    bonds = [mol.GetBondBetweenAtoms(*pair) for pair in pairwise(path[1:-1])]
    found = [bond for bond in bonds if bond.GetBondType() == order and not bond.IsInRing()]
    return [] if any(bond.GetStereo() in _SIDES for bond in found) else found


def _cut_at_single_bond(mol: Chem.Mol, ends: tuple[int, int]) -> Chem.Mol:
    """The same chain cut at a single bond instead of the multiple bond between its units."""
    bonds = _cuttable(mol, Chem.GetShortestPath(mol, *ends))
    if not bonds:
        return mol
    opened = Chem.FragmentOnBonds(mol, [bonds[0].GetIdx()], dummyLabels=[(0, 0)])
    return Chem.MolFromSmiles(canonical(weld(opened, [ends])))


def _segments(mol: Chem.Mol, ends: tuple[int, int]) -> list[str]:
    """Canonical SMILES of the backbone's segments in order, open ends labelled."""
    path = Chem.GetShortestPath(mol, *ends)
    editable = Chem.RWMol(mol)
    for end, label in zip(ends, (_HEAD, _TAIL), strict=True):
        editable.GetAtomWithIdx(end).SetIsotope(label)
    # a chain that is conjugated throughout has no single bond to cut: its units' own bonds then
    bonds = _cuttable(mol, path, mol.GetAtomWithIdx(ends[0]).GetBonds()[0].GetBondType())
    place = {atom: index for index, atom in enumerate(path)}
    # The dummy that takes the place of a bond's first atom gets the first label.
    labels = [
        (_HEAD, _TAIL)
        if place[bond.GetBeginAtomIdx()] < place[bond.GetEndAtomIdx()]
        else (_TAIL, _HEAD)
        for bond in bonds
    ]
    if not bonds:
        return [canonical(editable.GetMol())]
    pieces = Chem.FragmentOnBonds(
        editable.GetMol(), [bond.GetIdx() for bond in bonds], dummyLabels=labels
    )
    by_atom: dict[int, int] = {}
    atoms_of: list[tuple[int, ...]] = []
    mols = Chem.GetMolFrags(pieces, asMols=True, fragsMolAtomMapping=atoms_of)
    for index, atoms in enumerate(atoms_of):
        by_atom.update(dict.fromkeys(atoms, index))
    order = list(dict.fromkeys(by_atom[atom] for atom in path[1:-1]))
    return [canonical(mols[index]) for index in order]


@lru_cache(maxsize=50_000)
def _reversed(segment: str) -> str:
    mol = Chem.MolFromSmiles(segment)
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetIsotope(_HEAD + _TAIL - atom.GetIsotope())
    return canonical(mol)


def _primitive_period(sequence: list[str]) -> int:
    """Length of the shortest block whose repetition is the cyclic sequence."""
    length = len(sequence)
    return next(
        period
        for period in range(1, length + 1)
        if length % period == 0 and sequence == sequence[:period] * (length // period)
    )


def _join(segments: tuple[str, ...]) -> str:
    """One repeat unit from its segments, tail to head."""
    chain = Chem.Mol()
    heads: list[int] = []
    tails: list[int] = []
    for segment in segments:
        piece = Chem.MolFromSmiles(segment)
        for atom in piece.GetAtoms():
            if atom.GetAtomicNum() == 0:
                ends = heads if atom.GetIsotope() == _HEAD else tails
                ends.append(chain.GetNumAtoms() + atom.GetIdx())
                atom.SetIsotope(0)
        chain = Chem.CombineMols(chain, piece)
    joints = list(zip(tails[:-1], heads[1:], strict=True))
    return canonical(Chem.MolFromSmiles(canonical(weld(chain, joints))))
