"""Descriptors of compositions: what their numbers are, gaps, invariance, speed."""

import sys
import time
from importlib.metadata import version

import numpy as np
import pytest

from forescale.descriptors import featurize, get_descriptor
from forescale.descriptors._elements import (
    PROPERTIES,
    element_table,
    numbers,
    raw_table,
    tables_version,
)
from forescale.descriptors.registry import fitting
from forescale.errors import ConfigError
from forescale.materials import Composition


def value(key, name, descriptor="element_properties"):
    chosen = get_descriptor(descriptor, "composition")
    names = [column.name for column in chosen.columns]
    return float(chosen.rows([key])[0, names.index(name)])


def test_statistics_are_weighted_by_atomic_fraction():
    sodium, chlorine = 0.93, 3.16
    assert value("ClNa", "mean en_pauling") == pytest.approx((sodium + chlorine) / 2, abs=0.01)
    assert value("ClNa", "range en_pauling") == pytest.approx(chlorine - sodium, abs=0.01)
    assert value("ClNa", "deviation en_pauling") == pytest.approx((chlorine - sodium) / 2, abs=0.01)
    assert value("ClNa", "mode en_pauling") == pytest.approx((sodium + chlorine) / 2, abs=0.01)
    iron, oxygen = 1.83, 3.44
    assert value("Fe2O3", "mean en_pauling") == pytest.approx(0.4 * iron + 0.6 * oxygen, abs=0.01)
    assert value("Fe2O3", "mode en_pauling") == pytest.approx(oxygen, abs=0.01)
    assert value("Fe2O3", "minimum en_pauling") == pytest.approx(iron, abs=0.01)
    assert value("Fe2O3", "maximum atomic_weight") == pytest.approx(55.845, abs=0.01)
    assert value("Si", "deviation atomic_weight") == 0.0


@pytest.mark.parametrize(
    ("symbol", "name", "expected"),
    [
        ("Si", "electrons_p", 2),
        ("Si", "valence_electrons", 4),
        ("Fe", "electrons_d", 6),
        ("Fe", "valence_electrons", 8),
        ("O", "oxidation_state_min", -2),
        ("Na", "ionization_energy_1", 5.139),
        ("He", "valence_electrons", 2),
        ("W", "melting_point", 3687),
    ],
)
def test_element_values_are_the_textbook_ones(symbol, name, expected):
    column = [known.name for known in PROPERTIES].index(name)
    assert element_table()[numbers()[symbol], column] == pytest.approx(expected, rel=0.02)


def test_units_are_those_of_the_library():
    from mendeleev.fetch import fetch_table

    metadata = fetch_table("propertymetadata")
    unit = dict(zip(metadata["column_name"], metadata["unit"], strict=True))
    for known in PROPERTIES:
        if known.name in unit and isinstance(unit[known.name], str):
            assert known.unit == unit[known.name], known.name


def test_gaps_are_filled_from_chemically_like_elements_and_few():
    raw, filled = raw_table(), element_table()
    assert np.isfinite(filled).all()
    known = np.isfinite(raw)
    np.testing.assert_array_equal(filled[known], raw[known])
    share = known[:103].mean(axis=0)
    assert share.min() > 0.66, [PROPERTIES[i].name for i in np.flatnonzero(share < 0.7)]
    pauling = [known.name for known in PROPERTIES].index("en_pauling")
    promethium = numbers()["Pm"]
    assert not known[promethium, pauling]
    assert filled[promethium, pauling] == pytest.approx(1.15, abs=0.05), "as other lanthanides"


def test_fractions_are_of_the_elements():
    assert value("Fe2O3", "fraction O", "element_fractions") == pytest.approx(0.6)
    assert value("Fe2O3", "fraction Na", "element_fractions") == 0.0


@pytest.mark.parametrize("name", ["element_properties", "element_fractions"])
def test_notation_does_not_matter(name):
    descriptor = get_descriptor(name, "composition")
    keys = [Composition.parse(t).key for t in ("K4[Fe(CN)6]", "Fe2K8(C2N2)6", "N6C6FeK4")]
    rows = descriptor.rows(keys)
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[0], rows[2])


def test_many_compositions_take_little_time_and_no_cache(tmp_path):
    rng = np.random.default_rng(0)
    symbols = list(numbers())[:94]
    keys = []
    for _ in range(20_000):
        chosen = rng.choice(symbols, 3, replace=False)
        amounts = rng.integers(1, 9, 3).tolist()
        keys.append(Composition.from_amounts(dict(zip(chosen, amounts, strict=True))).key)
    descriptor = get_descriptor("composition", "composition")
    descriptor.rows(keys[:1])
    start = time.perf_counter()
    features = featurize(descriptor, keys, cache=tmp_path, show_progress=False)
    assert time.perf_counter() - start < 20.0, "448,000 formulas within minutes"
    assert features.values.shape == (20_000, 270)
    assert not features.dropped
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(features.values[5000:5010], descriptor.rows(keys[5000:5010]))


def test_the_bundled_table_is_the_librarys():
    from forescale.descriptors._element_library import library_table

    if version("mendeleev") != tables_version():
        pytest.skip(f"the table is of mendeleev {tables_version()}")
    np.testing.assert_array_equal(raw_table(), library_table())


def test_compositions_need_no_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "mendeleev", None)
    monkeypatch.setitem(sys.modules, "mendeleev.fetch", None)
    element_table.cache_clear()
    raw_table.cache_clear()
    rows = get_descriptor("default", "composition").rows(["ClNa"])
    assert np.isfinite(rows).all()


@pytest.mark.parametrize(
    ("kind", "best"),
    [("composition", "element_properties"), ("polymer", "periodic"), ("molecule", "structure")],
)
def test_each_kind_has_a_default_and_the_message_names_what_fits(kind, best):
    assert get_descriptor("default", kind).name == best
    assert fitting(kind)[0] == best
    wrong = "morgan" if kind == "composition" else "element_fractions"
    with pytest.raises(ConfigError, match=f"does not describe a {kind}; expected one of {best}, "):
        get_descriptor(wrong, kind)
