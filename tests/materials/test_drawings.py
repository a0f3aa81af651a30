"""However a molecule or polymer is drawn, it has one key, and the key of the key is the key."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from forescale.errors import MaterialError
from forescale.materials import Molecule, Polymer, parse_material

ONE_MOLECULE = [  # each line: drawings of one molecule
    ("CS(C)=O", "C[S+](C)[O-]", "C[S+]([O-])C"),
    ("CCS(=O)(=O)CC", "CC[S+2]([O-])([O-])CC", "CC[S+](=O)([O-])CC"),
    ("CS(=O)(=O)Nc1ccccc1", "C[S+2]([O-])([O-])Nc1ccccc1"),
    ("C[Se](=O)C", "C[Se+]([O-])C"),
    ("COP(=O)(OC)OC", "CO[P+]([O-])(OC)OC"),
    ("CP(C)(C)=S", "C[P+](C)(C)[S-]"),
    ("C=P(c1ccccc1)(c1ccccc1)c1ccccc1", "[CH2-][P+](c1ccccc1)(c1ccccc1)c1ccccc1"),
    ("C[As](C)(C)=O", "C[As+](C)(C)[O-]"),
    ("C[S@](=O)CC", "C[S@+]([O-])CC"),
    ("C[S@@](=O)CC", "C[S@@+]([O-])CC"),
    ("C[N+](=O)[O-]", "CN(=O)=O"),
    ("[O-][n+]1ccccc1", "O=n1ccccc1"),
    ("CN=[N+]=[N-]", "CN=N#N", "C[N-][N+]#N"),
    ("C=[N+]=[N-]", "[CH2-][N+]#N"),
    ("[N-]=[N+]=O", "N#[N+][O-]"),
    ("O=I(=O)c1ccccc1", "[O-][I+2]([O-])c1ccccc1"),
    ("OCl(=O)(=O)=O", "O[Cl+3]([O-])([O-])[O-]"),
    ("O=S1C=CC=C1", "[O-][s+]1cccc1"),
    ("CCO", "[CH3:1][CH2:2][OH:3]", "[H]OC([H])([H])C", "[CH3:7]CO"),
    ("C/C=C/C", "[H]/C(C)=C(/[H])C", "[CH3:1]/[CH:2]=[CH:3]/[CH3:4]"),
    ("CC(=S)C", "[CH3:1]C(C)=S"),
    ("C/[As](=S)=[As](/C)=S", "S=[As](C)=[As](=S)C"),  # no SMILES tells its sides in all orders
    ("CC(C)O", "[CH3:1][C@H:2]([CH3:3])O"),  # only the numbers made a centre of it
]


@pytest.mark.parametrize("drawings", ONE_MOLECULE, ids=lambda drawings: drawings[0])
def test_drawings_of_one_molecule_have_one_key(drawings):
    keys = {Molecule.parse(drawing).key for drawing in drawings}
    assert len(keys) == 1
    (key,) = keys
    assert Molecule.parse(key).key == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O", "[2H]O[2H]"),
        ("C", "[13CH4]"),
        ("C[S@](=O)CC", "C[S@@](=O)CC"),
        ("C/C=C/C", "C/C=C\\C"),
        ("NCC(=O)O", "[NH3+]CC(=O)[O-]"),  # protons stay where they are drawn
        ("CC(=O)C", "CC(O)=C"),  # and tautomers are two
        ("CC[O-]", "CCO"),
        ("C[P+](C)(C)C", "CP(C)C"),
    ],
)
def test_different_materials_keep_different_keys(one, other):
    assert Molecule.parse(one).key != Molecule.parse(other).key


CAGES = [
    "N[C@]1(C(=O)O)[C@@H]2C[C@H]3C[C@@H](C2)C[C@H]1C3",
    "C[C@]1(O)[C@@H]2C[C@H]3C[C@@H](C2)C[C@H]1C3",
    "O[C@H]1[C@H](O)[C@@H](O)[C@H](O)[C@H](O)[C@@H]1O",
    "C1CC2(CC[C@@H](C)CC2)OOC12CC[C@@H](C)CC2",
    "C[C@@H]1C[C@H](C)C[C@H](C)C1",
]


def redrawn(mol, rng, *, mapped=False):
    """SMILES of a molecule with its atoms in another order."""
    order = list(range(mol.GetNumAtoms()))
    rng.shuffle(order)
    mol = Chem.RenumberAtoms(mol, order)
    text = Chem.MolToSmiles(mol, canonical=False)
    if mapped:
        mol = Chem.MolFromSmiles(text)
        for number, atom in enumerate(mol.GetAtoms(), start=1):
            atom.SetAtomMapNum(number)
        text = Chem.MolToSmiles(mol, canonical=False)
    return text


def keys_of(kind, text, rng, drawings):
    """Keys of redrawings, and of the keys."""
    first = parse_material(kind, text).key
    mol = Chem.MolFromSmiles(text)
    keys = {first, parse_material(kind, first).key}
    for number in range(drawings):
        keys.add(parse_material(kind, redrawn(mol, rng, mapped=number % 2 == 1)).key)
    return keys


@pytest.mark.parametrize("cage", CAGES)
def test_keys_of_symmetric_cages_do_not_swap(cage):
    assert len(keys_of("molecule", cage, random.Random(0), 20)) == 1


def test_molecules_of_a_handbook_have_one_key_each():
    """60 of chemicals' molecules."""
    from forescale.catalog import load_dataset

    rng = random.Random(1)
    for text in rng.sample(sorted(load_dataset("boiling-point-measured").keys), 60):
        assert len(keys_of("molecule", text, rng, 3)) == 1, text


@pytest.mark.parametrize(
    "unit",
    ["*CC(*)[S+](C)[O-]", "*CC(*)S(=O)(=O)C", "*C[C@H](*)O[C@@H]1CC[C@H](C)CC1", "*C/C=C/C*"],
)
def test_polymers_have_one_key_too(unit):
    assert len(keys_of("polymer", unit, random.Random(0), 8)) == 1


def test_a_polymer_sulfone_is_one_however_its_charges_are_drawn():
    drawn = {"*c1ccc(cc1)S(*)(=O)=O", "*c1ccc(cc1)[S+2](*)([O-])[O-]"}
    assert len({Polymer.parse(unit).key for unit in drawn}) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("molecule", "CC(=O) Oc1ccccc1C(=O)O"),
        ("molecule", "CCO CCN"),
        ("molecule", "CCO\tethanol"),
        ("molecule", "CCO\u00a0CC"),
        ("molecule", "CCO |$;;R$|"),
        ("molecule", "CC\nO"),
        ("polymer", "*CC(*) c1ccccc1"),
        ("polymer", "*CC* PE"),
        ("pair", "CC O in O"),
    ],
)
def test_nothing_after_white_space_is_lost(kind, text):
    with pytest.raises(MaterialError, match=r"white space inside|expected 'SOLUTE in SOLVENT'"):
        parse_material(kind, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CC\u041e", "cyrillic capital letter o"),  # RDKit alone reads ethane
        ("\uff23CO", "fullwidth latin capital letter c"),
        ("CCO\u200b", "zero width space"),
        ("CCO\x07", r"U\+0007"),
        ("CCO~CCN", "no definite order"),
        ("CCO:CCN", "no definite order"),
        ("[999C]", "999C, no known isotope"),
    ],
)
def test_what_no_smiles_has_is_named(text, words):
    for kind, drawing in (("molecule", text), ("polymer", f"*{text}*")):
        with pytest.raises(MaterialError, match=words):
            parse_material(kind, drawing)


FRAGMENTS = [
    *"CNOSPFI()[]123=#+-@/\\.*:% ",
    "Cl",
    "Br",
    "c1ccccc1",
    "[N+]",
    "[O-]",
    "[2H]",
    "[C@H]",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_any_text_has_a_stable_key_or_a_reason(text):
    for kind in ("molecule", "polymer"):
        try:
            key = parse_material(kind, text).key
        except MaterialError:
            continue
        assert not set(text.strip()) & set(" \t\n")
        assert parse_material(kind, key).key == key


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30))
def test_no_text_at_all_breaks_a_parser(text):
    for kind in ("composition", "molecule", "pair", "polymer"):
        try:
            key = parse_material(kind, text).key
        except MaterialError:
            continue
        assert parse_material(kind, key).key == key
