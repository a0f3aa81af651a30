"""Files become tables, whatever their dress; every bad row is named."""

import pandas as pd
import pytest

from forescale.errors import DataError
from forescale.tables import ColumnMap, read_table


def read(path, *, material_kind="molecule", **options):
    columns = ColumnMap(
        "smiles", "v", **{k: options.pop(k) for k in ("keep", "valid") if k in options}
    )
    return read_table(
        path, columns, name="v", unit="K", kind="measured", material_kind=material_kind, **options
    )


@pytest.fixture
def write(tmp_path):
    def write(content, name="mine.csv"):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("smiles,v\nCCO,1.5\nCC,2\n", "plain.csv"),
        ("smiles,v\nCCO,1.5\nCC,2", "no-end-of-line.csv"),
        (b"\xef\xbb\xbfsmiles,v\r\nCCO,1.5\r\nCC,2\r\n", "excel.csv"),
        ("smiles\tv\nCCO\t1.5\nCC\t2\n", "tabs.tsv"),
        ("smiles\tv\nCCO\t1.5\nCC\t2\n", "tabs.TSV"),
        ("smiles\tv\nCCO\t1.5\nCC\t2\n", "tabs.txt"),
        ("smiles;v\nCCO;1.5\nCC;2\n", "semicolons.csv"),
        ('other,"smiles", v\n"a,b",CCO, 1.5\n,CC,2 \n', "quoted.csv"),
        ("smiles,v\n\nCCO,1.5\n\nCC,2\n\n", "empty-lines.csv"),
        (pd.DataFrame({"smiles": ["CCO", "CC"], "v": [1.5, 2.0]}), "floats.parquet"),
        (pd.DataFrame({"smiles": ["CCO", "CC"], "v": ["1.5", "2"]}), "texts.pq"),
        (
            pd.DataFrame({"v": [1.5, 2.0]}, index=pd.Index(["CCO", "CC"], name="smiles")),
            "i.parquet",
        ),
        (pd.DataFrame({"smiles": ["CCO", "CC"], "v": [1.5, 2.0]}, index=["a", "b"]), "j.parquet"),
        (pd.DataFrame({"smiles": pd.Categorical(["CCO", "CC"]), "v": [1.5, 2.0]}), "c.parquet"),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_every_usual_dress_of_a_table_is_read(write, content, name):
    table = read(write(content, name))
    assert dict(zip(table.keys, table.values, strict=True)) == {"CCO": 1.5, "CC": 2.0}
    assert table.rejected.empty


def test_a_million_and_a_third_keep_their_digits(write):
    table = read(write("smiles,v\nCCO,1234567.123456789\nCC,1e-12\n"))
    assert table.values.tolist() == [1234567.123456789, 1e-12]


@pytest.mark.parametrize(
    "value",
    ["", "NaN", "nan", "None", "NA", "null", "-", "inf", "-inf", "1e999", "1_0", "1.2.3", "x"],
)
def test_what_is_not_a_finite_number_is_refused_by_row(write, value):
    path = write(f"smiles,v\nCCO,1\nCC,{value}\nC,2\n")
    with pytest.raises(DataError) as caught:
        read(path)
    message = str(caught.value)
    assert str(path) in message
    assert f"row 2: got value {value!r} in column 'v', expected a finite number" in message
    assert "--on-error skip" in message
    assert "row 1:" not in message
    assert "row 3:" not in message


@pytest.mark.parametrize("text", ["NaN", "None", "nan", "NA", "null"])
def test_no_text_is_taken_for_a_missing_material(write, text):
    table = read(write(f"smiles,v\nCCO,1\n{text},2\n"), on_error="skip")
    (row,) = table.rejected.itertuples()
    assert (row.row, row.material, row.value) == (2, text, "2")
    assert text in row.reason


def test_a_column_kept_for_groups_keeps_its_texts(write):
    table = read(write("smiles,v,lab\nCCO,1,NaN\nCC,2,None\nC,3,\n"), keep=("lab",))
    assert table.frame["lab"].tolist() == ["NaN", "None", ""]


def test_missing_entries_of_parquet_are_refused_by_row(write):
    frame = pd.DataFrame(
        {"smiles": ["CCO", None, "CC"], "v": pd.array([1, 2, None], dtype="Int64")}
    )
    with pytest.raises(DataError, match=r"(?s)2 bad rows.*row 2: got ''.*row 3: got value <NA>"):
        read(write(frame, "mine.parquet"))


def test_bad_rows_are_set_aside_when_asked(write):
    path = write("smiles,v\nCCO,1\n\nC1CC,2\nCC,x\nOCC,3\n")
    table = read(path, on_error="skip")
    assert table.keys.tolist() == ["CCO"]
    assert table.rejected[["file", "row", "material", "value"]].to_numpy().tolist() == [
        [str(path), 3, "C1CC", "2"],  # the empty line counts
        [str(path), 4, "CC", "x"],
    ]
    assert "not valid SMILES" in table.rejected["reason"][0]


def test_only_the_first_bad_rows_are_listed(write):
    rows = "".join(f"C1{'C' * i},1\n" for i in range(1, 20))
    with pytest.raises(DataError, match=r"(?s)19 bad rows.*… and 14 more"):
        read(write("smiles,v\n" + rows))


def test_polymers_are_told_from_molecules(write):
    path = write("smiles,v\n*CC*,1\nCC,2\n*C(*)*,3\n")
    with pytest.raises(DataError, match=r"(?s)row 2: got 'CC' with 0 open.*row 3:.*3 open ends"):
        read(path, material_kind="polymer")


def test_implausible_values_are_set_aside_with_the_range(write):
    table = read(write("smiles,v\nCCO,1\nCC,-5\nC,999\n"), valid=(0.0, 10.0))
    assert table.keys.tolist() == ["CCO"]
    assert table.rejected["row"].tolist() == [2, 3]
    assert "-5 K outside the valid range 0 to 10" in table.rejected["reason"][0]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("", "a.csv", "cannot be read"),
        ("smiles,v\n", "a.csv", "none of its 0 rows"),
        ("smiles,v\nC1CC,1\n", "a.csv", "none of its 1 rows.*row 1: .*C1CC"),
        ("smiles,value\nCC,1\n", "a.csv", "got columns smiles, value; expected also v"),
        ("smiles,v\nCC,1,05\n", "a.csv", "Expected 2 fields in line 2.*decimal point"),
        ("smiles,v\nCC,1,\nC,2,\n", "a.csv", "Expected 2 fields in line 2"),
        ("smiles,v,v\nCC,1,2\n", "a.csv", "several columns 'v'"),
        ('smiles,v\n"CC,1\nC,2\n', "a.csv", "cannot be read"),
        ("smiles,v\né,1\n".encode("latin-1"), "a.csv", "cannot be read.*UTF-8"),
        ("smiles,v\nCC,1\n".encode("utf-16"), "a.csv", "cannot be read.*UTF-8"),
        (b"PAR1 and then nothing", "a.parquet", "cannot be read"),
        (b"", "a.parquet", "cannot be read"),
        (pd.DataFrame({"smiles": ["C"], "v": [True]}), "a.parquet", "type bool"),
        (
            pd.DataFrame({"smiles": ["C"], "v": pd.to_datetime(["2020-01-01"])}),
            "a.parquet",
            "type datetime64",
        ),
    ],
)
def test_unusable_files_are_named_with_the_reason(write, content, name, words):
    path = write(content, name)
    with pytest.raises(DataError, match=f"(?s){words}") as caught:
        read(path, on_error="skip")
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(DataError, match=f"{path}: no such file"):
            read(path)


@pytest.mark.parametrize("name", ["key", "material", "value", "repeats", "scatter"])
def test_a_group_column_with_a_reserved_name_is_refused(write, name):
    with pytest.raises(DataError, match=f"column '{name}'.*rename"):
        read(write(f"smiles,v,{name}\nCC,1,a\n"), keep=(name,))
