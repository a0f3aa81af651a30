"""Joining two open ends of a structure without losing its stereochemistry."""

from __future__ import annotations

from rdkit import Chem

_INVERSE = {
    Chem.ChiralType.CHI_TETRAHEDRAL_CW: Chem.ChiralType.CHI_TETRAHEDRAL_CCW,
    Chem.ChiralType.CHI_TETRAHEDRAL_CCW: Chem.ChiralType.CHI_TETRAHEDRAL_CW,
}


def weld(mol: Chem.Mol, first: int, second: int) -> Chem.Mol:
    """Remove two open ends (atom indices) and bond the atoms that held them.

    Marks of double bonds that referred to an open end refer to the new neighbour
    afterwards; tetrahedral marks follow the new order of bonds around the atom.
    """
    editable = Chem.RWMol(mol)
    ends = (first, second)
    (left,), (right,) = (editable.GetAtomWithIdx(end).GetNeighbors() for end in ends)
    bond_type = editable.GetBondBetweenAtoms(left.GetIdx(), first).GetBondType()
    stereo = _double_bond_marks(editable, {first: right.GetIdx(), second: left.GetIdx()})
    for atom, end in ((left, first), (right, second)):
        # The new bond comes last around the atom: each neighbour it passes is one swap.
        order = [neighbour.GetIdx() for neighbour in atom.GetNeighbors()]
        if (len(order) - 1 - order.index(end)) % 2:
            atom.SetChiralTag(_INVERSE.get(atom.GetChiralTag(), atom.GetChiralTag()))
    for atom, end in ((left, first), (right, second)):
        editable.RemoveBond(atom.GetIdx(), end)
    editable.AddBond(left.GetIdx(), right.GetIdx(), bond_type)
    for begin, end, marks, kind in stereo:
        bond = editable.GetBondBetweenAtoms(begin, end)
        bond.SetStereoAtoms(*marks)
        bond.SetStereo(kind)
    for end in sorted(ends, reverse=True):
        editable.RemoveAtom(end)
    welded = editable.GetMol()
    Chem.SanitizeMol(welded)
    Chem.SetDoubleBondNeighborDirections(welded)
    return welded


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
