"""Tables of candidates: every row in its place, or named with the reason."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ConfigError, DataError
from forescale.prediction import ModelFolder, predict_file
from forescale.prediction import candidates as module
from forescale.prediction.columns import choose_columns
from forescale.tables import Dialect, PairColumns

FROZEN = Path(__file__).parent / "frozen" / "model"
ROWS = ["CCCCO", "OCCCC", "CCN", "CCCCCCCl", "CCCCO"]


@pytest.fixture
def write(tmp_path):
    def write(rows, name="new.csv", header="smiles"):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write


@pytest.fixture
def predict(predictor, tmp_path):
    def predict(path, **options):
        out = tmp_path / options.pop("out", "out.csv")
        outcome = predict_file(
            predictor, path, out, tmp_path / "bad.csv", show_progress=False, **options
        )
        read = pd.read_parquet if out.suffix == ".parquet" else pd.read_csv
        return outcome, read(out) if out.exists() else None

    return predict


def test_rows_keep_their_order_and_may_repeat(write, predict, predictor):
    outcome, table = predict(write(ROWS))
    assert table["row"].tolist() == [1, 2, 3, 4, 5]
    assert table["material"].tolist() == ROWS
    assert table["key"].tolist() == ["CCCCO", "CCCCO", "CCN", "CCCCCCCl", "CCCCO"]
    expected, _ = predictor.predict_keys(table["key"].tolist())
    np.testing.assert_allclose(table["prediction"], expected["prediction"], rtol=1e-7)
    assert table["prediction"].nunique() == 3
    assert set(table["unit"]) == {"degC"}
    assert (outcome.rows, outcome.predicted, outcome.rejected) == (5, 5, 0)
    assert outcome.lowest == pytest.approx(table["prediction"].min())
    assert outcome.known == table["known"].notna().sum()


def test_a_sheet_of_several_is_named(write, predict, tmp_path):
    path = tmp_path / "new.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"smiles": ["O"]}).to_excel(book, sheet_name="notes", index=False)
        pd.DataFrame({"smiles": ROWS}).to_excel(book, sheet_name="new", index=False)
    with pytest.raises(DataError, match="say which with sheet"):
        predict(path)
    outcome, table = predict(path, dialect=Dialect(sheet="new"))
    assert table["material"].tolist() == ROWS
    assert outcome.predicted == len(ROWS)


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_some_rows_at_a_time_give_the_same(write, predict, monkeypatch, rows):
    path = write([*ROWS, "", "CCCCCC"])
    _, expected = predict(path)
    monkeypatch.setattr(module, "ROWS", rows)
    _, got = predict(path)
    pd.testing.assert_frame_equal(got, expected, check_exact=False, rtol=1e-9)
    assert got["row"].tolist() == [1, 2, 3, 4, 5, 7]


def test_a_model_knows_what_it_was_trained_on(write, predict):
    _, table = predict(write(["CCCCO", "CCCCCCCCCCCCCCCCCC"]))
    assert table["known"].tolist()[0] in {"computed", "both"}
    assert pd.isna(table["known"][1])
    assert table["distance"].tolist()[0] == pytest.approx(0, abs=1e-6)
    _, table = predict(write(["FC(F)(F)c1ccc2nc3ccccc3nc2c1S(=O)(=O)N"]))
    assert table["outside"].tolist() == [True]
    assert table["distance_percentile"].tolist() == [100]


def test_bad_rows_are_refused_before_anything_is_predicted(write, predict, tmp_path):
    with pytest.raises(DataError, match=r"2 bad rows.*\n  row 2: got 'C1CC'.*\n  row 4: got ''"):
        predict(write(["CCO,a", "C1CC,b", "CCN,c", ",d"], header="smiles,id"))
    assert not (tmp_path / "out.csv").exists()


def test_skipped_rows_are_listed_with_their_reasons(write, predict, tmp_path):
    path = write(["CCO,a", "C1CC,b", "CCN,c", ",d"], header="smiles,id")
    outcome, table = predict(path, on_error="skip", keep=["id"])
    assert table["row"].tolist() == [1, 3]
    assert table["id"].tolist() == ["a", "c"]
    rejected = pd.read_csv(tmp_path / "bad.csv", keep_default_na=False)
    assert rejected["row"].tolist() == [2, 4]
    assert rejected["material"].tolist() == ["C1CC", ""]
    assert rejected["reason"].str.contains("expected|not valid").all()
    assert (outcome.rows, outcome.predicted, outcome.rejected) == (4, 2, 2)


def test_only_bad_rows_leave_rejects_alone(write, predict, tmp_path):
    outcome, table = predict(write(["C1CC"]), on_error="skip")
    assert (outcome.predicted, outcome.lowest) == (0, None)
    assert table is None or table.empty
    assert len(pd.read_csv(tmp_path / "bad.csv")) == 1


def test_what_descriptors_cannot_describe_is_a_bad_row(write, predict, monkeypatch, tmp_path):
    from forescale.descriptors.morgan import MorganCounts

    whole = MorganCounts.rows

    def undefined(self, keys):
        rows = whole(self, keys)
        rows[[key == "CCN" for key in keys], 7] = np.nan
        return rows

    monkeypatch.setattr(MorganCounts, "rows", undefined)
    path = write(ROWS)
    with pytest.raises(DataError, match=r"row 3: descriptor morgan .* undefined in morgan7"):
        predict(path)
    assert not (tmp_path / "out.csv").exists()
    outcome, table = predict(path, on_error="skip")
    assert table["row"].tolist() == [1, 2, 4, 5]
    assert outcome.rejected == 1
    assert "morgan7" in pd.read_csv(tmp_path / "bad.csv")["reason"][0]


@pytest.mark.parametrize("name", ["new.parquet", "new.tsv"])
def test_other_kinds_of_table(write, predict, tmp_path, name):
    _, expected = predict(write(ROWS))
    frame = pd.DataFrame({"id": range(5), "smiles": ROWS})
    if name.endswith("parquet"):
        frame.to_parquet(tmp_path / name)
    else:
        frame.to_csv(tmp_path / name, sep="\t", index=False)
    _, got = predict(tmp_path / name, out="out.parquet")
    got[["known", "warning"]] = got[["known", "warning"]].replace("", None)
    pd.testing.assert_frame_equal(got, expected, check_dtype=False, rtol=1e-7)


@pytest.mark.parametrize(
    ("rows", "header", "options", "words"),
    [
        (["CCO"], "structure", {"columns": {"material": "smiles"}}, "expected also smiles"),
        (["CCO,CCN"], "a,b", {}, "which one is the material.*none is.*say --material COLUMN"),
        (["CCO,CCN"], "SMILES,formula", {}, r"several may be it \(SMILES, formula\)"),
        (["CCO"], "smiles", {"columns": {"solute": "smiles"}}, "expected it for pairs only"),
        (["CCO,1"], "smiles,low", {"keep": ["low"]}, "a column of that name themselves"),
        (["CCO"], "smiles", {"keep": ["id"]}, "expected also id"),
        (["CCO"], "smiles", {"out": "new.csv"}, "the candidates themselves"),
        ([], "smiles", {}, "has no rows"),
        (["CCO,1,2"], "smiles,id", {}, "cannot be read as a table"),
    ],
)
def test_wrong_requests_are_refused(write, predict, rows, header, options, words):
    path = write(rows, header=header)
    before = path.read_bytes()
    with pytest.raises((ConfigError, DataError), match=words):
        predict(path, **options)
    assert path.read_bytes() == before


def test_columns_are_found_by_the_names_of_the_study_then_by_usual_ones(tmp_path):
    model = ModelFolder(FROZEN).manifest()

    def settings(kind, temperature=None, **columns):
        target = model.target.model_copy(update={"material_kind": kind})
        change = {"target": target, "columns": columns, "temperature": temperature}
        return model.model_copy(update=change)

    def found(columns, settings, **given):
        return choose_columns(tmp_path, columns, settings, given)

    molecule = settings("molecule", material=["mol"])
    assert found(["id", "smiles", "mol"], molecule) == "mol"
    assert found(["id", "SMILES"], molecule) == "SMILES"
    assert found(["anything"], molecule) == "anything"
    assert found(["a", "b"], molecule, material="b") == "b"
    pair = settings("pair", solute=["smiles_a"])
    assert found(["smiles_a", "Solvent"], pair) == PairColumns("smiles_a", "Solvent")
    assert found(["pair"], pair) == "pair"
    warm = settings("pair", temperature="varies", temperature_unit=["degC"])
    assert found(["solute", "solvent", "T"], warm, temperature="T") == (
        PairColumns("solute", "solvent", "T", "degC")
    )
    with pytest.raises(ConfigError, match="which one is the temperature"):
        found(["solute", "solvent", "T"], warm)
    with pytest.raises(ConfigError, match="trained on pairs without temperatures"):
        found(["solute", "solvent", "T"], pair, temperature="T")
    with pytest.raises(ConfigError, match=r"trained on pairs at 298\.15 K alone"):
        found(["solute", "solvent", "T"], settings("pair", temperature=298.15), temperature="T")


def test_python_reads_what_the_command_line_reads(predictor):
    keys, _ = predictor.predict_keys(["CCCCO", "CCN"])
    frame = pd.DataFrame({"id": [7, 8, 9], "SMILES": ["OCCCC", "NCC", "C1CC"]}, index=[3, 1, 2])
    found = predictor.predict(frame)
    assert found.index.tolist() == [3, 1, 2]
    assert found["material"].tolist() == ["OCCCC", "NCC", "C1CC"]
    assert found["key"].tolist() == ["CCCCO", "CCN", ""]
    assert found["reason"].tolist()[:2] == ["", ""]
    assert "C1CC" in found["reason"].iloc[2]
    assert found[["prediction", "low", "high"]].iloc[2].isna().all()
    for name in ("prediction", "low", "high", "std", "distance"):
        np.testing.assert_allclose(found[name].iloc[:2], keys[name], rtol=1e-9, atol=1e-9)
    one = predictor.predict("OCCCC")
    assert one["prediction"].tolist() == pytest.approx(found["prediction"].tolist()[:1])
    assert set(one["unit"]) == {"degC"}
    assert predictor.predict([]).empty
    with pytest.raises(ConfigError, match="which one is the material"):
        predictor.predict(frame.rename(columns={"SMILES": "x"}))
    same = predictor.predict(frame.rename(columns={"SMILES": "x"}), columns={"material": "x"})
    assert same["prediction"].tolist()[:2] == pytest.approx(found["prediction"].tolist()[:2])


def test_what_speaks_against_a_prediction_is_said(predictor):
    found = predictor.predict(["C[Se]C", "C", "C" * 300]).set_index("key")
    assert "has Se, which none of the 100 measured materials has" in found["warning"]["C[Se]C"]
    assert "has 1 heavy atoms, as few as fewer than" in found["warning"]["C"]
    assert found["outside"].all()
