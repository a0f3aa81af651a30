"""Pieces of chains: what is kept, where they end, which atoms count; and their conformers."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from forescale.engines.cosmo.fragment import Piece, piece_of
from forescale.engines.geometry import Geometry, lowest_conformers
from forescale.engines.oligomers import chain_of_units, oligomer
from forescale.errors import MaterialError

PIECES = {  # repeat unit: piece with two flanking bonds
    "*CC(*)c1ccccc1": "CC(c1ccccc1)CC(CC)c1ccccc1",
    "*CC(*)(C)C(=O)OC": "CC(C)(C(=O)OC)CC(C)(CCC)C(=O)OC",
    "*CCO*": "CCOCCOC",
    "*OCCOC(=O)c1ccc(cc1)C(=O)*": "COC(=O)c1ccc(cc1)C(=O)OCCOC(=O)c1ccccc1",
    "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(=O)*": (
        "c1ccccc1OC(=O)Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(=O)Oc1ccccc1"
    ),
    "*O[Si](C)(C)*": "C[SiH](C)O[Si](C)(C)O[Si](C)(C)O[SiH](C)C",
    "*C(F)(F)*": "FC(F)C(F)(F)C(F)(F)C(F)(F)C(F)F",
    "*CC(*)C#N": "CC(C#N)CC(C#N)CC",
    "*NCCCCCC(=O)*": "CC(=O)NCCCCCC(=O)NC",
    "*CC(*)OC(C)=O": "CC(OC(C)=O)CC(OC(C)=O)CC",
}


def formula(piece: Piece, inner: bool) -> dict[int, int]:
    numbers = piece.numbers[piece.inner] if inner else piece.numbers
    return dict(
        zip(*(part.tolist() for part in np.unique(numbers, return_counts=True)), strict=True)
    )


@pytest.mark.parametrize("unit", PIECES)
def test_pieces_end_at_carbon_or_silicon(unit: str) -> None:
    piece = piece_of(unit, 2)
    assert piece.smiles == Chem.CanonSmiles(PIECES[unit])
    assert Chem.MolToSmiles(Chem.RemoveHs(piece.molecule)) == piece.smiles
    assert len(piece.inner) == piece.molecule.GetNumAtoms()
    unit_alone = Chem.AddHs(Chem.MolFromSmiles(unit))  # its open ends stand for no hydrogens
    expected = [a.GetAtomicNum() for a in unit_alone.GetAtoms() if a.GetAtomicNum()]
    assert sorted(piece.numbers[piece.inner].tolist()) == sorted(expected)


def test_the_inner_unit_is_in_the_middle() -> None:
    piece = piece_of("*CC(*)c1ccccc1", 3)
    ends = [a.GetIdx() for a in piece.molecule.GetAtoms() if not piece.inner[a.GetIdx()]]
    distances = Chem.GetDistanceMatrix(piece.molecule)[np.ix_(piece.inner, ends)]
    heavy = piece.numbers[ends] > 1
    assert distances[:, heavy].min(axis=0).max() >= 3
    assert formula(piece, inner=True) == {1: 8, 6: 8}


@pytest.mark.parametrize("flank", [1, 2, 3, 5])
@pytest.mark.parametrize("unit", [*PIECES, "*Oc1c(C)cc(cc1C)*", "*CC=C(C)C*", "*N=P(*)(OC)OC"])
def test_no_polar_group_is_made_by_cutting(unit: str, flank: int) -> None:
    piece = piece_of(unit, flank)
    chain, _ = chain_of_units(unit, 3)
    carriers = Chem.MolFromSmarts("[#8,#16;!H0]")
    assert Chem.MolFromSmiles(piece.smiles).GetSubstructMatches(carriers) == ()
    aldehydes = Chem.MolFromSmarts("[CX3H1]=O")
    assert Chem.MolFromSmiles(piece.smiles).GetSubstructMatches(aldehydes) == ()
    rings = {len(ring) for ring in chain.GetRingInfo().AtomRings()}
    assert {len(ring) for ring in piece.molecule.GetRingInfo().AtomRings()} == rings
    assert Chem.GetFormalCharge(piece.molecule) == 0
    assert not any(atom.GetNumRadicalElectrons() for atom in piece.molecule.GetAtoms())


def test_a_longer_flank_keeps_more() -> None:
    sizes = [piece_of("*CC*", flank).molecule.GetNumHeavyAtoms() for flank in (1, 2, 3, 5)]
    assert sizes == [4, 6, 8, 12]  # beyond two neighbours where the units are short


@pytest.mark.parametrize("mark", ["@", "@@"])
def test_the_hand_of_centres_is_kept(mark: str) -> None:
    unit = f"*OC(=O)[C{mark}H](C)*"
    piece, whole = piece_of(unit, 2).molecule, Chem.MolFromSmiles(oligomer(unit, 5))
    for hand in ("@", "@@"):
        query = Chem.MolFromSmiles(f"CC(=O)O[C{hand}H](C)C(=O)OC")
        found = whole.HasSubstructMatch(query, useChirality=True)
        assert piece.HasSubstructMatch(query, useChirality=True) == found
        assert (
            Chem.MolFromSmiles(Chem.MolToSmiles(Chem.RemoveHs(piece))).HasSubstructMatch(
                query, useChirality=True
            )
            == found
        )


def test_a_molecule_is_computed_whole() -> None:
    piece = piece_of("OCC", 2)
    assert piece.smiles == "CCO"
    assert piece.inner.all()
    assert formula(piece, inner=True) == {1: 6, 6: 2, 8: 1}
    assert piece.bonds.shape == (8, 2)


@pytest.mark.parametrize("material", ["*CC", "C1CC", "*=CC=*", "*C(*)(*)C"])
def test_what_is_no_material_is_refused(material: str) -> None:
    with pytest.raises(MaterialError):
        piece_of(material, 2)


def shapes(smiles: str, **options: int) -> tuple[Geometry, ...]:
    return lowest_conformers(piece_of(smiles, 2).molecule, smiles, **options)


def test_conformers_differ() -> None:
    assert len(shapes("c1ccccc1")) == 1
    assert len(shapes("CCO")) == 2  # anti and gauche; its mirror image is not a third
    assert len(shapes("CCCC")) == 2
    assert len(shapes("CCCCO", keep=4)) == 4
    oxygen_oxygen = [np.linalg.norm(g.positions[0] - g.positions[3]) for g in shapes("OCCO")]
    assert min(oxygen_oxygen) < 2.95  # an internal hydrogen bond


def test_conformers_are_reproducible() -> None:
    first, second, other = shapes("CCOC"), shapes("CCOC"), shapes("CCOC", seed=7)
    for one, same in zip(first, second, strict=True):
        assert (one.positions == same.positions).all()
        assert one.converged
    assert (first[0].positions != other[0].positions).any()
