"""Pairs: one key however written, and words for what is none."""

import pytest

from forescale.errors import MaterialError
from forescale.materials import GROUPINGS, Pair, PairSides, parse_material

PAIRS = [
    ("OCC", "[H]O[H]", None, "CCO in O"),
    ("*C(c1ccccc1)C*", "c1ccccc1C", 298.15, "*CC(*)c1ccccc1 in Cc1ccccc1 at 298.15 K"),
    ("*COC*", "O", 25 + 273.15, "*CCO* in O at 298.15 K"),
    ("C", "CCO", 300, "C in CCO at 300 K"),
    ("C", "CCO", 300.004, "C in CCO at 300 K"),
    ("C", "CCO", 0.1 + 0.2 + 299.8, "C in CCO at 300.1 K"),
    ("C", "CCO", 1000.0, "C in CCO at 1000 K"),
]


@pytest.mark.parametrize(("solute", "solvent", "temperature", "key"), PAIRS)
def test_a_pair_has_one_key_that_comes_apart_again(solute, solvent, temperature, key):
    pair = Pair.of(solute, solvent, temperature)
    assert pair.key == key
    assert Pair.parse(key) == pair == parse_material("pair", f"  {key.replace(' ', '  ')} ")
    assert Pair.of(*pair.sides) == pair
    rounded = None if temperature is None else pytest.approx(temperature, abs=0.005)
    assert pair.sides.temperature == rounded


def test_sides_are_told_by_name():
    assert Pair.parse("*CC* in CCO at 350.5 K").sides == PairSides("*C*", "CCO", 350.5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CCO", "expected 'SOLUTE in SOLVENT'"),
        ("", "expected 'SOLUTE in SOLVENT'"),
        (None, "expected 'SOLUTE in SOLVENT'"),
        ("CCO in", "expected 'SOLUTE in SOLVENT'"),
        ("CCO in O at 298.15", "expected 'SOLUTE in SOLVENT'"),
        ("CCO in O at 25 degC", "expected 'SOLUTE in SOLVENT'"),
        ("CCO.O", "expected 'SOLUTE in SOLVENT'"),
        ("CCO in O at warm K", "temperature: got 'warm', expected a number"),
        ("CCO in O at -3 K", "temperature: got -3 K, expected one above absolute zero"),
        ("CCO in O at 0.001 K", "above absolute zero"),
        ("CCO in O at nan K", "expected a number"),
        ("CCO in O at inf K", "expected a number"),
        ("C1CC in O", "solute: got 'C1CC', which is not valid SMILES"),
        ("CCO in C1CC", "solvent: got 'C1CC', which is not valid SMILES"),
        ("[Na+].[Cl-] in O", "solute: .*salt"),
        ("CCO in O.CO", "solvent: .*mixture"),
        ("*CC in O", "solute: .*1 open ends"),
        ("CCO in *CC*", "solvent: .*open ends"),
    ],
)
def test_what_is_no_pair_is_refused_with_the_side_and_the_reason(text, reason):
    with pytest.raises(MaterialError, match=reason):
        parse_material("pair", text)


def test_pairs_are_grouped_by_either_side_or_both():
    key = Pair.of("*CC(*)C", "CCO", 298.15).key
    classes = GROUPINGS["pair"]
    assert {name: classes[name](key) for name in classes} == {
        "solute": "*CC(*)C",
        "polymer": "*CC(*)C",
        "solvent": "CCO",
        "pair": "*CC(*)C in CCO",
    }
    assert classes["pair"]("C in O") == "C in O"
