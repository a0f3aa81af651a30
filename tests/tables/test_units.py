"""Units of either side are converted; unknown ones are refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forescale.errors import ConfigError
from forescale.tables import ColumnMap, Provenance, build_table, convert, same_dimension


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (1050.0, "kg/m^3", "g/cm^3", 1.05),
        (1.05, "g/cm3", "kg/m³", 1050.0),
        (1.05, "g cm-3", "g/cm^3", 1.05),
        (25.0, "degC", "K", 298.15),
        (298.15, "K", "°C", 25.0),
        (212.0, "degF", "degC", 100.0),
        (1.5, "J/(g*K)", "J/(kg*K)", 1500.0),
        (1.5, "J/g/degC", "J/(kg*K)", 1500.0),
        (1.0, "kcal mol-1", "kJ/mol", 4.184),
        (0.2, "W m-1 K-1", "mW/(m*K)", 200.0),
        (12.0, "%", "", 0.12),
        (1.0, "g·cm⁻³", "kg/m^3", 1000.0),
        (2.0, "Å", "nm", 0.2),
        (0.5, "1", "dimensionless", 0.5),
        (0.5, "none", "", 0.5),
        (1.0, "eV", "kJ/mol", 96.48533),
        (96.48533, "kJ/mol", "eV", 1.0),
        (1.0, "eV", "kcal/mol", 23.06055),
        (1.0, "eV/molecule", "kJ mol-1", 96.48533),
        (25.0, "meV/atom", "eV/atom", 0.025),
        (1.0, "eV/atom", "kJ/mol/atom", 96.48533),
        (20.0, "Å^3/atom", "nm^3/atom", 0.02),
        (20.0, "A^3/atom", "angstrom^3/atoms", 20.0),
        (2.0, "eV/f.u.", "meV per formula unit", 2000.0),
        (3.0, "µB/f.u.", "bohr_magneton/formula_unit", 3.0),
        (1.0, "Hartree", "eV", 27.211386),
        (1.0, "Hartree/atom", "eV/atom", 27.211386),
        (1.0, "Debye", "coulomb*m", 3.33564e-30),
        (1.0, "Barrer", "cm^3*mol/(cm^2*s*Pa)/m^2", 3.346372e-14 / 100),
        (-3.0, "log10(S/cm)", "log10(S/m)", -1.0),
        (1.0, "ln(mPa*s)", "log10(Pa*s)", 0.4342945 - 3),
        (5.0, "-log10(mol/L)", "log10(mmol/L)", -2.0),
        (0.3, "lg(%)", "log10()", 0.3 - 2),
        (1.0, "%", "ppm", 1e4),
        (1.0, "wt%", "wt %", 1.0),
        (1.0, "wt%", "ppmw", 1e4),
        (3.0, "at.%", "at%", 3.0),
        (1.0, "ppb", "", 1e-9),
        (1.0, "delta_degC", "K", 1.0),
        (25.0, "deg C", "K", 298.15),
        (1.0, "C/m^2", "µC/cm^2", 100.0),
        (25.0, "℃", "K", 298.15),
        (25.0, "deg. C", "K", 298.15),
        (0.2, "W m^-1 K^-1", "W/(m*K)", 0.2),
        (1.0, "g·cm−3", "kg/m^3", 1000.0),
        (1.0, "Ha", "eV", 27.211386),
        (1.0, "Ryd", "eV", 13.605693),
        (3.0, "eV/at", "eV/atom", 3.0),
        (2.0, "eV/FU", "eV/f.u.", 2.0),
        (2.0, "muB", "bohr_magneton", 2.0),
        (100.0, "Da", "g/mol", 100.0),
        (5.0, "kg/mol", "kDa", 5.0),
        (3.0, "weight %", "wt%", 3.0),
        (3.0, "pct", "", 0.03),
        (-3.0, "Log_10[S/cm]", "log10(S/m)", -1.0),
        (30.0, "ppm/K", "1/degC", 3e-5),
        (300.0, "deg K", "K", 300.0),
        (300.0, "°K", "K", 300.0),
        (25.0, "centigrade", "K", 298.15),
        (2.0, "J/(g*deg K)", "J/(kg*K)", 2000.0),
    ],
)
def test_conversions(value, unit, to, expected):
    assert convert(np.array([value]), unit, to) == pytest.approx([expected])


@pytest.mark.parametrize(
    "unit",
    [
        "foo",
        "3*K",
        "K**",
        "(",
        "'",
        "1/0",
        "g/",
        "K^^2",
        "__import__('os')",
        "None",
        "nan",
        "K?",
        "g;cm",
        "2**2**2**2**2**2",
        "9**9**9**9",
        "m**(10**10**10)",
        "m^9999999999",
        "((m^2)^2)^99",
        "(" * 70 + "m" + ")" * 70,
        "m" * 500,
        "C",
        "J/(g*C)",
        "W m-1 C-1",
        "F",
        "log(S/m)",
        "log10(log10(m))",
        "wt% v/v",
        "((9^99)^99)^99",
        "dB/m*foo",
    ],
)
def test_unknown_units_are_refused_with_examples(unit):
    with pytest.raises(ConfigError, match="which is not known") as caught:
        convert(np.zeros(1), unit, "K")
    assert repr(unit[:80]) in str(caught.value)
    assert "g/cm^3" in str(caught.value)


@pytest.mark.parametrize(
    ("unit", "to", "reason"),
    [
        ("K", "g/cm^3", ""),
        ("", "K", ""),
        ("kcal/mol", "eV/atom", "per different numbers of atoms"),
        ("eV/atom", "eV", "per different numbers of atoms"),
        ("eV/f.u.", "eV/atom", "per different numbers of atoms and formula units"),
        ("g/mol", "g", "per different numbers of substance"),
        ("delta_degC", "degC", "a temperature and the other a difference"),
        ("degC", "delta_degC", "a temperature and the other a difference"),
        ("log10(S/m)", "S/m", "one is a logarithm and the other is not"),
        ("log10(S/m)", "log10(K)", ""),
        ("wt%", "mol%", "a share of mass, the other a share of amount"),
        ("wt%", "%", "none of anything said"),
    ],
)
def test_units_of_different_things_are_refused_with_the_reason(unit, to, reason):
    assert not same_dimension(unit, to)
    with pytest.raises(ConfigError, match=f"(?s)cannot be converted.*{reason}"):
        convert(np.zeros(1), unit, to)


@pytest.mark.parametrize(
    ("unit", "to", "words"),
    [
        ("ev", "eV", "case counts: 'eV'"),
        ("KJ/mol", "eV", "case counts: 'kJ'"),
        ("W/m-K", "W/(m*K)", r'Say "W/\(m\*K\)"'),
        ("J/(mol-K)", "J/(mol*K)", r'Say "J/\(mol\*K\)"'),
        ("J/gK", "J/(kg*K)", "brackets around what a stroke divides by"),
        ("W/m·K", "W/(m*K)", "what a stroke divides by"),
        ("W/mK", "W/(m*K)", "mK is millikelvin"),
        ("eV/A", "eV/Å", "A is ampere"),
        ("a.u.", "eV", "atomic or arbitrary units"),
        ("1e-6/K", "1/K", "has a number in it"),
        ("10^-6/K", "1/K", "has a number in it"),
        ("1000 kg/m3", "g/cm^3", "has a number in it"),
        ("g/100g", "wt%", "has a number in it"),
        ("log10 S/cm", "log10(S/m)", "written with brackets"),
        ("dB/m", "1/m", "not known"),
        ("gr/cm3", "g/cm^3", "gram or grain"),
        ("log10(degC)", "log10(K)", r"take the logarithm of kelvin, \"log10\(K\)\""),
    ],
)
def test_a_refusal_says_how_to_write_what_was_meant(unit, to, words):
    with pytest.raises(ConfigError, match=words) as caught:
        convert(np.zeros(1), unit, to)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("unit", "words"), [("C", "degC"), ("J/(g*C)", "degC"), ("F", "farad")])
def test_degrees_and_coulombs_are_asked_about(unit, words):
    with pytest.raises(ConfigError, match=f"or degrees.*{words}"):
        same_dimension(unit, "K")


def test_logarithms_shift_and_their_scatter_does_not():
    raw = pd.DataFrame({"smiles": ["CCO", "OCC", "C"], "v": [-3.0, -2.0, -1.0]})
    table = build_table(
        raw,
        ColumnMap("smiles", "v"),
        name="s",
        unit="log10(S/cm)",
        kind="measured",
        material_kind="molecule",
        provenance=Provenance(),
    ).to_unit("log10(S/m)")
    assert table.values == pytest.approx([-0.5, 1.0])
    assert table.frame["scatter"][0] == pytest.approx(np.sqrt(0.5))


PIECES = ["m", "kg", "K", "eV", "atom", "/", "*", "^", "**", "2", "9", "-", "(", ")", " ", "log10("]
PIECES += ["%", "wt", "C", "deg", "°", "1e9", ".", "per "]


@settings(max_examples=150, deadline=2_000)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=20))
def test_any_unit_is_read_or_refused_in_little_time(text):
    try:
        same = convert(np.array([1.5]), text, text)
    except ConfigError:
        return
    assert same == pytest.approx([1.5])


def test_scatter_converts_without_the_zero_point():
    raw = pd.DataFrame({"smiles": ["CCO", "OCC", "C"], "v": [24.0, 26.0, 10.0]})
    table = build_table(
        raw,
        ColumnMap("smiles", "v"),
        name="t",
        unit="degC",
        kind="measured",
        material_kind="molecule",
        provenance=Provenance(),
    )
    kelvin = table.to_unit("K")
    assert kelvin.unit == "K"
    assert kelvin.values == pytest.approx([298.15, 283.15])
    assert kelvin.frame["scatter"][0] == pytest.approx(np.sqrt(2.0))
    assert table.values == pytest.approx([25.0, 10.0])
