"""A table of features from elsewhere as descriptor."""

import numpy as np
import pandas as pd
import pytest

from forescale.descriptors import describe_by_table
from forescale.errors import ConfigError, DataError, RunFolderError
from forescale.study import RunFolder, load_data, load_study

KEYS = ["CCO", "C", "c1ccccc1", "CCO"]


def write(path, rows, header="smiles,a,b"):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_each_material_gets_its_row_however_it_is_written(tmp_path):
    path = write(tmp_path / "e.csv", ["C1=CC=CC=C1,3,4", "OCC,1,2", "C,5,6.5", "CC,7,8", "CCO,1,2"])
    (block,) = describe_by_table(path, "smiles", "molecule", KEYS)
    expected = [[1, 2], [5, 6.5], [3, 4], [1, 2]]
    np.testing.assert_array_equal(block.features.values[block.index], expected)
    assert block.features.values.shape == (3, 2)
    assert [column.name for column in block.features.columns] == ["a", "b"]
    other = tmp_path / "e.parquet"
    pd.DataFrame({"smiles": ["CCO", "C", "c1ccccc1"], "a": [1, 5, 3], "b": [2, 6.5, 4]}).to_parquet(
        other
    )
    (same,) = describe_by_table(other, "smiles", "molecule", KEYS)
    np.testing.assert_array_equal(same.features.values, block.features.values)
    assert same.version != block.version


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["CCO,1,2", "C,3,4"], "no features for 1 of the study's 3 materials: c1ccccc1;"),
        (["CCO,1,2", "C,,4", "c1ccccc1,5,6"], "row 2, column 'a': got '', expected a finite"),
        (["CCO,1,2", "C,3,x", "c1ccccc1,5,6"], "row 2, column 'b': got 'x'"),
        (["CCO,1,2", "C,3,inf", "c1ccccc1,5,6"], "row 2, column 'b': got 'inf'"),
        (["CCO,1,2", "C,3,4", "c1ccccc1,5,6", "OCC,1,3"], "rows 1 and 4 hold different"),
        (["CCO,1,2", "C(,3,4"], r"row 2: .*C\("),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, rows, message):
    path = write(tmp_path / "e.csv", rows)
    with pytest.raises(DataError, match=message):
        describe_by_table(path, "smiles", "molecule", KEYS)


def test_a_table_needs_its_column_and_numbers(tmp_path):
    path = write(tmp_path / "e.csv", ["CCO,1,2"])
    with pytest.raises(DataError, match="expected also material"):
        describe_by_table(path, "material", "molecule", KEYS)
    path = write(tmp_path / "f.csv", ["CCO"], "smiles")
    with pytest.raises(DataError, match="has no column but 'smiles'"):
        describe_by_table(path, "smiles", "molecule", KEYS)


def test_a_study_uses_it_and_its_hash_is_part_of_the_run(edited, tmp_path):
    folder = tmp_path / "study"
    study = edited({"descriptor": {"file": "e.csv", "material": "smiles"}})
    assert study.descriptor.name == "table"
    keys = pd.read_csv(folder / "computed.csv")["smiles"]
    write(folder / "e.csv", [f"{key},{len(key)},{key.count('C')}" for key in keys])
    data = load_data(study, show_progress=False)
    assert data.arrays().source_features.shape[1] == 2
    RunFolder.open(tmp_path / "run", study, data)
    again = load_study(tmp_path / "run" / "study.toml")
    RunFolder.open(tmp_path / "run", again, load_data(again, show_progress=False))
    write(folder / "e.csv", [f"{key},{len(key)},{key.count('C') + 1}" for key in keys])
    with pytest.raises(RunFolderError, match="table sha256"):
        RunFolder.open(tmp_path / "run", study, load_data(study, show_progress=False))


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        ({"file": "e.csv"}, "needs both file and material"),
        ({"file": "e.csv", "material": "x", "name": "morgan"}, "either name"),
        ({"name": "table"}, "either name"),
        ({"name": "morgan", "material": "x"}, "needs both file and material"),
    ],
)
def test_a_study_says_what_it_wants(edited, descriptor, message):
    with pytest.raises(ConfigError, match=message):
        edited({"descriptor": descriptor})
