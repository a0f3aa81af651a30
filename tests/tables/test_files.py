"""Files of every dress are one table; damaged ones end in one line; no line is swallowed."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forescale.errors import DataError
from forescale.tables import ColumnMap, Dialect, read_columns, read_table
from forescale.tables._text import TextRecords
from forescale.tables.streaming import column_names, stream_columns

PLAIN = "smiles,v\nCCO,1.5\nCC,2\n"


def zipped(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.csv", content)
    return packed.getvalue()


def tarred(content, members=1):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for number in range(members):
            info = tarfile.TarInfo(f"../{number}.csv")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def sheets(*tables):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


ROWS = [("smiles", "v"), ("CCO", 1.5), ("CC", 2)]
DRESSES = {
    "a.csv.gz": gzip.compress(PLAIN.encode()),
    "a.csv.bz2": bz2.compress(PLAIN.encode()),
    "a.csv.xz": lzma.compress(PLAIN.encode()),
    "a.csv.zst": pa.compress(PLAIN.encode(), "zstd", asbytes=True),
    "a.csv.zip": zipped(PLAIN),
    "a.tar.gz": tarred(PLAIN.encode()),
    "a.tsv.gz": gzip.compress(PLAIN.replace(",", "\t").encode()),
    "a.xlsx": sheets(("data", ROWS)),
    "b.xlsx": sheets(("data", [(), *ROWS, (None, None)])),
    "comments.csv": b"# from the lab\n\n#second, note\nsmiles,v\n# one more\nCCO,1.5\nCC,2\n",
    "noted-header.csv": b"# smiles,v\nCCO,1.5\nCC,2\n",
    "semicolon-in-words.csv": b"smiles,v,a;b\nCCO,1.5,x\nCC,2,y\n",
    "comma-in-header.csv": b"smiles;v;rho (g/cm3, 25 C)\nCCO;1.5;1\nCC;2;2\n",
    "old-mac.csv": b"smiles,v\rCCO,1.5\rCC,2\r",
    "quoted-break.csv": b'smiles,v,note\nCCO,1.5,"two\nlines"\nCC,2,\n',
}


@pytest.mark.parametrize("name", DRESSES)
def test_every_dress_is_read_the_same_whole_and_in_parts(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(DRESSES[name])
    table = read_table(
        path,
        ColumnMap("smiles", "v"),
        name="v",
        unit="K",
        kind="measured",
        material_kind="molecule",
    )
    assert dict(zip(table.keys, table.values, strict=True)) == {"CCO": 1.5, "CC": 2.0}
    if name != "noted-header.csv":  # found by the columns wanted
        assert {"smiles", "v"} <= set(column_names(path))
    parts = pd.concat(stream_columns(path, ["smiles"], 1))
    assert parts["smiles"].tolist() == ["CCO", "CC"]
    assert list(parts.index + 1) == list(table.rows.index)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv.gz", gzip.compress(PLAIN.encode() * 99, mtime=0)[:-20], "cannot be read"),
        ("a.csv.gz", PLAIN.encode(), "cannot be read"),
        ("a.csv.zip", b"PK not at all", "cannot be read"),
        ("a.csv.xz", lzma.compress(PLAIN.encode())[:30], "cannot be read"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfdxx", "cannot be read"),
        ("a.tar.gz", b"", "cannot be read"),
        ("a.csv.tar", PLAIN.encode(), "cannot be read"),
        ("a.tar.gz", tarred(PLAIN.encode(), members=2), "an archive of 2 files"),
        ("a.xlsx", b"PK\x03\x04", "cannot be read"),
        ("a.xlsx", PLAIN.encode(), "cannot be read"),
        ("a.xlsx", zipped(PLAIN), "cannot be read"),
        ("a.xlsx", sheets(("one", ROWS), ("two", ROWS)), "say which with sheet"),
        ("a.xlsx", sheets(("one", [])), "empty"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "save it as .xlsx or CSV"),
        ("a.csv", sheets(("one", ROWS)), "cannot be read"),
        ("a.csv", b"\n\n", "no header line"),
        ("a.csv", b"smiles,v\nCCO,1\n#CC,2\n", "line 3 begins with '#'"),
        ("a.csv", b"id,smiles,v\n1,CCO,1\n#2,CC,2\n", "line 3 begins with '#'"),
    ],
)
def test_damaged_files_are_named_in_one_error(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        read_table(
            path,
            ColumnMap("smiles", "v"),
            name="v",
            unit="K",
            kind="measured",
            material_kind="molecule",
        )
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match=r"cannot be read|sheet|expected also|."):
        for _ in stream_columns(path, ["smiles", "nowhere"], 10):
            pass


def test_an_id_may_begin_with_a_number_sign(tmp_path):
    path = tmp_path / "ids.csv"
    path.write_text("id,smiles\n#1,CCO\n#2,CC\n")
    assert read_columns(path, ["smiles"])["smiles"].tolist() == ["CCO", "CC"]


@pytest.mark.parametrize(
    "content",
    [
        'smiles,mp,note\nCCO,1,ok\nCCC,2,"see\nC,3,ok\nCC,4,ok\nCCCC,5,"see\nCCCCC,6,ok\n',
        'smiles,mp\nCCO,"1\nCC,2"\nC,3\n',
        'smiles,mp,note\nCCO,1,"a\nCC,2,b"\nC,3,c\n',
        'smiles\n"CCO\nCC"\nC\n',
        'smiles,mp,note\nCCO,1,"it is 5" long"\nCC,2,\n',
        'smiles,mp\nCCO,1\n"CC,2\n',
    ],
)
def test_stray_quotation_marks_swallow_no_line(tmp_path, content):
    path = tmp_path / "quotes.csv"
    path.write_text(content)
    with pytest.raises(DataError, match="quotation mark"):
        read_columns(path)
    with pytest.raises(DataError, match="quotation mark"):
        list(stream_columns(path, ["smiles"], 2))


def test_sheets_are_read_by_name_and_cells_keep_their_digits(tmp_path):
    path = tmp_path / "two.xlsx"
    other = [("smiles", "v"), ("CCN", 1234567.123456789), ("C", 1e-12), ("CC", True)]
    path.write_bytes(sheets(("one", ROWS), ("Tabelle 2", other)))
    found = read_columns(path, ["v"], Dialect(sheet="Tabelle 2"))
    assert [float(v) for v in found["v"][:2]] == [1234567.123456789, 1e-12]
    assert found["v"].tolist()[2] == "True"
    with pytest.raises(DataError, match=r"no sheet 'three', expected one of 'one', 'Tabelle 2'"):
        read_columns(path, ["v"], Dialect(sheet="three"))


def test_a_formula_without_its_value_is_told_and_one_that_gives_no_text_is_empty(tmp_path):
    path = tmp_path / "formulas.xlsx"
    path.write_bytes(sheets(("one", [("smiles", "v"), ("CC", "=A9*2"), ("CCC", 2.5)])))
    assert read_columns(path)["v"].tolist() == ["=A9*2", "2.5"]
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'<c r="B2">' in parts[sheet]
    parts[sheet] = parts[sheet].replace(b'<c r="B2">', b'<c r="B2" t="str">')  # as Excel saves it
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    assert read_columns(path)["v"].tolist() == ["", "2.5"]


def test_lines_read_over_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("# a\nsmiles,v\n\n# b\nCCO,1\n,\nCC,2\n")
    found = read_columns(path, ["smiles"])
    assert found.attrs == {"comments": 2, "blank": 2}
    assert found.index.tolist() == [2, 4]


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x00", exclude_categories=("Cs",)),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8),
    separator=st.sampled_from([",", "\t", ";"]),
)
def test_what_was_written_is_read_whatever_the_cells_hold(tmp_path_factory, rows, separator):
    frame = pd.DataFrame([("x", *row) for row in rows], columns=["id", "smiles", "v"])
    path = tmp_path_factory.mktemp("fuzz") / "a.csv"
    frame.to_csv(path, sep=separator, index=False)
    found = read_columns(path, ["id", "smiles", "v"])
    assert found.to_numpy().tolist() == frame.to_numpy().tolist()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_of_blanks_is_a_blank_line(tmp_path, end):
    path = tmp_path / "a.csv"
    path.write_text(end.join(["a,b", "  ", "1, 2", "\t ,", " "]), newline="")
    found = read_columns(path)
    assert found.to_numpy().tolist() == [["1", " 2"]]
    assert found.attrs["blank"] == 3


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("ab,;\t\"\n\r #1.'\x00ü"), max_size=60))
def test_any_text_is_a_table_or_one_error_and_no_row_is_lost(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("fuzz") / "a.csv"
    path.write_text(text, newline="")
    try:
        found = read_columns(path)
    except DataError:
        return
    lines = len([line for line in text.splitlines() if line.strip()])
    assert len(found) <= max(lines, 1)


def read_in_parts(text, chunk, *, careful):
    """What records hold, or what is wrong, read in parts of ``chunk`` characters."""
    try:
        records = TextRecords(io.StringIO(text, newline=""), [], tabs=False)
        records.chunk = chunk
        if careful:
            records._fast = lambda _: None
        parts = list(records.blocks(10**6))
    except ValueError as error:
        return str(error).split("(")[0].split("in line")[0]
    rows = [(place, *row) for part in parts for place, *row in part.itertuples(name=None)]
    return records.names, rows, records.seen, records.comments, records.blank, records._line


LINES = st.sampled_from(
    ["a,b", "a,,", "1,2", '"x",3', '"x, y",3', '"x""y",3', '"two\nlines",4', '"é",5', "# note", "",
     "# a,b,c", "short", ",", 'inch 5",6', '"open,7', "a,b\r"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=12), st.integers(1, 60), st.sampled_from(["", "\n"]))
def test_lines_read_at_once_are_those_read_one_by_one(lines, chunk, end):
    text = "\n".join(["id,v", *lines]) + end
    assert read_in_parts(text, chunk, careful=False) == read_in_parts(text, 1000, careful=True)
