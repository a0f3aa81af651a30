"""One polymer has one key, however its repeat unit is drawn.

The other drawings are made without the code under test: the chain is closed into a ring,
which has no beginning, and opened at another bond of its backbone.
"""

import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from forescale.catalog import load_dataset
from forescale.materials import Polymer

TEXTBOOK = tomllib.loads(
    (Path(__file__).parent / "textbook_polymers.toml").read_text(encoding="utf-8")
)
PLAIN, STEREO = TEXTBOOK["plain"], TEXTBOOK["stereo"]


def _ends(mol):
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]


def redraw(unit: str, seed: int) -> str:
    """The same graph with another order of atoms, branches and ring numbers."""
    return str(Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(unit), 1, randomSeed=seed)[0])


def repeat(unit: str, times: int) -> str:
    """The unit written several times over, head to tail."""
    chain = Chem.MolFromSmiles(unit)
    for _ in range(times - 1):
        tail = _ends(chain)[1]
        piece = Chem.MolFromSmiles(unit)
        head = _ends(piece)[0] + chain.GetNumAtoms()
        chain = _bond_neighbours(Chem.CombineMols(chain, piece), tail, head)
    return Chem.MolToSmiles(chain)


def reverse(unit: str) -> str:
    """The unit written from its other end."""
    mol = Chem.MolFromSmiles(unit)
    return Chem.MolToSmiles(mol, rootedAtAtom=_ends(mol)[1], canonical=False)


def cuts(unit: str) -> list[str]:
    """The chain opened at every acyclic single bond of its backbone."""
    mol = Chem.MolFromSmiles(repeat(unit, 2))
    first, last = _ends(mol)
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


def key(unit: str) -> str:
    return Polymer.parse(unit).key


def other_drawings(unit: str) -> list[str]:
    redrawn = [redraw(unit, seed) for seed in (1, 2, 3)]
    return [*redrawn, reverse(unit), repeat(unit, 2), repeat(unit, 3), *cuts(unit)]


@pytest.mark.parametrize("name", PLAIN)
def test_no_way_of_drawing_changes_the_key(name):
    unit = PLAIN[name]
    drawings = other_drawings(unit)
    assert len(set(drawings)) >= 3
    assert {drawing: key(drawing) for drawing in drawings} == dict.fromkeys(drawings, key(unit))


@pytest.mark.parametrize("name", STEREO)
def test_stereo_marks_survive_redrawing_and_direction(name):
    unit = STEREO[name]
    drawings = [*(redraw(unit, seed) for seed in (1, 2, 3)), reverse(unit)]
    assert {key(drawing) for drawing in drawings} == {key(unit)}
    assert key(unit) != key(unit.translate(str.maketrans("", "", "/\\@")).replace("[CH]", "C"))


def test_cis_and_trans_and_mirror_images_are_different_polymers():
    assert key(STEREO["cis-1,4-polyisoprene"]) != key(STEREO["trans-1,4-polyisoprene"])
    left, right = "*O[C@@H](C)C(=O)*", "*O[C@H](C)C(=O)*"
    assert key(left) != key(right)


@pytest.mark.parametrize("centre", ["[C@@H](C)", "[C@@](C)(CC)", "[C@@](F)(CCC)"])
def test_a_stereocentre_keeps_its_hand_wherever_the_chain_is_cut(centre):
    units = [  # the oxygen comes before the centre, or the open end that stands for it
        f"*O{centre}C(=O)*",
        f"*{centre}C(=O)O*",
        f"*C(=O)O{centre}*",
        f"*O{centre}C(=O)O{centre}C(=O)*",
        f"*C(=O){centre.replace('@@', '@')}O*",  # read from the other end
    ]
    assert {key(unit) for unit in units} == {key(units[0])}
    assert key(units[0]) in {Chem.CanonSmiles(unit) for unit in units}
    mirrored = [unit.replace("@@", "~").replace("@", "@@").replace("~", "@") for unit in units]
    assert {key(unit) for unit in mirrored} == {key(mirrored[0])} != {key(units[0])}
    alternating = f"*O{centre}C(=O)O{centre.replace('@@', '@')}C(=O)*"
    assert key(alternating) not in {key(units[0]), key(mirrored[0])}


def test_different_polymers_have_different_keys():
    units = {**PLAIN, **STEREO}
    assert len({key(unit) for unit in units.values()}) == len(units)


@pytest.mark.parametrize("name", [*PLAIN, *STEREO])
def test_a_key_is_its_own_key(name):
    own = key({**PLAIN, **STEREO}[name])
    assert key(own) == own


def test_a_repeated_unit_shrinks_to_the_smallest():
    assert key("*CCCCCC*") == "*C*"
    assert key("*C(F)(F)C(F)(F)*") == key("*C(F)(F)*")


def test_head_to_head_is_not_head_to_tail():
    assert key("*CC(C)C(C)C*") != key("*CC(C)*")


@pytest.mark.mirror
def test_real_polymers_have_one_key_each():
    table = load_dataset("radonpy-pi1070", "density")
    chosen = np.random.default_rng(0).choice(table.frame["material"], 200, replace=False)
    wrong = []
    for seed, unit in enumerate(chosen):
        drawings = [redraw(unit, seed), reverse(unit)]
        if not set("/\\@") & set(unit):  # the helpers of this file lose stereo marks
            drawings += [repeat(unit, 2), *cuts(unit)[-1:]]
        wrong += [(unit, drawing) for drawing in drawings if key(drawing) != key(unit)]
    assert wrong == []
