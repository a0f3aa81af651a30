"""Streams give what reading a whole table gives."""

import pandas as pd
import pytest

from forescale.errors import DataError
from forescale.tables import read_columns
from forescale.tables.streaming import column_names, stream_columns

TEXT = 'id, name ,note\n1,NaN,"a,b"\n\n2,,"two\nlines"\n3,x,\n'


@pytest.mark.parametrize("rows", [1, 2, 50])
@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_a_stream_is_the_table_in_parts(tmp_path, rows, name):
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text(TEXT, encoding="utf-8-sig")
    else:
        pd.DataFrame({"id": ["1", "2"], "name": ["NaN", None], "note": ["a", "b"]}).to_parquet(path)
    parts = list(stream_columns(path, ["name", "id"], rows))
    assert all(len(part) <= rows for part in parts)
    whole = read_columns(path)[["name", "id"]]
    pd.testing.assert_frame_equal(pd.concat(parts), whole, check_index_type=False)
    assert column_names(path) == ["id", "name", "note"]


def test_faults_are_those_of_reading(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(DataError, match="no such file"):
        column_names(path)
    path.write_text("a,a\n1,2\n")
    with pytest.raises(DataError, match="has several columns 'a'"):
        list(stream_columns(path, ["a"], 10))
    path.write_text("a\n1\n2,3\n")
    with pytest.raises(DataError, match="cannot be read as a table"):
        list(stream_columns(path, ["a"], 10))
    path.write_text("")
    with pytest.raises(DataError, match="cannot be read as a table"):
        column_names(path)
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(DataError, match="cannot be read as a table"):
        column_names(tmp_path / "x.parquet")
