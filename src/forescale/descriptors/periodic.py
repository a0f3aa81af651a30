"""A polymer's repeat unit as it is in the endless chain, everything per mass.

Each column is what one more unit adds to a long chain, divided by what it adds to the
mass (see :mod:`forescale.materials._chain`): open ends are nowhere, and neither the
direction, nor where the chain is cut, nor writing the unit twice changes a number.
Properties per mass or volume (density, specific heat) are then near to sums of columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from math import pi

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors, rdMolDescriptors

from forescale.descriptors.contract import Column
from forescale.materials._chain import ChainPair

_REACH = 12
"""Backbone atoms of the shorter chain: wider than any fragment, and than partial charges reach."""

_MASS = 100.0  # g/mol; columns are per this mass, which makes most of them of the order of 1

_RDKIT: dict[str, Callable[[Chem.Mol], float]] = dict(Descriptors.descList)
_FAMILIES = ("Chi", "Num", "SMR_VSA", "SlogP_VSA", "PEOE_VSA", "fr_")
_SINGLE = {
    "HallKierAlpha",
    "HeavyAtomCount",
    "LabuteASA",
    "MolLogP",
    "MolMR",
    "NHOHCount",
    "NOCount",
    "RingCount",
    "TPSA",
}
_EXCLUDED = {  # not of the constitution, and slow
    "NumAtomStereoCenters",
    "NumRadicalElectrons",
    "NumUnspecifiedAtomStereoCenters",
}
_AREAS = ("LabuteASA", "TPSA", "SMR_VSA", "SlogP_VSA", "PEOE_VSA")


class Periodic:
    """Structure of the endless chain per mass, and the shape of its backbone.

    Descriptors of RDKit that are sums over small neighbourhoods (fragments, connectivity
    indices, surface areas by partial charge, refractivity and lipophilicity), van der Waals
    volume and shares of the backbone. Stereochemistry is left out.

    A unit whose chain is chemically invalid has a row of NaN.

    Examples
    --------
    >>> rows = Periodic().rows(["*CCO*", "*COCCOC*"])
    >>> bool(np.allclose(rows[0], rows[1], rtol=1e-5, atol=1e-5))
    True
    """

    name = "periodic"
    version = f"1+rdkit{rdBase.rdkitVersion}"
    material_kinds: tuple[str, ...] = ("polymer",)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column holds, with its unit and source."""
        rdkit = f"RDKit {rdBase.rdkitVersion}, rdkit.Chem.Descriptors, per unit of the chain"
        volume = "van der Waals volume by atoms and bonds, doi 10.1021/jo034808o, radii of RDKit"
        own = "repeat unit"
        return (
            *(Column(name, unit=_unit(name), source=rdkit) for name, _ in _sums()),
            Column("AtomCount", unit="1/(100 g/mol)", source=own),
            Column("vdw_density", unit="g/cm^3", source=volume),
            Column("refraction_per_volume", source=f"{volume}; RDKit MolMR"),
            Column("mass_per_backbone_atom", unit="g/mol", source=own),
            Column("heavy_atoms_per_backbone_atom", source=own),
        )

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Values of each material, shape (materials, columns)."""
        out = np.full((len(keys), len(self.columns)), np.nan, dtype=np.float32)
        for row, key in enumerate(keys):
            try:
                out[row] = _row(ChainPair.of(key, _REACH))
            except (ValueError, RuntimeError):
                continue  # RDKit refuses the chain
        return out


def _row(pair: ChainPair) -> NDArray[np.float64]:
    plain = pair.unlabelled()

    def added(quantity: Callable[[Chem.Mol], float], of: ChainPair = plain) -> float:
        return float(quantity(of.longer)) - float(quantity(of.shorter))

    mass, heavy = added(_RDKIT["MolWt"], pair), added(_RDKIT["HeavyAtomCount"])
    sums = np.array([added(function) for _, function in _sums()])
    volume = added(_volume)
    return np.concatenate(
        [
            sums * (_MASS / mass),
            [
                added(lambda mol: mol.GetNumAtoms(onlyExplicit=False)) * (_MASS / mass),
                mass / volume / 0.602214076,  # g/mol / Å^3 to g/cm^3
                added(_RDKIT["MolMR"]) / volume,
                mass / pair.backbone,
                heavy / pair.backbone,
            ],
        ]
    )


@cache
def _sums() -> tuple[tuple[str, Callable[[Chem.Mol], float]], ...]:
    return tuple(
        (name, function)
        for name, function in _RDKIT.items()
        if (name.startswith(_FAMILIES) or name in _SINGLE) and name not in _EXCLUDED
    )


def _unit(name: str) -> str:
    if name == "MolMR":
        return "cm^3/(100 g)"
    return "angstrom^2/(100 g/mol)" if name.startswith(_AREAS) else "1/(100 g/mol)"


def _volume(mol: Chem.Mol) -> float:
    """Van der Waals volume in Å^3, equation 4 of Zhao et al. 2003, doi 10.1021/jo034808o.

    Spheres of all atoms, less 5.92 for each bond, 14.7 for each aromatic and 3.8 for each
    other ring.
    """
    table = Chem.GetPeriodicTable()
    hydrogens = sum(atom.GetTotalNumHs() for atom in mol.GetAtoms())
    radii = [table.GetRvdw(atom.GetAtomicNum()) for atom in mol.GetAtoms()]
    spheres = sum(4 / 3 * pi * radius**3 for radius in [*radii, *[table.GetRvdw(1)] * hydrogens])
    aromatic = rdMolDescriptors.CalcNumAromaticRings(mol)
    other = rdMolDescriptors.CalcNumRings(mol) - aromatic
    bonds = mol.GetNumBonds() + hydrogens
    return float(spheres - 5.92 * bonds - 14.7 * aromatic - 3.8 * other)
