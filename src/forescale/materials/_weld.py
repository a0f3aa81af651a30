"""Joining two open ends of a structure without losing its stereochemistry."""

from __future__ import annotations

from collections.abc import Sequence

from rdkit import Chem

_INVERSE = {
    Chem.ChiralType.CHI_TETRAHEDRAL_CW: Chem.ChiralType.CHI_TETRAHEDRAL_CCW,
    Chem.ChiralType.CHI_TETRAHEDRAL_CCW: Chem.ChiralType.CHI_TETRAHEDRAL_CW,
}


def weld(mol: Chem.Mol, joints: Sequence[tuple[int, int]]) -> Chem.Mol:
    """For each pair of open ends (atom indices), remove the two and bond the atoms that held them.

    Marks of double bonds that referred to an open end refer to the new neighbour
    afterwards; tetrahedral marks follow the new order of bonds around the atom.
    """
    editable = Chem.RWMol(mol)
    held = {end: editable.GetAtomWithIdx(end).GetNeighbors()[0].GetIdx() for end in sum(joints, ())}
    across = {a: held[b] for a, b in joints} | {b: held[a] for a, b in joints}
    stereo = _double_bond_marks(editable, across)
    for joint in joints:
        left, right = (held[end] for end in joint)
        bond_type = editable.GetBondBetweenAtoms(left, joint[0]).GetBondType()
        for end in joint:
            _to_last_place(editable.GetAtomWithIdx(held[end]), end)
        for end in joint:
            editable.RemoveBond(held[end], end)
        editable.AddBond(left, right, bond_type)
    for begin, end, marks, kind in stereo:
        bond = editable.GetBondBetweenAtoms(begin, end)
        bond.SetStereoAtoms(*marks)
        bond.SetStereo(kind)
    for end in sorted(held, reverse=True):
        editable.RemoveAtom(end)
    welded = editable.GetMol()
    Chem.SanitizeMol(welded)
    Chem.SetDoubleBondNeighborDirections(welded)
    return welded


def _to_last_place(atom: Chem.Atom, neighbour: int) -> None:
    """Keep the hand of a centre whose bond to a neighbour gives way to a new, last bond."""
    order = [other.GetIdx() for other in atom.GetNeighbors()]
    if (len(order) - 1 - order.index(neighbour)) % 2:  # each neighbour passed is one swap
        atom.SetChiralTag(_INVERSE.get(atom.GetChiralTag(), atom.GetChiralTag()))


def _double_bond_marks(
    mol: Chem.Mol, replacement: dict[int, int]
) -> list[tuple[int, int, list[int], Chem.BondStereo]]:
    """Each marked double bond as (begin, end, reference atoms, cis or trans)."""
    marks = []
    for bond in mol.GetBonds():
        if bond.GetStereo() in (Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOTRANS):
            kind = Chem.BondStereo.STEREOTRANS
        elif bond.GetStereo() in (Chem.BondStereo.STEREOZ, Chem.BondStereo.STEREOCIS):
            kind = Chem.BondStereo.STEREOCIS
        else:
            continue
        reference = [replacement.get(atom, atom) for atom in bond.GetStereoAtoms()]
        marks.append((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), reference, kind))
    return marks
