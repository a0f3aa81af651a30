"""Strings that are materials, and messages for those that are not."""

import pytest

from forescale.errors import ConfigError, ForescaleError, MaterialError
from forescale.materials import Molecule, Polymer, parse_material


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("C1CC", "not valid SMILES"),
        ("not a molecule", "not valid SMILES"),
        ("NaN", "not valid SMILES"),
        ("None", "not valid SMILES"),
        ("C(C)(C)(C)(C)C", "valence"),
        ("c1cccc1", "kekulize"),
        ("", "expected a SMILES string"),
        ("   ", "expected a SMILES string"),
        (None, "expected a SMILES string"),
        (float("nan"), "expected a SMILES string"),
        ("C" * 3000, "3000 characters"),
        ("C" * 1000 + "(" * 500, "not valid SMILES"),
        ("C\0C", "not valid SMILES"),
        ("水", "not valid SMILES"),
    ],
)
@pytest.mark.parametrize("kind", ["molecule", "polymer"])
def test_what_is_not_smiles_is_refused_with_the_reason(kind, text, reason):
    with pytest.raises(MaterialError, match=f"(?i){reason}"):
        parse_material(kind, text)


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("CCO", r"0 open ends"),
        ("*CCO", r"1 open ends"),
        ("*CC(*)O*", r"3 open ends"),
        ("*C*.*C*", r"4 open ends"),
        ("*C.C*", r"several pieces"),
        ("**", r"without atoms"),
        ("*=CC*", r"different order"),
        ("C*C*", r"lies inside"),
        ("*1CC*1", r"lies inside"),
    ],
)
def test_a_repeat_unit_has_two_ends(unit, reason):
    with pytest.raises(MaterialError, match=reason) as caught:
        Polymer.parse(unit)
    assert repr(unit) in str(caught.value)


@pytest.mark.parametrize(
    ("smiles", "reason"), [("*CC*", "open ends"), ("CC.O", "mixture"), ("[Na+].[Cl-]", "salt")]
)
def test_a_molecule_is_one_whole_molecule(smiles, reason):
    with pytest.raises(MaterialError, match=reason):
        Molecule.parse(smiles)


@pytest.mark.parametrize("drawing", ["OCC", " CCO\t", "C(O)C", "[CH3][CH2][OH]"])
def test_a_molecule_has_one_key(drawing):
    assert Molecule.parse(drawing).key == "CCO"


@pytest.mark.parametrize("text", ["[1*]CC[2*]", "[*:1]CC[*:2]", "[*]CC[*]"])
def test_labels_of_open_ends_do_not_matter(text):
    assert Polymer.parse(text).key == "*C*"


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"'crystal'.*composition.*molecule.*polymer"):
        parse_material("crystal", "C")


def test_rdkit_says_nothing_on_its_own(capfd):
    with pytest.raises(ForescaleError):
        Molecule.parse("C1CC")
    assert capfd.readouterr().err == ""
