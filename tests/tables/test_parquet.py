"""A table survives its own file."""

import pandas as pd
import pytest

from forescale.errors import ConfigError, DataError
from forescale.tables import ColumnMap, PropertyTable, Provenance, build_table


@pytest.fixture
def table():
    return build_table(
        pd.DataFrame({"s": ["*CC*", "*CO*", "*OC*"], "v": [0.9, 1.4, 1.5]}),
        ColumnMap("s", "v"),
        name="density",
        unit="g/cm^3",
        kind="computed",
        material_kind="polymer",
        provenance=Provenance(dataset="mine", method="by hand"),
    )


def test_round_trip(table, tmp_path):
    path = tmp_path / "table.parquet"
    table.to_parquet(path)
    again = PropertyTable.from_parquet(path)
    pd.testing.assert_frame_equal(again.frame, table.frame, check_dtype=False)
    for name in ("name", "unit", "kind", "material_kind", "provenance"):
        assert getattr(again, name) == getattr(table, name)


def test_a_foreign_parquet_file_says_what_to_name(tmp_path):
    path = tmp_path / "foreign.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(ConfigError, match="name its material, value and unit columns"):
        PropertyTable.from_parquet(path)


def test_a_truncated_file_is_refused(table, tmp_path):
    path = tmp_path / "table.parquet"
    table.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=f"{path}: not a readable"):
        PropertyTable.from_parquet(path)
    with pytest.raises(DataError):
        PropertyTable.from_parquet(tmp_path / "none.parquet")


def test_one_row_per_material(table):
    doubled = pd.concat([table.frame, table.frame])
    with pytest.raises(DataError, match="merge repeats"):
        PropertyTable(doubled, "density", "g/cm^3", "computed", "polymer")
    with pytest.raises(DataError, match="scatter"):
        PropertyTable(table.frame.drop(columns="scatter"), "d", "", "computed", "polymer")
