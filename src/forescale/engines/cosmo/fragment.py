"""What to compute for a material: a molecule whole, a polymer as a piece of its chain.

The piece of a chain is the repeat unit with what lies within some bonds of it. It ends at carbon
or silicon only, so that the hydrogens which cap it make no new polar group: rings, multiple bonds
and functional groups stay whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forescale.engines.cosmo.surface import Flags, Integers
from forescale.engines.oligomers import chain_of_units
from forescale.errors import MaterialError

ENDS = (6, 14)
"""Atoms on which a piece may end."""


@dataclass(frozen=True)
class Piece:
    """A closed-shell molecule to compute, and which of its atoms count.

    Attributes
    ----------
    smiles
        Canonical SMILES.
    molecule
        With hydrogens as atoms.
    inner
        Atoms of the molecule, or of the repeat unit; shape (atoms,).
    """

    smiles: str
    molecule: Any
    inner: Flags

    @property
    def numbers(self) -> Integers:
        """Atomic numbers, shape (atoms,)."""
        return np.array([a.GetAtomicNum() for a in self.molecule.GetAtoms()], dtype=np.int64)

    @property
    def bonds(self) -> Integers:
        """Atoms that are bound to each other, shape (bonds, 2)."""
        pairs = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in self.molecule.GetBonds()]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def piece_of(material: str, flank: int) -> Piece:
    """The molecule, or the repeat unit with the chain around it.

    Parameters
    ----------
    material
        SMILES of a molecule, or of a repeat unit with two ``*``.
    flank
        Bonds on either side of the unit within which the chain is kept.

    Raises
    ------
    MaterialError
        If the string is neither.

    Examples
    --------
    >>> piece_of("*CCO*", 2).smiles
    'CCOCCOC'
    >>> piece_of("*CC(*)c1ccccc1", 2).smiles
    'CCC(CC(C)c1ccccc1)c1ccccc1'
    """
    if "*" in material:
        return _piece_of_chain(material, flank)
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        parsed = Chem.MolFromSmiles(material)
    if parsed is None:
        raise MaterialError(f"{material!r} is not a molecule that RDKit can read")
    molecule = Chem.AddHs(parsed)
    return Piece(Chem.MolToSmiles(parsed), molecule, np.ones(molecule.GetNumAtoms(), dtype=bool))


def _piece_of_chain(unit: str, flank: int) -> Piece:
    """As many neighbours on either side as needed: one, or more where units are short."""
    for neighbours in (*range(1, flank + 2), 1):
        chain, middle = chain_of_units(unit, neighbours)
        kept = _kept(chain, middle, flank)
        if not any(chain.GetAtomWithIdx(atom).GetAtomicNum() == 0 for atom in kept):
            break  # otherwise an end of the chain was reached: try a longer one
    # A chain that may be cut nowhere, such as -N=PX2-, is taken with one neighbour on either side.
    return _capped(chain, kept, middle)


def _kept(chain: Any, middle: set[int], flank: int) -> set[int]:
    """Heavy atoms of the piece."""
    kept = set(middle)
    for _ in range(flank):
        kept |= {n.GetIdx() for i in kept for n in chain.GetAtomWithIdx(i).GetNeighbors()}
    rings = [set(ring) for ring in chain.GetRingInfo().AtomRings()]
    while True:
        more = set().union(*(ring for ring in rings if ring & kept))
        for index in kept:
            atom = chain.GetAtomWithIdx(index)
            more |= {other.GetIdx() for other in atom.GetNeighbors() if _belongs(atom, other)}
        outside = {n.GetIdx() for i in kept for n in chain.GetAtomWithIdx(i).GetNeighbors()} - kept
        more |= {i for i in outside if len(_neighbours(chain, i) & kept) > 1}
        if more <= kept:
            return kept
        kept |= more


def _neighbours(chain: Any, index: int) -> set[int]:
    return {other.GetIdx() for other in chain.GetAtomWithIdx(index).GetNeighbors()}


def _belongs(atom: Any, other: Any) -> bool:
    """Whether a piece that holds ``atom`` must hold its neighbour ``other`` as well."""
    bond = atom.GetOwningMol().GetBondBetweenAtoms(atom.GetIdx(), other.GetIdx())
    return bool(
        (bond.GetBondTypeAsDouble() > 1.0 and not bond.GetIsAromatic())
        or (other.GetDegree() == 1 and other.GetAtomicNum() != 0)
        or atom.GetAtomicNum() not in ENDS
        or _is_carbonyl(atom)
    )


def _is_carbonyl(atom: Any) -> bool:
    """Whether the atom has a multiple bond, in no ring, to a hetero atom: C=O, C=N, C#N."""
    return any(
        bond.GetBondTypeAsDouble() > 1.0
        and not bond.IsInRing()
        and bond.GetOtherAtom(atom).GetAtomicNum() not in (0, *ENDS)
        for bond in atom.GetBonds()
    )


def _capped(chain: Any, kept: set[int], middle: set[int]) -> Piece:
    """The kept atoms; each bond that was cut ends in a hydrogen."""
    from rdkit import Chem

    editable = Chem.RWMol(chain)
    caps = {i for k in kept for i in _neighbours(chain, k)} - kept
    caps |= {i for i in kept if chain.GetAtomWithIdx(i).GetAtomicNum() == 0}
    for index in middle:
        editable.GetAtomWithIdx(index).SetBoolProp("inner", True)
    for index in caps:  # turned into hydrogen in place, which leaves stereo marks as they are
        for other in _neighbours(chain, index) - kept:
            editable.RemoveBond(index, other)
        editable.ReplaceAtom(index, Chem.Atom(1))
    editable.BeginBatchEdit()
    for index in set(range(chain.GetNumAtoms())) - kept - caps:
        editable.RemoveAtom(index)
    editable.CommitBatchEdit()
    bare = editable.GetMol()
    Chem.SanitizeMol(bare)
    smiles = Chem.MolToSmiles(Chem.RemoveHs(bare))
    molecule = Chem.AddHs(bare)
    inner = np.array([_is_inner(atom) for atom in molecule.GetAtoms()])
    return Piece(smiles, molecule, inner)


def _is_inner(atom: Any) -> bool:
    """Whether the atom is the unit's own, or a hydrogen on such an atom."""
    if atom.GetAtomicNum() == 1:
        return any(other.HasProp("inner") for other in atom.GetNeighbors())
    return bool(atom.HasProp("inner"))
