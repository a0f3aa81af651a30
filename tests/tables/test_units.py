"""Units of either side are converted; unknown ones are refused."""

import numpy as np
import pandas as pd
import pytest

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
    ],
)
def test_unknown_units_are_refused_with_examples(unit):
    with pytest.raises(ConfigError, match="which is not known") as caught:
        convert(np.zeros(1), unit, "K")
    assert repr(unit) in str(caught.value)
    assert "g/cm^3" in str(caught.value)


@pytest.mark.parametrize(("unit", "to"), [("K", "g/cm^3"), ("", "K"), ("kcal/mol", "eV")])
def test_units_of_different_things_are_refused(unit, to):
    assert not same_dimension(unit, to)
    with pytest.raises(ConfigError, match="cannot be converted"):
        convert(np.zeros(1), unit, to)


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
