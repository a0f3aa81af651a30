"""Short chains of a polymer's repeat unit."""

from __future__ import annotations

from typing import Any

from forescale.errors import MaterialError


def oligomer(repeat_unit: str, length: int) -> str:
    """SMILES of ``length`` repeat units joined head to tail, ends capped by hydrogen.

    Parameters
    ----------
    repeat_unit : str
        SMILES with two ``*``, each at the end of a single bond.
    length : int
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
    from rdkit import Chem, rdBase

    from forescale.materials._weld import weld

    with rdBase.BlockLogs():
        unit = Chem.MolFromSmiles(repeat_unit)
    if unit is None:
        raise MaterialError(f"{repeat_unit!r} is not a repeat unit that RDKit can read")
    if len(ends := _open_ends(unit)) != 2 or any(not _is_single(unit, end) for end in ends):
        raise MaterialError(
            f"{repeat_unit!r}: expected a repeat unit with two '*', each at one single bond"
        )
    chain = unit
    for _ in range(length - 1):
        # The open ends that are left stay in order: the first is the head, the last the tail.
        size, tail = chain.GetNumAtoms(), _open_ends(chain)[-1]
        chain = weld(Chem.CombineMols(chain, unit), [(tail, size + ends[0])])
    capped = Chem.RWMol(chain)
    for end in _open_ends(capped):
        capped.GetAtomWithIdx(end).SetAtomicNum(1)
    return str(Chem.MolToSmiles(Chem.RemoveHs(capped.GetMol())))


def _open_ends(mol: Any) -> list[int]:
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]


def _is_single(mol: Any, end: int) -> bool:
    from rdkit import Chem

    bonds = mol.GetAtomWithIdx(end).GetBonds()
    return len(bonds) == 1 and bool(bonds[0].GetBondType() == Chem.BondType.SINGLE)
