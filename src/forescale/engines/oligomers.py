"""Short chains of a polymer's repeat unit."""

from __future__ import annotations

from typing import Any

from forescale.errors import MaterialError


def oligomer(repeat_unit: str, length: int) -> str:
    """SMILES of ``length`` repeat units joined head to tail, ends capped by hydrogen.

    Parameters
    ----------
    repeat_unit
        SMILES with two ``*``, each at the end of a single bond.
    length
        Number of units, at least 1.

    Raises
    ------
    MaterialError
        If the string is not such a repeat unit.

    Examples
    --------
    >>> oligomer("*CC(*)C", 2)
    'CCCC(C)C'
    """
    from rdkit import Chem

    capped = Chem.RWMol(_welded(_parsed(repeat_unit), length))
    for end in _open_ends(capped):
        capped.GetAtomWithIdx(end).SetAtomicNum(1)
    return str(Chem.MolToSmiles(Chem.RemoveHs(capped.GetMol())))


def chain_of_units(repeat_unit: str, neighbours: int) -> tuple[Any, set[int]]:
    """A repeat unit between others, and the indices of its own atoms.

    Parameters
    ----------
    repeat_unit
        SMILES with two ``*``, each at the end of a single bond.
    neighbours
        Units on either side of it.

    Returns
    -------
    molecule
        The chain, with ``*`` at both ends.
    middle
        Atoms of the unit in the middle.

    Raises
    ------
    MaterialError
        If the string is not such a repeat unit.

    Examples
    --------
    >>> chain, middle = chain_of_units("*CC(*)C", 1)
    >>> chain.GetNumAtoms(), len(middle)
    (11, 3)
    """
    unit = _parsed(repeat_unit)
    chain = _welded(unit, 2 * neighbours + 1)
    size = unit.GetNumAtoms() - 2
    heavy = [atom.GetIdx() for atom in chain.GetAtoms() if atom.GetAtomicNum() != 0]
    return chain, set(heavy[neighbours * size : (neighbours + 1) * size])


def _parsed(repeat_unit: str) -> Any:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        unit = Chem.MolFromSmiles(repeat_unit)
    if unit is None:
        raise MaterialError(f"{repeat_unit!r} is not a repeat unit that RDKit can read")
    if len(ends := _open_ends(unit)) != 2 or any(not _is_single(unit, end) for end in ends):
        raise MaterialError(
            f"{repeat_unit!r}: expected a repeat unit with two '*', each at one single bond"
        )
    return unit


def _welded(unit: Any, length: int) -> Any:
    """``length`` units in a row, atoms in the order of the units, ``*`` at both ends."""
    from rdkit import Chem

    from forescale.materials._weld import weld

    chain, ends = unit, _open_ends(unit)
    for _ in range(length - 1):
        # The open ends that are left stay in order: the first is the head, the last the tail.
        size, tail = chain.GetNumAtoms(), _open_ends(chain)[-1]
        chain = weld(Chem.CombineMols(chain, unit), [(tail, size + ends[0])])
    return chain


def _open_ends(mol: Any) -> list[int]:
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]


def _is_single(mol: Any, end: int) -> bool:
    from rdkit import Chem

    bonds = mol.GetAtomWithIdx(end).GetBonds()
    return len(bonds) == 1 and bool(bonds[0].GetBondType() == Chem.BondType.SINGLE)
