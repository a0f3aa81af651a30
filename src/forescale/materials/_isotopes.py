"""Isotopes: other materials by key, alike in everything of a structure but mass."""

from __future__ import annotations

from rdkit import Chem


def is_labelled(mol: Chem.Mol) -> bool:
    """Whether any atom names its isotope."""
    return any(atom.GetIsotope() for atom in mol.GetAtoms())


def unlabelled(mol: Chem.Mol) -> Chem.Mol:
    """The same structure of the natural mixture of isotopes; ``mol`` itself if it is already.

    >>> Chem.MolToSmiles(unlabelled(Chem.MolFromSmiles("[2H]OC([2H])([2H])[13CH3]")))
    'CCO'
    """
    if not is_labelled(mol):
        return mol
    plain = Chem.Mol(mol)
    for atom in plain.GetAtoms():
        atom.SetIsotope(0)
    # through SMILES, so that nothing is left of what RDKit noted of the labelled one
    return Chem.MolFromSmiles(Chem.MolToSmiles(Chem.RemoveHs(plain)))
