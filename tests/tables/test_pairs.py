"""Tables of pairs: two or three columns are the material; every bad row is named."""

import pytest

from forescale.errors import ConfigError, DataError
from forescale.tables import ColumnMap, PairColumns, PropertyTable, read_table

HEADER = "polymer,solvent,T,chi\n"


@pytest.fixture
def write(tmp_path):
    def write(rows, header=HEADER):
        path = tmp_path / "mine.csv"
        path.write_text(header + rows)
        return path

    return write


def read(path, temperature="T", unit="degC", valid=None, **options):
    sides = PairColumns("polymer", "solvent", temperature, unit, valid)
    return read_table(
        path,
        ColumnMap(sides, "chi"),
        name="chi",
        unit="",
        kind="measured",
        material_kind="pair",
        **options,
    )


def test_a_pair_at_one_temperature_is_one_row_however_written(write):
    rows = "*CC(*)C,Cc1ccccc1,25,0.4\n*C(C)C*,c1ccccc1C,25.00,0.6\n*CC(*)C,Cc1ccccc1,60,0.3\n"
    table = read(write(rows))
    assert table.keys.tolist() == [
        "*CC(*)C in Cc1ccccc1 at 298.15 K",
        "*CC(*)C in Cc1ccccc1 at 333.15 K",
    ]
    assert table.values.tolist() == [0.5, 0.3]
    assert table.frame["repeats"].tolist() == [2, 1]
    assert table.frame["material"][0] == "*CC(*)C in Cc1ccccc1 at 25 degC"


@pytest.mark.parametrize(
    ("unit", "given"), [("K", "298.15"), ("degC", "25"), ("degF", "77"), ("celsius", "2.5e1")]
)
def test_temperatures_come_in_any_unit(write, unit, given):
    table = read(write(f"CCO,O,{given},1\n"), unit=unit)
    assert table.keys.tolist() == ["CCO in O at 298.15 K"]


def test_a_table_without_temperatures(write):
    assert read(write("CCO,O,,1\n"), temperature=None).keys.tolist() == ["CCO in O"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("C1CC,O,25,1", "solute: got 'C1CC', which is not valid SMILES"),
        ("CCO,O(,25,1", r"solvent: got 'O\(', which is not valid SMILES"),
        ("C1CC,O(,25,1", r"solute: .*; solvent: "),
        ("CCO,,25,1", "solvent: got ''"),
        ("CCO,[Na+].[Cl-],25,1", "solvent: .*salt"),
        ("CCO,O,,1", "got temperature '' in column 'T', expected a number"),
        ("CCO,O,warm,1", "got temperature 'warm' in column 'T'"),
        ("CCO,O,inf,1", "got temperature 'inf' in column 'T'"),
        ("CCO,O,-273.15,1", "got temperature -273.15 degC in column 'T', .*absolute zero"),
        ("CCO,O,-400,1", "above absolute zero"),
        ("CCO,O,25,x", "got value 'x'"),
    ],
)
def test_a_bad_row_is_refused_by_file_row_and_reason(write, row, reason):
    path = write(f"CCO,O,25,1\n{row}\n")
    with pytest.raises(DataError, match=f"(?s)mine.csv: 1 bad row .*row 2: .*{reason}"):
        read(path)
    table = read(path, on_error="skip")
    assert table.rejected["row"].tolist() == [2]
    assert len(table) == 1


def test_implausible_temperatures_are_set_aside_in_words(write):
    rows = "CCO,O,298,1\nCCO,O,25,2\nCCO,O,2980,3\n"
    table = read(write(rows), unit="K")
    assert table.keys.tolist() == ["CCO in O at 298 K"]
    assert table.rejected["reason"].tolist() == [
        "temperature 25 K outside the valid range 100 to 1000 K",
        "temperature 2980 K outside the valid range 100 to 1000 K",
    ]


def test_the_valid_range_is_in_the_unit_of_the_file(write):
    table = read(write("CCO,O,25,1\nCCO,O,-190,2\n"), valid=(-200.0, 0.0))
    assert table.keys.tolist() == ["CCO in O at 83.15 K"]
    assert (
        table.rejected["reason"][0] == "temperature 25 degC outside the valid range -200 to 0 degC"
    )


@pytest.mark.parametrize("unit", ["meter", "kcal/mol", "", "celsiu"])
def test_a_unit_of_no_temperature_is_refused(unit):
    with pytest.raises(ConfigError, match="unit"):
        PairColumns("a", "b", "T", unit)


def test_absent_columns_are_named(write):
    with pytest.raises(DataError, match="expected also T"):
        read(write("CCO,O,1\n", header="polymer,solvent,chi\n"))


def test_a_table_of_pairs_is_kept_in_parquet(write, tmp_path):
    table = read(write("CCO,O,25,1\n"))
    table.to_parquet(tmp_path / "own.parquet")
    again = PropertyTable.from_parquet(tmp_path / "own.parquet")
    assert again.material_kind == "pair"
    assert again.keys.tolist() == table.keys.tolist()


def test_each_string_is_parsed_once(write, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "forescale.tables.materials.solute_key", lambda text: seen.append(text) or text
    )
    solutes = [f"{'C' * n}O" for n in range(1, 20)]
    table = read(write("".join(f"{a},{b}C,25,1\n" for a in solutes for b in solutes)))
    assert len(table) == len(solutes) ** 2
    assert sorted(seen) == sorted(solutes)
