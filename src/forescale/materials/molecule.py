"""A molecule: one connected, complete structure."""

from __future__ import annotations

from dataclasses import dataclass

from rdkit import Chem

from forescale.errors import MaterialError
from forescale.materials._rdkit import canonical, mol_from_smiles

_OPEN_END = Chem.MolFromSmarts("[#0]")


@dataclass(frozen=True)
class Molecule:
    """A molecule given by its SMILES.

    Parameters
    ----------
    key
        Canonical SMILES (RDKit), the same for every way of writing the molecule.

    Examples
    --------
    >>> Molecule.parse("OCC") == Molecule.parse("CCO")
    True
    """

    key: str

    @classmethod
    def parse(cls, smiles: str) -> Molecule:
        """Parse SMILES; raises :class:`MaterialError` for anything but one whole molecule."""
        mol = mol_from_smiles(smiles)
        if mol.HasSubstructMatch(_OPEN_END):
            raise MaterialError(
                f"got {smiles!r} with open ends ('*'), expected a molecule; "
                'for a repeat unit say kind = "polymer"'
            )
        if len(Chem.GetMolFrags(mol)) > 1:
            raise MaterialError(f"got {smiles!r}, a mixture or salt, expected one molecule")
        return cls(canonical(mol))
