"""Values as people write them: bounds, ranges, estimates, decimal commas, dates."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forescale.errors import DataError
from forescale.tables.numbers import read_numbers

WORDS = [("less than 5", 5), ("≫ 3", 3), ("7<", 7), ("at least 2", 2)]
BOUNDS = [(">300", 300), ("<85", 85), ("≥ 1.5", 1.5), ("<= -3", -3), ("250+", 250), (">1e3", 1e3)]
ESTIMATES = [("~134.8", 134.8), ("ca. 20", 20), ("≈1e-3", 1e-3), ("about 7", 7)]
SPREADS = [("1.05 ± 0.02", 1.05), ("1.05±0.02", 1.05), ("-3.1 +/- 0.2", -3.1), ("1.050(12)", 1.05)]
BRACKETS = [("1.05 (2)", 1.05), ("1.05 +0.02/-0.01", 1.05)]
RANGES = [("1.12-1.13", 1.125), ("120 – 124", 122), ("-5 to -3", -4), ("1...2", 1.5)]


def read(*texts, **options):
    return read_numbers(pd.Series(list(texts), name="mp"), "t.csv", **options)


@pytest.mark.parametrize(("text", "number"), [*BOUNDS, *WORDS, *ESTIMATES, *SPREADS, *BRACKETS])
def test_numbers_of_bounds_and_estimates_are_taken_when_asked(text, number):
    assert 'say take = "number"' in read(text, "1").reasons[0]
    found = read(text, "1", take="number")
    assert found.values.tolist() == [number, 1.0]
    assert sum(found.taken.values()) == 1


@pytest.mark.parametrize(("text", "number"), RANGES)
def test_middles_of_ranges_are_taken_when_asked(text, number):
    assert 'say take = "middle"' in read(text, "1").reasons[0]
    assert read(text, "1", take="number").reasons.keys() == {0}
    assert read(text, "1", take="middle").values.tolist() == [number, 1.0]


def test_a_bound_has_no_middle():
    assert read(">3", "1", take="middle").reasons.keys() == {0}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mar-05", "a date made by a spreadsheet"),
        ("2024-05-03 00:00:00", "a date made by a spreadsheet"),
        ("3.5.2024", "a date made by a spreadsheet"),
        ("#DIV/0!", "an error of a spreadsheet"),
        ("12%", 'say unit = "%"'),
        ("1.05 g/cm3", "a unit or remark follows"),
        ("300 (dec.)", "a unit or remark follows"),
        ("1,234.5", "thousands are separated"),
        ("1 000", "thousands are separated"),
        ("1'000.5", "thousands are separated"),
        ("1.05×10^3", "as in 1.05e3"),
        ("1.5D+03", "as in 1.05e3"),
        ("<1,5", "decimal commas"),
        ("1,12-1,13", "decimal commas"),
        ("1/2", "a fraction"),
        ("１.２", "another script"),
        ("1e400", "beyond the largest number"),
        ("#WERT!", "an error of a spreadsheet"),
        ("#NV", "an error of a spreadsheet"),
        ("=B2*1000", "a formula of a spreadsheet without its value"),
        ("1,200", "separate thousands, or is it a decimal one"),
        ("5-3", "second number is not the larger"),
        ("1e-400", "below the smallest number"),
        ("0.0001e-330", "below the smallest number"),
    ],
)
@pytest.mark.parametrize("take", ["refuse", "number", "middle"])
def test_other_writings_are_told_for_what_they_are(text, words, take):
    found = read(text, *["1"] * 20, take=take)
    assert words in found.reasons[0]
    assert not np.isfinite(found.values[0])


def test_a_minus_sign_is_a_minus_whatever_its_character():
    assert read("−1.5", "2e−3").values.tolist() == [-1.5, 0.002]
    assert read("–1.5", "‐2", "－3", "2e–3").values.tolist() == [-1.5, -2, -3, 0.002]


def test_white_space_of_any_kind_around_a_number_is_none_of_it():
    assert read("1.2\u00a0", "\u20093.4", "\t5").values.tolist() == [1.2, 3.4, 5]


def test_zeros_are_zeros():
    found = read("0", "0.000", "-0", "0e5", "00")
    assert found.values.tolist() == [0.0] * 5
    assert not found.reasons


@pytest.mark.parametrize("text", ["<1.000", "~1.200", "1.000 ± 0.001", "1.000-1.200"])
def test_a_full_stop_in_a_bound_is_no_decimal_point_where_commas_are(text):
    found = read(text, "1,5", "2,5", decimal=",", take="number")
    assert "full stop" in found.reasons[0] or "range" in found.reasons[0]
    assert not np.isfinite(found.values[0])


def test_true_is_no_number_and_integers_have_no_end():
    column = pd.Series([True, 10**400, 2, 1.5, None], dtype=object, name="v")
    found = read_numbers(column, "t")
    assert found.values[2:4].tolist() == [2.0, 1.5]
    assert not np.isfinite(found.values[[0, 1, 4]]).any()


def test_decimal_commas_are_counted_and_the_way_to_read_them_is_said():
    with pytest.raises(DataError, match=r"decimal commas in 2 of 3 rows.*decimal = \",\""):
        read("0,95", "0,90", "1")
    with pytest.raises(DataError, match=r"decimal commas in 1 of 2 rows \('1.351,5'"):
        read("1.351,5", "1.310")
    assert read("0,95", "-1,5e-3", "2", decimal=",").values.tolist() == [0.95, -1.5e-3, 2.0]
    assert read("1.351,5", "1.310", decimal=",").values.tolist() == [1351.5, 1310.0]
    assert read("1 351,5", "12\u202f345", decimal=",").values.tolist() == [1351.5, 12345.0]
    assert read(">0,3", "1,1-1,3", decimal=",", take="middle").values[1] == pytest.approx(1.2)


def test_commas_before_three_digits_everywhere_are_asked_about():
    with pytest.raises(DataError, match="do they separate thousands, or are they decimal commas"):
        read("10,000", "1,250,000", "7")


def test_one_comma_among_many_numbers_is_a_bad_row():
    assert "decimal comma" in read("1,5", *["2.5"] * 30).reasons[0]


@pytest.mark.parametrize("text", ["1.310", "0.95", "1.5e3"])
def test_full_stops_beside_decimal_commas_are_asked_about(text):
    with pytest.raises(DataError, match="a decimal point, or does it separate thousands"):
        read("0,95", text, decimal=",")


def test_integers_of_any_length_are_no_trouble():
    found = read("9" * 400, "1" + "0" * 20, "-" + "9" * 5000)
    assert not np.isfinite(found.values[[0, 2]]).any()
    assert found.values[1] == 1e20


@settings(max_examples=150, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_itself_with_either_mark(number):
    assert read(repr(number)).values[0] == number
    assert read(repr(number).replace(".", ","), decimal=",").values[0] == number


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("0123456789.,-+eE<>~±() %−"), max_size=12))
def test_no_text_becomes_another_number(text):
    """What is read without being told anything is what Python reads."""
    try:
        found = read(text, *["1"] * 30)
    except DataError:
        return
    if np.isfinite(found.values[0]):
        assert float(text.replace("−", "-")) == found.values[0]
