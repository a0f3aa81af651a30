"""Classes of polymers: textbook ones, and the same for every drawing."""

import numpy as np
import pytest
from polymer_drawings import PLAIN, STEREO, other_drawings, redraw, repeat, reverse

from forescale.catalog import load_dataset
from forescale.materials import GROUPINGS, Polymer
from forescale.materials.polymer_class import POLYMER_CLASSES, polymer_class

EXPECTED = {
    "polyolefins": ["polyethylene", "polyisobutylene", "poly(4-methyl-1-pentene)"],
    "polystyrenes": ["polystyrene", "poly(4-chlorostyrene)", "poly(2-vinylpyridine)"],
    "polyvinyls": ["polyvinyl alcohol", "polyvinyl acetate", "polyvinylpyrrolidone"],
    "polyacrylics": ["poly(methyl methacrylate)", "polyacrylonitrile", "polyacrylamide"],
    "polyhalo-olefins": ["polyvinyl chloride", "polytetrafluoroethylene"],
    "polydienes": ["polybutadiene (1,4)", "polychloroprene", "cis-1,4-polyisoprene"],
    "polyoxides": ["polyoxymethylene", "polyethylene oxide", "polyphenylene oxide", "cellulose"],
    "polysulfides": ["polyphenylene sulfide"],
    "polyesters": ["polylactide", "polyethylene terephthalate", "poly(L-lactide)"],
    "polycarbonates": ["bisphenol A polycarbonate"],
    "polyamides": ["nylon 6", "nylon 6,6", "poly(p-phenylene terephthalamide)"],
    "polyimides": ["PMDA-ODA polyimide"],
    "polyurethanes": ["MDI-butanediol polyurethane"],
    "polyureas": ["polyurea"],
    "polyketones": ["polyketone", "polyether ether ketone"],
    "polysulfones": ["bisphenol A polysulfone"],
    "polysiloxanes": ["polydimethylsiloxane", "polymethylphenylsiloxane"],
    "polysilanes": ["polydimethylsilane"],
    "polyphosphazenes": ["poly(dichlorophosphazene)"],
    "polyarylenes": ["poly(p-phenylene)", "polythiophene", "polybenzimidazole"],
    "polyamines": ["polyaniline"],
    "polyacetylenes": ["polydiacetylene"],
}


@pytest.mark.parametrize("expected", EXPECTED)
def test_textbook_polymers_are_in_their_class(expected):
    units = {**PLAIN, **STEREO}
    got = {name: polymer_class(Polymer.parse(units[name]).key) for name in EXPECTED[expected]}
    assert got == dict.fromkeys(EXPECTED[expected], expected)


@pytest.mark.parametrize("name", PLAIN)
def test_the_drawing_does_not_matter(name):
    assert len({polymer_class(drawing) for drawing in other_drawings(PLAIN[name])}) == 1


def test_a_group_beside_the_backbone_does_not_link_it():
    assert polymer_class("*CC(*)OC(=O)c1ccc(S(C)(=O)=O)cc1") == "polyvinyls"
    assert polymer_class("*CC(*)C(=O)NCC(=O)OC") == "polyacrylics"


def test_classes_are_a_grouping_of_polymers():
    assert GROUPINGS["polymer"]["polymer_class"]("*C*") == "polyolefins"
    assert len(set(POLYMER_CLASSES)) == len(POLYMER_CLASSES)


@pytest.mark.mirror
def test_real_polymers_have_a_class_however_drawn():
    keys = load_dataset("polymer-density-measured").keys
    chosen = np.random.default_rng(1).choice(keys, 300, replace=False)
    classes = {key: polymer_class(key) for key in chosen}
    assert sum(name == "others" for name in classes.values()) < 6
    for seed, key in enumerate(chosen):
        plain = key.translate(str.maketrans("", "", "/\\"))
        for drawing in (redraw(key, seed), reverse(key), repeat(plain, 2)):
            assert polymer_class(drawing) == classes[key], (key, drawing)
