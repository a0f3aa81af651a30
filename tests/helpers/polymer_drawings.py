"""Textbook polymers, and other drawings of a repeat unit, made without the code under test.

The chain is closed into a ring, which has no beginning, and opened at another bond of its
backbone.
"""

import tomllib
from itertools import pairwise
from pathlib import Path

from rdkit import Chem

TEXTBOOK = tomllib.loads(
    (Path(__file__).parent / "textbook_polymers.toml").read_text(encoding="utf-8")
)
PLAIN, STEREO = TEXTBOOK["plain"], TEXTBOOK["stereo"]


def open_ends(mol):
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]


def redraw(unit: str, seed: int) -> str:
    """The same graph with another order of atoms, branches and ring numbers."""
    return str(Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(unit), 1, randomSeed=seed)[0])


def repeat(unit: str, times: int) -> str:
    """The unit written several times over, head to tail."""
    chain = Chem.MolFromSmiles(unit)
    for _ in range(times - 1):
        tail = open_ends(chain)[1]
        piece = Chem.MolFromSmiles(unit)
        head = open_ends(piece)[0] + chain.GetNumAtoms()
        chain = _bond_neighbours(Chem.CombineMols(chain, piece), tail, head)
    return Chem.MolToSmiles(chain)


def reverse(unit: str) -> str:
    """The unit written from its other end."""
    mol = Chem.MolFromSmiles(unit)
    return Chem.MolToSmiles(mol, rootedAtAtom=open_ends(mol)[1], canonical=False)


def cuts(unit: str) -> list[str]:
    """The chain opened at every acyclic single bond of its backbone."""
    mol = Chem.MolFromSmiles(repeat(unit, 2))
    first, last = open_ends(mol)
    path = Chem.GetShortestPath(mol, first, last)[1:-1]
    pairs = [
        (a, b)
        for a, b in pairwise(path)
        if mol.GetBondBetweenAtoms(a, b).GetBondType() == Chem.BondType.SINGLE
        and not mol.GetBondBetweenAtoms(a, b).IsInRing()
    ]
    found = []
    for a, b in pairs:
        opened = Chem.RWMol(mol)
        opened.RemoveBond(a, b)
        for atom in (a, b):
            dummy = opened.AddAtom(Chem.Atom(0))
            opened.AddBond(atom, dummy, Chem.BondType.SINGLE)
        found.append(Chem.MolToSmiles(_bond_neighbours(opened.GetMol(), first, last)))
    return found


def _bond_neighbours(mol, first, second):
    """Join the atoms that two open ends hang on, and drop the ends."""
    editable = Chem.RWMol(mol)
    (left,), (right,) = (editable.GetAtomWithIdx(end).GetNeighbors() for end in (first, second))
    bond_type = editable.GetBondBetweenAtoms(left.GetIdx(), first).GetBondType()
    editable.AddBond(left.GetIdx(), right.GetIdx(), bond_type)
    for end in sorted((first, second), reverse=True):
        editable.RemoveAtom(end)
    joined = editable.GetMol()
    Chem.SanitizeMol(joined)
    return joined


def other_drawings(unit: str) -> list[str]:
    redrawn = [redraw(unit, seed) for seed in (1, 2, 3)]
    return [*redrawn, reverse(unit), repeat(unit, 2), repeat(unit, 3), *cuts(unit)]
