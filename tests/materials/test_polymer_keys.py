"""One polymer has one key, however its repeat unit is drawn."""

import numpy as np
import pytest
from polymer_drawings import PLAIN, STEREO, cuts, other_drawings, redraw, repeat, reverse
from rdkit import Chem

from forescale.catalog import load_dataset
from forescale.materials import Polymer


def key(unit: str) -> str:
    return Polymer.parse(unit).key


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


@pytest.mark.parametrize(
    ("unit", "doubled"),
    [
        ("*=C1CCCCC1=*", "*=C1CCCCC1=C1CCCCC1=*"),
        ("*=C=*", "*=C=C=C=*"),
        ("*=c1sc(=*)c2ccccc12", "*=c1sc(=c2sc(=*)c3ccccc23)c2ccccc12"),
        ("*=C1C(=*)C2(C)CCC1C2(C)C", "*=C1C(=C2C(=*)C3(C)CCC2C3(C)C)C2(C)CCC1C2(C)C"),
        (
            "*=c1cc2ccc3cc(=c4c5ccccc5c(=*)c5ccccc45)cc4ccc(c1)c2c34",
            "*=c1c2ccccc2c(=c2cc3ccc4cc(=*)cc5ccc(c2)c3c45)c2ccccc12",
        ),
    ],
)
def test_a_chain_without_single_bonds_has_one_key_doubled_or_cut_elsewhere(unit, doubled):
    key = Polymer.parse(unit).key
    assert Polymer.parse(doubled).key == key
    assert Polymer.parse(key).key == key
