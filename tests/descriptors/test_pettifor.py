"""Distances between compositions along Pettifor's scale."""

import numpy as np

from forescale.descriptors import describe
from forescale.descriptors.pettifor import SCALE, cumulative_fractions


def test_every_element_has_one_place():
    assert len(set(SCALE)) == len(SCALE) == 118


def test_the_distance_is_how_far_atoms_move():
    """Half of the atoms move from chlorine to bromine, one place away."""
    salt, bromide, doubled = cumulative_fractions(["NaCl", "NaBr", "Na2Cl2"])
    assert np.abs(salt - bromide).sum() == np.float32(0.5)
    assert np.abs(salt - doubled).sum() == 0.0
    lithium = cumulative_fractions(["LiCl"])[0]
    places = abs(SCALE.index("Li") - SCALE.index("Na"))
    assert np.abs(salt - lithium).sum() == np.float32(0.5 * places)


def test_compositions_have_them_and_molecules_do_not():
    (block,) = describe("composition", "element_fractions", ["NaCl", "MgO"], show_progress=False)
    assert block.cumulative is not None
    assert block.cumulative.shape == (2, 118)
    (block,) = describe("molecule", "morgan", ["CCO"], show_progress=False)
    assert block.cumulative is None
