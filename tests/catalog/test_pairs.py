"""Columns that join solvent and solute come apart, and rows that do not say so."""

import pandas as pd
import pytest
from pydantic import ValidationError

from forescale.catalog import load_dataset
from forescale.catalog._pairs import pair_columns, with_sides
from forescale.catalog.entry import Columns, JoinedPair, Lookup, RemoteFile
from forescale.materials import GROUPINGS

FILE = RemoteFile(repository="a/b", commit="0" * 40, path="c.csv", sha256="0" * 64)
DOT = JoinedPair(column="ssid", separator=".", solvent="first")
LINE = JoinedPair(column="ssid", separator="_", solvent="last", temperature="T")


def sides(kept):
    return list(zip(kept["__solute__"], kept["__solvent__"], strict=True))


@pytest.mark.parametrize(
    ("pair", "text", "expected"),
    [(DOT, "O.CCO", ("CCO", "O")), (LINE, "*CC*_CCO", ("*CC*", "CCO"))],
)
def test_a_joined_column_comes_apart(pair, text, expected):
    kept, rejected = with_sides(pd.DataFrame({"ssid": [text], "T": [1]}), pair, None)
    assert sides(kept) == [expected]
    assert all(rows.empty for rows in rejected.values())


@pytest.mark.parametrize("text", ["CCO", "", "O.[Na+].[Cl-]", "O.CC.CC"])
def test_salts_and_single_molecules_are_set_aside(text):
    rows = pd.DataFrame({"ssid": ["O.CCO", text, "CO.CC"]})
    kept, rejected = with_sides(rows, DOT, None)
    assert kept.index.tolist() == [0, 2]
    ((reason, bad),) = rejected.items()
    assert bad.index.tolist() == [1]
    assert "one solute and one solvent joined by '.'" in reason


def test_all_rows_may_be_set_aside():
    kept, _ = with_sides(pd.DataFrame({"ssid": ["CCO"]}), DOT, None)
    assert kept.empty
    assert {"__solute__", "__solvent__"} <= set(kept)


def test_strings_are_looked_up_in_another_file(tmp_path):
    (tmp_path / "names.csv").write_text("code,structure\nPS-tol,*CC*_CCO\n")
    pair = LINE.model_copy(update={"lookup": Lookup(file=FILE, key="code", column="structure")})
    rows = pd.DataFrame({"ssid": ["PS-tol", "PS-none"], "T": [25, 25]})
    kept, rejected = with_sides(rows, pair, tmp_path / "names.csv")
    assert sides(kept) == [("*CC*", "CCO")]
    reason, bad = next(iter(rejected.items()))
    assert "not among the pairs of names.csv" in reason
    assert bad.index.tolist() == [1]
    assert pair_columns(pair).temperature == "T"


def test_an_entry_has_one_kind_of_material_column():
    for given in ({}, {"material": "a", "pair": DOT}, {"material": "a", "cas": "b"}):
        with pytest.raises(ValidationError, match="one of material, cas and pair"):
            Columns(**given)


@pytest.mark.mirror
def test_computed_and_measured_pairs_are_the_same_materials():
    computed, measured = load_dataset("chi-cosmo-rs"), load_dataset("chi-measured")
    assert len(set(computed.keys) & set(measured.keys)) == 1178
    pairs = {GROUPINGS["pair"]["pair"](key) for key in measured.keys}
    assert len(pairs) == 766
    assert {GROUPINGS["pair"]["pair"](key) for key in computed.keys} <= pairs
    assert "*CC(*)c1ccccc1 in Cc1ccccc1" in pairs


@pytest.mark.mirror
def test_a_quarter_of_a_million_pairs_agree_with_what_was_measured():
    computed, measured = load_dataset("solvation-cosmo-rs"), load_dataset("solvation-measured")
    assert len(computed) == 270_933
    known = dict(zip(computed.keys, computed.values, strict=True))
    errors = [
        known[key] - value
        for key, value in zip(measured.keys, measured.values, strict=True)
        if key in known
    ]
    assert len(errors) == 703
    assert (sum(e**2 for e in errors) / len(errors)) ** 0.5 == pytest.approx(0.68, abs=0.01)
