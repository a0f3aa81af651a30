"""Formulas in every notation have one key; what has no composition is refused with the reason."""

import csv
import os
import random
import re
import time
from pathlib import Path

import pytest

from forescale.errors import MaterialError
from forescale.materials import Composition, chemical_system
from forescale.materials.composition import elements

CRABNET = "anthony-wang/CrabNet/457b4d4835737ecbe4dd33e53174bd818bd82143/data"
FILES = (
    "matbench/expt_gap.csv",
    "matbench/mp_gap.csv",
    "benchmark_data/OQMD_Bandgap/train.csv",
    "benchmark_data/OQMD_Bandgap/val.csv",
    "benchmark_data/OQMD_Bandgap/test.csv",
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Fe2O3", "Fe2O3"),
        ("O3Fe2", "Fe2O3"),
        ("Fe4O6", "Fe2O3"),
        ("Fe 2 O 3", "Fe2O3"),
        (" Fe2 O3\t", "Fe2O3"),
        ("Fe₂O₃", "Fe2O3"),
        ("FeO1.5", "Fe2O3"),
        ("Fe1.0O1.50", "Fe2O3"),
        ("2Fe2O3", "Fe2O3"),
        ("(FeO)O.5", None),
        ("{[Fe]2}(O3)", "Fe2O3"),
        ("((Fe)2(O)3)4", "Fe2O3"),
        ("NaN", "NNa"),
        ("NO", "NO"),
        ("No", "No"),
        ("CO", "CO"),
        ("Co", "Co"),
        ("O2", "O"),
        ("Li0.5CoO2", "Co2LiO4"),
        ("La0.7Sr0.3MnO3", "La7Mn10O30Sr3"),
        ("La1Sr0MnO3", "LaMnO3"),
        ("K4[Fe(CN)6]", "C6FeK4N6"),
        ("K4[Fe(CN)6]·3H2O", "C6FeH6K4N6O3"),
        ("CuSO4·5H2O", "CuH10O9S"),
        ("CuSO4*5H2O", "CuH10O9S"),
        ("CuSO4 • 5 H2O", "CuH10O9S"),
        ("CuSO4.5H2O", "CuH10O9S"),
        ("MgCO3.H2O", "CH2MgO4"),
        ("V2O5.0.5H2O", "H2O11V4"),
        ("Na0.33CoO2.1.3H2O", "Co100H260Na33O330"),
        ("Al2O3·2SiO2·2H2O", "Al2H4O9Si2"),
        ("CuSO4.5(H2O)", "CuH10O9S"),
        ("CuSO4.5[H2O]", "CuH10O9S"),
        ("CuSO4.5HOH", "CuH10O9S"),
        ("CuSO4.5OH2", "CuH10O9S"),
        ("MgCl2.6NH3", "Cl2H18MgN6"),
        ("Na2SO4.10(H2O)", "H20Na2O14S"),
        ("CuSO4.4NH3.H2O", "CuH14N4O5S"),
        ("KCl.MgCl2.6H2O", "Cl3H12KMgO6"),
        ("(NH4)2SO4.FeSO4.6H2O", "FeH20N2O14S2"),
        ("NiCl2.2.5H2O", "Cl4H10Ni2O5"),
        ("MgCl2.6C2H5OH", "C12Cl2H36MgO6"),
        ("Li0.5H2O", "H4LiO2"),
        ("La2CuO4.1", "Cu10La20O41"),
        ("YBa2Cu3O6.95", "Ba40Cu60O139Y20"),
        ("Fe2.5Co0.5O4", "CoFe5O8"),
        ("Bi1.5Zn1.0Nb1.5O7", "Bi3Nb3O14Zn2"),
        ("Cu2.5SnS4", "Cu5S8Sn2"),
        ("(O3.2)SiO2", "O26Si5"),
        ("KI", "IK"),
        ("CsVI3", "CsI3V"),
        ("VI", "IV"),
        ("AgIV", "AgIV"),
        ("B105", "B"),
        ("(Fe)203", "Fe"),
        ("Ba20Hg103", "Ba20Hg103"),
        ("Ge891Si109", "Ge891Si109"),
        ("Al2 (S O4)3", "Al2O12S3"),
        ("Al 2 (S O 4) 3", "Al2O12S3"),
        ("Ac2O3", "Ac2O3"),
        ("AcOF", "AcFO"),
        ("PrO", "OPr"),
        ("OTs2", "OTs2"),
        ("COS", "COS"),
        ("(CH3)4NI", "C4H12IN"),
        ("S1I1O2", "IO2S"),
        ("2HCl", "ClH"),
        ("C60", "C"),
        ("Na2CO3 · 10 H2O", "CH20Na2O13"),
        ("(V)2O5", "O5V2"),
        ("(K)(I)", "IK"),
        ("CHD3O", "CH4O"),
        ("(NH4)2[FeCl5(H2O)]", "Cl5FeH10N2O"),
        ("Fe0.00009Ni0.99991", "Fe9Ni99991"),
        ("D2O", "H2O"),
        ("HTO", "H2O"),
        ("Cs(VI)2", "CsI2V2"),
        ("C0.33333333H0.66666667", "CH2"),
        ("LaMnO3.00000001", "LaMnO3"),
        ("Ga0.3333In0.6667As", "As10000Ga3333In6667"),
    ],
)
def test_a_composition_has_one_key(text, key):
    if key is None:
        with pytest.raises(MaterialError):
            Composition.parse(text)
        return
    assert Composition.parse(text).key == key
    assert Composition.parse(key).key == key


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected a chemical formula"),
        ("   ", "expected a chemical formula"),
        (None, "expected a chemical formula"),
        (float("nan"), "expected a chemical formula"),
        ("Nan", "'n' begins no element"),
        ("nan", "'n' begins no element"),
        ("NAN", "'A' is no element"),
        ("None", "'n' begins no element"),
        ("N/A", "'/' is not expected"),
        ("NACL", "'A' is no element.*as in 'NaCl'"),
        ("nacl", "'n' begins no element"),
        ("Xx2O", "'Xx' is no element"),
        ("水", "is not expected"),
        ("Fe\0O", "is not expected"),
        ("N a", "space inside"),
        ("Fe1 2", "space inside"),
        ("Fe3+", r"'3\+' looks like a charge"),
        ("SO4^2-", "looks like a charge"),
        ("SO₄²⁻", "looks like a charge"),
        ("[Fe(CN)6]4-", "'4-' looks like a charge"),
        ("Cu+2", "looks like a charge"),
        ("Fe(III)2O3", r"'\(III\)' looks like an oxidation state"),
        ("Ti(IV)O2", r"'\(IV\)' looks like an oxidation state"),
        ("Co(NH3)6III", "'III' looks like an oxidation state"),
        ("AcOH", "organic group"),
        ("NaOAc", "organic group"),
        ("Pd(OAc)2", "organic group"),
        ("Pb(Ac)2", "organic group"),
        ("TsOH", "organic group"),
        ("Na(OTs)", "organic group"),
        ("Al(OPr)3", "organic group"),
        ("THF", "abbreviation, or with tritium"),
        ("BH3.THF", "abbreviation, or with tritium"),
        ("ITO", "abbreviation, or with tritium"),
        ("PVDF", "looks like an abbreviation"),
        ("BCC", "looks like an abbreviation"),
        ("2HMoS2", "'2H' looks like a polytype"),
        ("6HSiC", "'6H' looks like a polytype"),
        ("SIO2", "'SI' may be 'Si'"),
        ("NIO", "'NI' may be 'Ni'"),
        ("KNBO3", "'NB' may be 'Nb'"),
        ("Al203.3H2O", "a zero for oxygen"),
        ("CuSO4·5H20", "a zero for oxygen"),
        ("H20", "a zero for oxygen"),
        ("NaCl 2", "parts that are formulas"),
        ("Mar-05", "a date made by a spreadsheet; enter it anew"),
        ('=A2&"O"', "a formula of a spreadsheet without its value"),
        ("Cu(I)Cl", r"'\(I\)' looks like an oxidation state"),
        ("Cu(I)2O", "looks like an oxidation state"),
        ("Ag[I]2O", "looks like an oxidation state"),
        ("V(V)2O5", "looks like an oxidation state"),
        ("Ti(IV)2O4", "looks like an oxidation state"),
        ("Mn(VII)2O7", "looks like an oxidation state"),
        ("FeII2O3", "'II' looks like an oxidation state"),
        ("CuIIO", "'II' looks like an oxidation state"),
        ("MnIVO2", "'IV' looks like an oxidation state"),
        ("MoVIO3", "'VI' looks like an oxidation state"),
        ("TiIV", "'IV' looks like an oxidation state"),
        ("Fe203", r"'2O3' with a zero for oxygen.*\(Fe\)203"),
        ("LiCo02", "'O2' with a zero for oxygen"),
        ("MgAl204", "'2O4' with a zero for oxygen"),
        ("TiO2 P25", "a space between parts"),
        ("PbTe NaCl", "a space between parts"),
        ("Al2O3.2SiO2", "full stops may be decimals or not"),
        ("CuSO4.5ZnSO4", "full stops may be decimals or not"),
        ("Mar-05", "a date made by a spreadsheet"),
        ("5. Mai", "a date made by a spreadsheet"),
        ("2024-05-03", "a date made by a spreadsheet"),
        ("2.00E+03", "a number made by a spreadsheet"),
        ("45418", "a number made by a spreadsheet"),
        ("#NAME?", "an error of a spreadsheet"),
        ("LixCoO2", "unknown amount 'x'"),
        ("YBa2Cu3O7-x", "'-' is not expected"),
        ("(La,Sr)MnO3", "leaves amounts open"),
        ("ZnS:Mn", "':' is not expected"),
        ("H2O(l)", "'l' begins no element"),
        ("CaO.6Al2O3", "full stop may begin a decimal or a formula unit"),
        ("Al2O3.2SiO2.2H2O", "full stops may be decimals or not"),
        ("Fe2.5.5O", "'.' is not expected"),
        ("Fe(O", "not closed"),
        ("FeO)2", "closes no bracket"),
        ("Fe[O)2", "closes no bracket"),
        ("Fe()2", "empty pair of brackets"),
        ("2", "empty formula unit"),
        ("Fe·", "empty formula unit"),
        ("Fe0O0", "every amount is zero"),
        ("C9999999H", "less than one atom in a million"),
        ("C" * 600, "600 characters"),
        ("(" * 400, "not closed"),
    ],
)
def test_what_is_no_composition_is_refused_with_the_reason(text, reason):
    with pytest.raises(MaterialError, match=f"(?s)got .*{reason}"):
        Composition.parse(text)


def test_amounts_and_system_come_from_the_key():
    copper = Composition.parse("CuSO4·5H2O")
    assert copper.amounts == {"Cu": 1, "H": 10, "O": 9, "S": 1}
    assert chemical_system(copper.key) == "Cu-H-O-S"
    assert chemical_system("Fe") == "Fe"


def test_amounts_become_a_composition():
    assert Composition.from_amounts({"O": 0.6, "Fe": 0.4}).key == "Fe2O3"
    assert Composition.from_amounts({"O": 2 / 3, "H": 1 / 3}).key == "HO2"
    for wrong in ({"Fe": -1}, {"Xx": 1}, {"Fe": float("nan")}, {"Fe": float("inf")}, {"Fe": 0}):
        with pytest.raises(MaterialError):
            Composition.from_amounts(wrong)


def random_amounts(rng, largest=20):
    chosen = rng.sample(sorted(elements()), rng.randint(1, 6))
    return {symbol: rng.randint(1, largest) for symbol in chosen}


def drawn(rng, amounts):
    """The same composition in some notation."""
    factor = rng.choice([1, 2, 3, 10])
    parts = [
        f"{s}{n * factor if n * factor > 1 or rng.random() < 0.5 else ''}"
        for s, n in amounts.items()
    ]
    rng.shuffle(parts)
    if len(parts) > 1 and rng.random() < 0.5:
        place = rng.randrange(1, len(parts))
        opening, closing = rng.choice(["()", "[]", "{}"])
        parts = [opening, *parts[:place], closing, *parts[place:]]
    text = rng.choice(["", " "]).join(parts)
    text = text if rng.random() < 0.7 else text.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
    return text if rng.random() < 0.8 else f"3({text})"


def test_order_scale_and_notation_do_not_matter():
    rng = random.Random(0)
    for _ in range(3_000):
        amounts = random_amounts(rng)
        key = Composition.from_amounts(amounts).key
        assert Composition.parse(key).key == key
        for _ in range(3):
            text = drawn(rng, amounts)
            assert Composition.parse(text).key == key, text


def test_keys_of_long_decimals_parse_to_themselves():
    rng = random.Random(1)
    for _ in range(2_000):
        text = "".join(
            f"{s}{rng.uniform(0.01, 9):.{rng.randint(1, 12)}f}"
            for s in rng.sample(["Fe", "O", "La", "Sr", "Mn", "Na"], rng.randint(1, 6))
        )
        key = Composition.parse(text).key
        assert Composition.parse(key).key == key, text


@pytest.mark.mirror
@pytest.mark.parametrize("file", FILES)
def test_public_formulas_have_keys_that_order_and_scale_do_not_change(file):
    with Path(os.environ["FORESCALE_MIRROR"], CRABNET, file).open() as lines:
        formulas = [row["formula"] for row in csv.DictReader(lines)]
    rng = random.Random(0)  # all of them: benchmarks/round_trips.py
    formulas = rng.sample(formulas, min(len(formulas), 5_000))
    start = time.process_time()
    keys = [Composition.parse(formula).key for formula in formulas]
    assert time.process_time() - start < 100e-6 * len(formulas), "microseconds each, not more"
    for formula, key in zip(formulas, keys, strict=True):
        assert Composition.parse(key).key == key
        parts = re.findall(r"[A-Z][a-z]?\d*", key)
        turned = "".join(f"({part})" for part in rng.sample(parts, len(parts)))
        assert Composition.parse(f"2{turned}").key == key, formula
