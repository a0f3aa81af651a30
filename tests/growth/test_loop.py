"""A small loop end to end, on a table that is replayed."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from forescale._machine.files import locked
from forescale.errors import ConfigError, RunFolderError
from forescale.growth import Loop
from forescale.growth.config import LoopConfig
from forescale.growth.folder import LoopFolder
from forescale.growth.judging import Computed, bench_of
from forescale.growth.records import read_arm, read_sequence
from forescale.learners import Grid
from forescale.splits import Split
from forescale.tables import ColumnMap, Provenance, build_table

LOOP = """
name = "small"
first = 12
batch = 8
seed = 3

[target]
file = "measured.csv"
kind = "molecule"
material = "smiles"
value = "y"
unit = ""

[[arm]]
name = "informative"
order = "informative"
control = 0.25
engine = {{ name = "replay", protocol = {{ table = "computed.parquet" }} }}
pool = [{{ file = "pool.csv" }}]
cost = 1.0

[budget]
total = {total}
{budget}

[descriptor]
name = "morgan"

[learner]
lengths = [1.0]
noises = [0.1]
linear = [0.0]

[judged]
n_target = [6, 12]
replicates = 3
overlap = "allow"
"""


def _molecules():
    tails = ["", "O", "N", "C=O", "C(=O)O", "Cl", "F", "S", "C#N", "OC"]
    return [f"{'C' * n}{tail}" for n in range(1, 8) for tail in tails]


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    smiles = _molecules()
    value = np.array([len(s) * 0.3 + ("O" in s) - 0.5 * ("N" in s) for s in smiles])
    table = build_table(
        pd.DataFrame({"smiles": smiles, "y": value + 0.5}),
        ColumnMap("smiles", "y"),
        name="y",
        unit="",
        kind="computed",
        material_kind="molecule",
        provenance=Provenance(dataset="made up"),
    )
    table.to_parquet(tmp_path / "computed.parquet")
    pd.DataFrame({"smiles": smiles}).to_csv(tmp_path / "pool.csv", index=False)
    measured = rng.permutation(len(smiles))[:20]
    pd.DataFrame(
        {"smiles": [smiles[i] for i in measured], "y": value[measured] + rng.normal(size=20) * 0.1}
    ).to_csv(tmp_path / "measured.csv", index=False)
    return tmp_path


def _write(folder, total=60.0, budget="", text=LOOP):
    path = folder / "loop.toml"
    path.write_text(text.format(total=total, budget=budget))
    return path


def test_a_loop_computes_until_its_budget_is_spent_and_says_so(folder):
    finished = Loop.from_toml(_write(folder, total=36), folder / "out").run(show_progress=False)
    assert [r["n"]["informative"] for r in finished.rounds] == [12, 20, 28, 36]
    assert "budget" in finished.stopped
    assert finished.rounds[-1]["cost"] == 36
    assert all(np.isfinite(r["error"]) for r in finished.rounds)
    later = [r["forecast"] for r in finished.rounds if r["forecast"] is not None]
    assert later
    assert all(f["low"] <= f["median"] <= f["high"] for f in later)
    asked = pd.read_csv(folder / "out" / "arms" / "informative" / "sequence.csv")
    page = (folder / "out" / "report.html").read_text()
    assert "Stopped:" in page
    assert page.count('<th scope="row">') == 4 + 1  # four rounds, one arm
    assert asked["control"].mean() == pytest.approx(0.25, abs=0.05)


def test_a_column_that_one_side_lacks_is_left_out_of_both(folder):
    """Partial charges are undefined for selenium: a descriptor drops them where it occurs."""
    with (folder / "measured.csv").open("a") as file:
        file.write("C[Se]CC,1.5\nCC[Se]CC,1.8\n")
    path = _write(folder, total=20, text=LOOP.replace('"morgan"', '"rdkit2d"'))
    finished = Loop.from_toml(path, folder / "out").run(show_progress=False)
    assert [r["n"]["informative"] for r in finished.rounds] == [12, 20]
    assert all(np.isfinite(r["error"]) for r in finished.rounds)


def test_going_on_gives_what_one_call_would_have_given(folder):
    path = _write(folder, total=28)
    whole = Loop.from_toml(path, folder / "whole").run(show_progress=False)
    parts = Loop.from_toml(path, folder / "parts")
    first = parts.run(rounds=1, show_progress=False)
    assert first.stopped is None
    assert Loop.from_toml(path, folder / "parts").run(show_progress=False).rounds == whole.rounds


def test_a_round_that_was_cut_off_is_done_again_with_the_same_materials(folder):
    path = _write(folder, total=28)
    whole = Loop.from_toml(path, folder / "whole").run(show_progress=False)
    Loop.from_toml(path, folder / "cut").run(show_progress=False)
    (folder / "cut" / "rounds" / "00003.json").unlink()  # all but the record was on disk
    assert Loop.from_toml(path, folder / "cut").run(show_progress=False).rounds == whole.rounds


def test_own_computed_values_are_left_out_where_those_of_tested_materials_are(folder):
    bench = bench_of(LoopConfig.from_toml(_write(folder)), 1, show_progress=False)
    rows, split = np.arange(12), Split(np.arange(12), np.arange(6), np.arange(15, 20))
    computed = Computed(
        bench.target.keys[rows], bench.features[rows], bench.target.values[rows] ** 2,
        np.zeros(12, dtype=int), exchangeable=False, reference=bench.features,
    )  # fmt: skip
    found = {}
    for hidden in (False, True):
        learnt = bench.prepared(computed, folder / "kept", hidden=hidden)
        found[hidden] = learnt.predict(split, Grid(np.array([3, 12]), np.array([6])), 0).mean[:, 1]
    assert found[True][0] == pytest.approx(found[False][0])  # scratch sees no computed value
    assert np.abs(found[True][2] - found[False][2]).max() > 1e-3


def test_every_replicate_has_every_size_where_tested_materials_are_hidden(folder):
    path = _write(folder, total=36, text=LOOP.replace('"allow"', '"exclude"'))
    Loop.from_toml(path, folder / "out").run(show_progress=False)
    errors = LoopFolder(folder / "out").errors()
    errors = errors[errors["n_target"] == 12]
    assert {12, 20, 28, 36} <= set(errors["n_source"])
    assert (errors.groupby("n_source")["replicate"].nunique() == 3).all()
    assert not errors.duplicated(["replicate", "n_source"]).any()


def test_more_budget_is_taken_up(folder):
    stopped = Loop.from_toml(_write(folder, total=20), folder / "out").run(show_progress=False)
    assert len(stopped.rounds) == 2
    more = Loop.from_toml(_write(folder, total=36), folder / "out").run(show_progress=False)
    assert more.rounds[:2] == stopped.rounds
    assert more.rounds[-1]["n"]["informative"] == 36


def test_a_target_error_that_is_reached_stops_the_loop(folder):
    loop = Loop.from_toml(_write(folder), folder / "out")
    finished = loop.run(until_error=100.0, show_progress=False)
    assert len(finished.rounds) == 1
    assert "asked for" in finished.stopped


def test_what_is_next_is_told_without_computing(folder):
    decision = Loop.from_toml(_write(folder), folder / "out").next(show_progress=False)
    assert (decision.action, decision.arm, decision.count) == ("compute", "informative", 12)
    assert not (folder / "out" / "arms" / "informative" / "sequence.csv").exists()


def test_a_pool_that_runs_dry_ends_the_loop(folder):
    path = _write(folder, total=1000)
    path.write_text(path.read_text().replace("batch = 8", "batch = 100"))
    finished = Loop.from_toml(path, folder / "out").run(show_progress=False)
    assert finished.stopped == "every pool is computed"
    assert finished.rounds[-1]["n"]["informative"] == len(_molecules())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("cost = 1.0 -> cost = 0.0", "arm.0.cost"),
        ("total = 60.0 -> total = 5.0", "raise the budget"),
        ('order = "informative" -> order = "clever"', "expected one of"),
        ('name = "replay" -> name = "nothing"', "engine.name"),
    ],
)
def test_bad_loops_are_refused_by_name(folder, change, told):
    path = _write(folder)
    old, new = change.split(" -> ")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=told):
        Loop.from_toml(path, folder / "out").run(show_progress=False)


def test_an_arm_under_another_protocol_needs_another_name(folder):
    path = _write(folder, total=12)
    Loop.from_toml(path, folder / "out").run(show_progress=False)
    path.write_text(
        path.read_text().replace(
            'engine = { name = "replay"', 'engine = { seed = 7, name = "replay"'
        )
    )
    with pytest.raises(RunFolderError, match="a name of its own"):
        Loop.from_toml(path, folder / "out").run(show_progress=False)


READERS = {
    "00001.json": lambda out: LoopFolder(out).rounds(),
    "00001.parquet": lambda out: LoopFolder(out).errors(),
    "sequence.csv": lambda out: read_sequence(out / "arms" / "informative" / "sequence.csv"),
    "arm.json": lambda out: read_arm(out / "arms" / "informative" / "arm.json"),
}


def test_damaged_and_foreign_contents_are_named_in_one_line(folder):
    path, out = _write(folder, total=12), folder / "out"
    Loop.from_toml(path, out).run(show_progress=False)
    record = json.loads((out / "rounds" / "00001.json").read_text())
    errors = pd.read_parquet(out / "errors" / "00001.parquet")
    sequence = (out / "arms" / "informative" / "sequence.csv").read_text()
    wrong = {
        "rounds/00001.json": [
            b"[1]", b"{", b"\xff", b"[" * 100_000,
            *(
                json.dumps(record | change).encode()
                for change in (
                    {"round": 2}, {"round": "1"}, {"cost": float("nan")}, {"forecast": 3},
                    {"n": {"informative": "9"}}, {"arm": "../x"},
                    {"next": {"action": "os:system", "reason": ""}},
                )
            ),
        ],
        "errors/00001.parquet": [
            b"PAR1",
            errors.drop(columns="value").to_parquet(),
            errors.assign(value="x").to_parquet(),
            errors.assign(value=np.inf).to_parquet(),
            errors.assign(arm=1).to_parquet(),
        ],
        "arms/informative/sequence.csv": [
            b"key\nC\n", b"\x00", sequence.replace(",1,", ",x,").encode(),
            (sequence + sequence.splitlines()[1]).encode(),
        ],
        "arms/informative/arm.json": [b"[]", b"{}", b"{", b'{"label": 1, "property": "y"}'],
    }  # fmt: skip
    for name, contents in wrong.items():
        whole = (out / name).read_bytes()
        for content in contents:
            (out / name).write_bytes(content)
            with pytest.raises(RunFolderError, match=name.rpartition("/")[2]) as caught:
                READERS[name.rpartition("/")[2]](out)
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 600
        (out / name).write_bytes(whole)
        READERS[name.rpartition("/")[2]](out)
    (out / "rounds" / "00001.json").write_text("[1]")
    with pytest.raises(RunFolderError, match=r"00001\.json"):
        Loop.from_toml(path, out).run(show_progress=False)


def test_a_loop_that_was_killed_at_once_goes_on_and_another_folder_is_left_alone(folder):
    (folder / "out" / "arms").mkdir(parents=True)
    (folder / "mine" / "thesis").mkdir(parents=True)
    loop = Loop.from_toml(_write(folder, total=12), folder / "out")
    assert loop.next(show_progress=False).action == "compute"
    with pytest.raises(RunFolderError, match="not a loop"):
        Loop.from_toml(_write(folder), folder / "mine").next(show_progress=False)


def test_what_is_judged_anew_stays_judged(folder):
    path = _write(folder, total=28)
    Loop.from_toml(path, folder / "out").run(show_progress=False)
    measured = pd.read_csv(folder / "measured.csv")
    measured["y"] += 0.25 * (np.arange(len(measured)) % 2)
    measured.to_csv(folder / "measured.csv", index=False)
    loop = Loop.from_toml(_write(folder, total=36), folder / "out")
    changed = loop.run(show_progress=False)
    assert changed.rounds[-1]["anew"] == ["informative"]
    fresh = Loop.from_toml(_write(folder, total=36), folder / "fresh").run(show_progress=False)
    # The same materials in the same order: the same errors, at every size, on disk too.
    key = ["replicate", "n_source", "n_target"]
    ours, theirs = (
        LoopFolder(folder / name).errors().set_index(key)["value"].sort_index()
        for name in ("out", "fresh")
    )
    asked = [
        pd.read_csv(folder / name / "arms" / "informative" / "sequence.csv")["key"].tolist()
        for name in ("out", "fresh")
    ]
    assert asked[0] == asked[1]
    pd.testing.assert_series_equal(ours, theirs)
    assert fresh.rounds[-1]["error"] == changed.rounds[-1]["error"]


def test_arms_remember_what_their_batches_brought(folder):
    loop = Loop.from_toml(_write(folder, total=28), folder / "out")
    finished = loop.run(show_progress=False)
    work = loop._begin(None, 1, False)
    (standing,) = work._standings(len(work.records))
    assert standing.past == tuple(record["error"] for record in finished.rounds)
    assert len(standing.past) == 3


def test_more_budget_judges_nothing_again(folder):
    Loop.from_toml(_write(folder, total=20), folder / "out").run(show_progress=False)
    more = Loop.from_toml(_write(folder, total=36), folder / "out").run(show_progress=False)
    assert all(not record["anew"] for record in more.rounds)


def test_an_arm_may_be_added_between_rounds(folder):
    path = _write(folder, total=28)
    Loop.from_toml(path, folder / "out").run(show_progress=False)
    arm = LOOP[LOOP.index("[[arm]]") : LOOP.index("[budget]")]
    again = arm.replace('"informative"', '"random"').replace("control = 0.25", "control = 0.0")
    text = LOOP.replace("[budget]", f"{again}\n[budget]")
    finished = Loop.from_toml(_write(folder, total=60, text=text), folder / "out").run(
        show_progress=False
    )
    assert finished.rounds[-1]["n"]["random"] >= 12


def test_materials_may_be_added_between_rounds(folder):
    pool = pd.read_csv(folder / "pool.csv")
    pool.head(24).to_csv(folder / "pool.csv", index=False)
    dry = Loop.from_toml(_write(folder), folder / "out").run(show_progress=False)
    assert dry.stopped == "every pool is computed"
    pool.to_csv(folder / "pool.csv", index=False)
    more = Loop.from_toml(_write(folder, total=40), folder / "out").run(show_progress=False)
    assert more.rounds[-1]["n"]["informative"] == 40


def test_a_second_loop_is_told_who_holds_the_folder(folder):
    loop = Loop.from_toml(_write(folder, total=12), folder / "out")
    loop.run(show_progress=False)
    with (
        locked(folder / "out" / ".lock", "another loop"),
        pytest.raises(RunFolderError, match=r"another loop is writing here .*process"),
    ):
        loop.next(show_progress=False)


def test_workers_change_no_number(folder):
    path = _write(folder, total=28)
    one = Loop.from_toml(path, folder / "one").run(workers=1, show_progress=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forescale.growth.judging._PARALLEL", 0)
        two = Loop.from_toml(path, folder / "two").run(workers=2, rounds=2, show_progress=False)
    assert two.rounds == one.rounds[:2]


KILLED = """
import os, sys
from pathlib import Path
from forescale._machine import files
from forescale.growth import Loop

left = int(sys.argv[3])
replace = Path.replace


def counted(self, other):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    return replace(self, other)


Path.replace = counted
Loop.from_toml(sys.argv[1], sys.argv[2]).run(workers=1, show_progress=False)
"""


def test_a_loop_that_is_killed_between_two_writes_ends_as_if_it_had_not_been(folder):
    path = _write(folder, total=28)
    whole = Loop.from_toml(path, folder / "whole").run(show_progress=False)
    (folder / "killed.py").write_text(KILLED)
    command = [sys.executable, str(folder / "killed.py"), str(path), str(folder / "out")]
    killed = subprocess.run([*command, "17"], check=False, capture_output=True)
    assert killed.returncode == -9
    done = len(list((folder / "out" / "rounds").glob("*.json")))
    assert 0 < done < len(whole.rounds)
    again = Loop.from_toml(path, folder / "out").run(show_progress=False)
    assert again.rounds == whole.rounds
