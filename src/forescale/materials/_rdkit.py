"""Parsing SMILES with RDKit, with its complaints turned into messages."""

from __future__ import annotations

from functools import cache

from rdkit import Chem, rdBase

from forescale.errors import MaterialError

MAX_LENGTH = 2_000
"""Longest SMILES accepted, in characters: far above any repeat unit or small molecule."""


@cache
def _quiet() -> None:
    # RDKit writes its complaints to the process's stderr; ours go into the error instead.
    rdBase.DisableLog("rdApp.*")


def mol_from_smiles(smiles: str) -> Chem.Mol:
    """Parse and sanitise one SMILES string, or say what is wrong with it."""
    _quiet()
    if not isinstance(smiles, str) or not smiles.strip():
        raise MaterialError(f"got {smiles!r}, expected a SMILES string")
    text = smiles.strip()
    if len(text) > MAX_LENGTH:
        raise MaterialError(
            f"got a SMILES of {len(text)} characters, expected at most {MAX_LENGTH}"
        )
    mol = Chem.MolFromSmiles(text, sanitize=False)
    if mol is None:
        raise MaterialError(f"got {text!r}, which is not valid SMILES")
    problems = Chem.DetectChemistryProblems(mol)
    if problems:
        raise MaterialError(f"got {text!r}, which is chemically invalid: {problems[0].Message()}")
    Chem.SanitizeMol(mol)
    if any(atom.GetAtomicNum() == 1 for atom in mol.GetAtoms()):
        mol = Chem.RemoveHs(mol)  # [H]C is CH4 too; isotopes and H2 stay
    Chem.AssignStereochemistry(mol, cleanIt=True)
    if mol.GetNumAtoms() == 0:
        raise MaterialError(f"got {text!r}, which has no atoms")
    return mol


def canonical(mol: Chem.Mol) -> str:
    """Canonical SMILES, stable under a further round trip."""
    smiles: str = Chem.MolToSmiles(mol)
    return smiles
