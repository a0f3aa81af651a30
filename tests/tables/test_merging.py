"""Repeats merge with their scatter; tables merge with equal say."""

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ConfigError
from forescale.tables import ColumnMap, Provenance, build_table, combine, measurement_scatter


def table(rows, *, unit="K", kind="measured", material_kind="molecule", dataset="a"):
    return build_table(
        pd.DataFrame(rows, columns=["smiles", "v"]),
        ColumnMap("smiles", "v"),
        name="v",
        unit=unit,
        kind=kind,
        material_kind=material_kind,
        provenance=Provenance(dataset=dataset),
    )


def by_key(merged, column):
    return dict(zip(merged.keys, merged.frame[column], strict=True))


def test_repeats_of_one_material_merge_with_their_scatter():
    merged = table([("CCO", 350.0), ("CC", 180.0), ("OCC", 352.0), ("C(O)C", 354.0)])
    assert by_key(merged, "value") == {"CCO": 352.0, "CC": 180.0}
    assert by_key(merged, "repeats") == {"CCO": 3, "CC": 1}
    assert by_key(merged, "scatter")["CCO"] == pytest.approx(2.0)
    assert np.isnan(by_key(merged, "scatter")["CC"])
    assert by_key(merged, "material")["CCO"] == "CCO"


def test_scatter_is_pooled_by_degrees_of_freedom():
    merged = table([("C", 0.0), ("C", 2.0), ("CC", 0.0), ("CC", 3.0), ("CC", 6.0), ("CCC", 9.0)])
    floor, materials = measurement_scatter(merged)
    assert materials == 2
    assert floor == pytest.approx(np.sqrt((1 * 2.0 + 2 * 9.0) / 3))


def test_no_repeats_no_noise_floor():
    assert measurement_scatter(table([("C", 1.0)])) == (None, 0)


def test_tables_have_equal_say_and_one_unit():
    first = table([("C", 10.0), ("C", 20.0), ("C", 30.0), ("CC", 1.0)], dataset="a")
    second = table([("C", 126.85), ("CCC", 0.0)], unit="degC", dataset="b")
    both = combine([first, second])
    assert both.unit == "K"
    assert by_key(both, "value") == pytest.approx({"C": (20.0 + 400.0) / 2, "CC": 1, "CCC": 273.15})
    assert [record.dataset for record in both.provenance] == ["a", "b"]


def test_tables_of_different_things_do_not_merge():
    measured, computed = table([("C", 1.0)]), table([("C", 1.0)], kind="computed")
    with pytest.raises(ConfigError, match=r"measured molecules and of computed molecules"):
        combine([measured, computed])
    with pytest.raises(ConfigError, match="cannot be converted"):
        combine([measured, table([("C", 1.0)], unit="g/cm^3")])
