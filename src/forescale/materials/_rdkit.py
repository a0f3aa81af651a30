"""Parsing SMILES with RDKit, with its complaints turned into messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from rdkit import Chem, rdBase

from forescale.errors import MaterialError
from forescale.materials._charges import unified
from forescale.materials._spreadsheets import number_for_material

STEREO = frozenset("/\\@")
"""Marks of stereochemistry in SMILES."""

_STRAY = re.compile(r"[^!-~]")
_HYDROGEN = Chem.MolFromSmarts("[#1]")  # a match costs far less than a loop over the atoms

MAX_LENGTH = 2_000
"""Longest SMILES accepted, in characters: far above any repeat unit or small molecule."""


@cache
def _quiet() -> None:
    # RDKit writes its complaints to the process's stderr; ours go into the error instead.
    rdBase.DisableLog("rdApp.*")


def mol_from_smiles(smiles: str) -> Chem.Mol:
    """Parse and sanitise one SMILES string, or say what is wrong with it.

    Atom maps are cleared: they number the atoms of a drawing and say nothing of the material.
    Charges are drawn in one way (:mod:`forescale.materials._charges`).
    """
    _quiet()
    if not isinstance(smiles, str) or not smiles.strip():
        raise MaterialError(f"got {smiles!r}, expected a SMILES string")
    text = smiles.strip()
    if len(text) > MAX_LENGTH:
        raise MaterialError(
            f"got a SMILES of {len(text)} characters, expected at most {MAX_LENGTH}"
        )
    if len(text.split()) > 1:
        # readers of SMILES take what follows for a name: another material, silently
        raise MaterialError(
            f"got {text!r}, which is not valid SMILES: it has white space inside, and what "
            "follows would be lost; a name or a second material belongs in a column of its own"
        )
    if stray := _STRAY.search(text):
        # RDKit drops some of them at the ends: "CCО" with a Cyrillic О would be ethane
        raise MaterialError(
            f"got {text!r}, which is not valid SMILES: {stray[0]!r} ({_named(stray[0])}) is no "
            "character of it, whatever it looks like"
        )
    mol = Chem.MolFromSmiles(text, sanitize=False)
    if mol is None:
        raise _no_smiles(text)
    problems = Chem.DetectChemistryProblems(mol)
    if problems:
        raise MaterialError(f"got {text!r}, which is chemically invalid: {problems[0].Message()}")
    if "[" in text:
        for atom in mol.GetAtoms():
            atom.SetAtomMapNum(0)
        _refuse_unknown_isotopes(mol, text)
    Chem.SanitizeMol(mol)
    if "~" in text or ":" in text:
        _refuse_indefinite_bonds(mol, text)
    mol = unified(mol)
    if mol.HasSubstructMatch(_HYDROGEN):
        mol = Chem.RemoveHs(mol)  # [H]C is CH4 too; isotopes and H2 stay
    Chem.AssignStereochemistry(mol, cleanIt=True)
    if mol.GetNumAtoms() == 0:
        raise MaterialError(f"got {text!r}, which has no atoms")
    return without_idle_marks(mol) if "/" in text or "\\" in text else mol


def without_idle_marks(mol: Chem.Mol) -> Chem.Mol:
    """The molecule itself, without marks of sides that are written or not as the atoms come.

    Of a double bond beside another (``C/[As](=S)=[As](/C)=S``): no SMILES can mark the other,
    so that the order of the atoms would decide whether the sides are told.
    """
    for bond in mol.GetBonds():
        ends = (bond.GetBeginAtom(), bond.GetEndAtom())
        if bond.GetStereo() not in _NO_SIDES and any(map(_has_two_double_bonds, ends)):
            bond.SetStereo(Chem.BondStereo.STEREONONE)
    return mol


def _has_two_double_bonds(atom: Chem.Atom) -> bool:
    return len([b for b in atom.GetBonds() if b.GetBondType() == Chem.BondType.DOUBLE]) > 1


_NO_SIDES = frozenset({Chem.BondStereo.STEREONONE, Chem.BondStereo.STEREOANY})
_INDEFINITE = frozenset({Chem.BondType.UNSPECIFIED, Chem.BondType.ZERO, Chem.BondType.OTHER})


def _refuse_unknown_isotopes(mol: Chem.Mol, text: str) -> None:
    table = Chem.GetPeriodicTable()
    for atom in mol.GetAtoms():
        number, isotope = atom.GetAtomicNum(), atom.GetIsotope()
        if number and isotope and not table.GetMassForIsotope(number, isotope):
            raise MaterialError(f"got {text!r}, with {isotope}{atom.GetSymbol()}, no known isotope")


def _refuse_indefinite_bonds(mol: Chem.Mol, text: str) -> None:
    for bond in mol.GetBonds():
        loose = bond.GetBondType() == Chem.BondType.AROMATIC and not bond.IsInRing()
        if loose or bond.GetBondType() in _INDEFINITE:
            raise MaterialError(
                f"got {text!r}, which has a bond of no definite order ('~', or ':' outside of "
                "aromatic rings), expected a molecule"
            )


def _named(mark: str) -> str:
    return f"U+{ord(mark):04X}, {unicodedata.name(mark, 'without a name').lower()}"


def _no_smiles(text: str) -> MaterialError:
    made = number_for_material(text)
    what = f" but {made}" if made else ""
    return MaterialError(f"got {text!r}, which is not valid SMILES{what}")


def canonical(mol: Chem.Mol) -> str:
    """Canonical SMILES, stable under a further round trip and one for all drawings.

    RDKit's stereo marks of symmetric cages and rings are not always: a drawing's canonical
    form may have another one. The drawings that lead to each other form a circle, and the
    first of them in alphabetical order stands for all.
    """
    smiles: str = Chem.MolToSmiles(mol)
    return settled(smiles, _again) if STEREO.intersection(smiles) else smiles


def _again(smiles: str) -> str:
    return str(Chem.MolToSmiles(without_idle_marks(Chem.MolFromSmiles(smiles))))


def settled(start: str, step: Callable[[str], str]) -> str:
    """Where repeated steps from ``start`` end: a fixed point, or the least of a circle.

    >>> settled("a", {"a": "c", "c": "b", "b": "c"}.__getitem__)
    'b'
    """
    trail: dict[str, int] = {}
    text = start
    while text not in trail:
        trail[text] = len(trail)
        text = step(text)
    return min(list(trail)[trail[text] :])
