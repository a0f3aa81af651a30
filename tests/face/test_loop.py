"""``fs.Loop``: a small loop on a table that is replayed, from Python."""

import pandas as pd
import pytest

import forescale as fs
from forescale.tables import ColumnMap, Provenance, build_table

LOOP = """
name = "small"
first = 12
batch = 8

[target]
file = "measured.csv"
kind = "molecule"
material = "smiles"
value = "y"
unit = ""

[[arm]]
name = "table"
order = "random"
engine = { name = "replay", protocol = { table = "computed.parquet" } }
pool = [{ file = "measured.csv" }]
cost = 1.0

[budget]
total = 20

[descriptor]
name = "morgan"

[judged]
n_target = [6]
replicates = 2
overlap = "allow"
"""


@pytest.fixture
def loop(tmp_path):
    smiles = [f"{'C' * n}{tail}" for n in range(1, 7) for tail in ("", "O", "N", "Cl", "F")]
    frame = pd.DataFrame({"smiles": smiles, "y": [len(s) * 0.3 + ("O" in s) for s in smiles]})
    frame.to_csv(tmp_path / "measured.csv", index=False)
    table = build_table(
        frame,
        ColumnMap("smiles", "y"),
        material_kind="molecule",
        name="y",
        unit="",
        kind="computed",
        provenance=Provenance(dataset="computed"),
    )
    table.to_parquet(tmp_path / "computed.parquet")
    (tmp_path / "loop.toml").write_text(LOOP)
    return fs.Loop.from_toml(str(tmp_path / "loop.toml"))


def test_a_loop_says_what_is_next_goes_on_and_shows_its_rounds(loop):
    assert loop.rounds.empty
    assert loop.report is None
    assert loop.next(show_progress=False).count == 12
    done = loop.run(rounds=1, show_progress=False)
    assert done.rounds[["arm", "n", "cost"]].values.tolist() == [["table", 12, 12.0]]
    assert set(done.errors["n_target"]) == {6}
    assert done.report is not None
    assert done.stopped is None
    assert "rounds=1" in repr(loop)
    assert "<td>table</td><td>12</td>" in loop._repr_html_()
