"""Folders that are damaged, unfinished, held or not ours: one line each, and the rest goes on."""

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forescale._machine.files import locked
from forescale.errors import RunFolderError
from forescale.simulation import Campaign, campaign_table, run_campaign
from forescale.study import RunFolder, load_data, load_study, run_replicates
from forescale.tables import PropertyTable, Provenance
from forescale.workflow import run_study

DEEP = "[" * 100_000


@pytest.fixture(scope="module")
def finished(write_study, tmp_path_factory):
    study = write_study(tmp_path_factory.mktemp("folders"), replicates=3)
    run_study(load_study(study), study.parent / "run", show_progress=False, model=False)
    return study.parent


@pytest.fixture
def run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy" / "run"


MANIFESTS = {
    "empty": "",
    "deep": DEEP,
    "list": "[]",
    "number": "1e999",
    "bytes": "\udcff",
    "no study": '{"name": "x"}',
    "study of numbers": '{"name": 3, "study": 7, "seed": "x"}',
}


@pytest.mark.parametrize("text", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_is_none_is_refused_in_a_line(forescale, run, text):
    (run / "manifest.json").write_text(text, errors="surrogateescape")
    for command in (("plan", run), ("report", run), ("compare", run, run), ("status", run)):
        code, out, err = forescale(*command)
        assert (code, out) == (2, ""), command
        assert "not a readable run folder" in err


def text_values(frame):
    return frame.assign(value="x")


def another(frame):
    return frame.assign(replicate=7)


DAMAGE = {
    "junk": lambda part: part.write_bytes(b"PAR1junk"),
    "truncated": lambda part: part.write_bytes(part.read_bytes()[:300]),
    "no column": lambda part: pd.read_parquet(part).drop(columns="metric").to_parquet(part),
    "texts": lambda part: text_values(pd.read_parquet(part)).to_parquet(part),
    "another": lambda part: another(pd.read_parquet(part)).to_parquet(part),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_part_is_named_and_done_again(forescale, run, damage):
    part = run / "errors" / "part-00001.parquet"
    whole = pd.read_parquet(part)
    damage(part)
    for command in (("plan", run), ("report", run), ("compare", run, run)):
        code, out, err = forescale(*command)
        assert (code, out) == (2, ""), command
        assert "part-00001.parquet" in err
        assert "damaged" in err
    folder, study = RunFolder(run), load_study(run.parent / "study.toml")
    assert folder.done() == ({0, 2}, [part])
    run_replicates(study, load_data(study), folder, show_progress=False)
    pd.testing.assert_frame_equal(pd.read_parquet(part), whole)


def test_a_run_that_is_not_finished_says_so_first(forescale, run):
    for number in (0, 2):
        (run / "errors" / f"part-0000{number}.parquet").unlink()
    told = "1 of 3 replicates are finished (missing: 0, 2)"
    code, out, _ = forescale("report", run)
    assert code == 0
    assert told in out
    page = (run / "report.html").read_text()
    assert told in page.split("</header>")[0]


def test_a_second_run_is_told_who_holds_the_folder(forescale, run):
    with locked(run / ".lock", "another run"):
        for command in (
            ("run", run.parent / "study.toml", "--out", run),
            ("report", run),
        ):
            code, out, err = forescale(*command)
            assert (code, out) == (2, "")
            assert "another run is writing here (process " in err
        assert len(RunFolder(run).errors())  # reading is free
    with RunFolder(run).locked():
        pass


def test_a_full_disk_is_no_fault_of_the_learner(forescale, write_study, tmp_path, monkeypatch):
    study = write_study(tmp_path / "study", replicates=2)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    code, out, err = forescale("run", study, "--out", tmp_path / "run", "--workers", 1)
    assert (code, out) == (2, "")
    assert f"{tmp_path / 'run'}: cannot be written: the disk is full: make room" in err


@pytest.fixture
def campaign(tmp_path):
    def make(name="gap", results="results"):
        table = PropertyTable(
            frame=pd.DataFrame(
                {"key": (keys := ["C", "CC", "CCC", "CCO"]), "material": keys, "repeats": 1}
                | {"value": [1.0, 2.0, 3.0, 4.0], "scatter": np.nan}
            ),
            name=name,
            unit="eV",
            kind="computed",
            material_kind="molecule",
            provenance=(Provenance(dataset="made up"),),
        )
        table.to_parquet(tmp_path / "table.parquet")
        (tmp_path / "materials.csv").write_text("smiles\nC\nCC\nCCC\n")
        (tmp_path / "campaign.toml").write_text(
            f'results = "{results}"\n[[materials]]\nfile = "materials.csv"\n[engine]\n'
            'name = "replay"\n[engine.protocol]\ntable = "table.parquet"\n'
        )
        return tmp_path / "campaign.toml"

    return make


@pytest.mark.parametrize("name", ["../escaped", "/tmp/abs", "..", "", "a/b", "x\0", "n" * 300])
def test_a_property_s_name_is_no_path(forescale, campaign, tmp_path, name):
    code, out, err = forescale("simulate", campaign(name))
    assert (code, out) == (2, "")
    assert "cannot name a file" in err
    assert not [p for p in tmp_path.rglob("*.parquet") if p.name != "table.parquet"]
    assert not Path("/tmp/abs.parquet").exists()


@pytest.mark.parametrize("name", ["status", "key", "value"])
def test_a_property_may_be_called_as_a_column_of_ours(forescale, campaign, tmp_path, name):
    for done in (3, 0):
        code, out, err = forescale("simulate", campaign(name), "--workers", 1, "--json")
        answer = json.loads(out)
        assert (code, answer["done"], answer["finished_now"]) == (0, 3, done), err
    table = campaign_table(tmp_path / "results", name)
    assert dict(zip(table.keys, table.values, strict=True)) == {"C": 1.0, "CC": 2.0, "CCC": 3.0}
    written = PropertyTable.from_parquet(Path(answer["tables"]) / f"{name}.parquet")
    assert (written.name, list(written.values)) == (name, list(table.values))


JUNK = {
    "no json": b"{]\n",
    "list": b"[1, 2]\n",
    "deep": b"[" * 50_000 + b"\n",
    "no status": b'{"key": "C"}\n',
    "a table for a status": b'{"key": "C", "status": {}, "attempt": 0, "seed": 0, "wall_s": 1}\n',
    "wrong status": b'{"key": "C", "status": "great", "attempt": 0, "seed": 0, "wall_s": 1}\n',
    "nan": b'{"key": "CC", "attempt": 0, "status": "done", "reason": "", "notes": "", '
    b'"converged": true, "seed": 0, "wall_s": 1.0, "engine_version": "1", "gap": NaN}\n',
    "bytes": b"\xff\x00\xfe\n",
}


def test_junk_lines_are_set_aside_and_the_rest_goes_on(forescale, campaign, tmp_path):
    file = campaign()
    assert forescale("simulate", file, "--limit", 2, "--workers", 1)[0] == 0
    journal = next((tmp_path / "results" / "results").rglob("*.jsonl"))
    lines = journal.read_bytes().splitlines(keepends=True)
    junk = b"".join(JUNK.values())
    journal.write_bytes(lines[0] + junk + lines[1] + b'{"key": "torn')
    code, out, err = forescale("simulate", file, "--workers", 1, "--json")
    assert (code, json.loads(out)["done"], json.loads(out)["finished_now"]) == (0, 3, 1), err
    assert f"{len(JUNK)} line(s) are no results, set aside in" in err
    assert next(journal.parent.glob("damaged/*.lines")).read_bytes() == junk
    code, _, err = forescale("simulate", file, "--workers", 1)
    assert (code, "no results" in err) == (0, False)


def test_damaged_parts_and_foreign_files_do_not_stop_a_campaign(forescale, campaign, tmp_path):
    file = campaign()
    assert forescale("simulate", file, "--workers", 1)[0] == 0
    journal = next((tmp_path / "results" / "results").rglob("*.jsonl"))
    store, protocols = journal.parent, tmp_path / "results" / "protocols"
    journal.rename(store / "00001.jsonl")
    (store / "00000.parquet").write_bytes(b"PAR1 no")
    (store / "notes.txt").write_text("mine")
    (store / "thesis.parquet").write_bytes(b"")
    (store / "x.jsonl").mkdir()
    (protocols / "foreign.json").write_text("[]")
    (protocols / "evil-12345678.json").write_text(
        '{"engine": "../../x", "seed": 0, "settings": {}, "kind": "molecule", "units": {}, '
        '"digest": "0"}'
    )
    code, out, err = forescale("simulate", file, "--workers", 1, "--json")
    assert (code, json.loads(out)["done"], json.loads(out)["finished_now"]) == (0, 3, 0), err
    assert "00000.parquet: damaged, set aside in" in err
    assert (store / "damaged" / "00000.parquet").exists()
    assert (store / "notes.txt").read_text() == "mine"
    assert len(campaign_table(tmp_path / "results", "gap")) == 3
    code, out, _ = forescale("status", tmp_path / "results")
    assert code == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero (mine.py, line 1)"),
        ("import sys\nsys.exit(0)", "it calls exit(0) (mine.py, line 2)"),
        ("exit(7)", "it calls exit(7) (mine.py, line 1)"),
        ("import os\nos._exit(0)", "it calls exit(0) (mine.py, line 2)"),
        ("class Mine(:", "SyntaxError"),
        ("import no_such_module", "cannot be imported"),
        ("x = 1", "has no attribute 'Mine'"),
        ("def Mine(**options): exit(3)", ""),
    ],
)
@pytest.mark.parametrize("what", ["engine", "generator"])
def test_files_of_one_s_own_that_fail_say_where(forescale, tmp_path, text, told, what):
    (tmp_path / "mine.py").write_text(text)
    (tmp_path / "m.csv").write_text("smiles\nC\n")
    names = {"engine": ('file = "m.csv"', "mine.py:Mine"), "generator": ("", "xtb")}
    origin, engine = names[what]
    origin = origin or 'generator = "mine.py:Mine"'
    (tmp_path / "campaign.toml").write_text(
        f'[[materials]]\n{origin}\n[engine]\nname = "{engine}"\n'
    )
    code, out, err = forescale("simulate", tmp_path / "campaign.toml")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert told in err


def test_own_files_are_not_overwritten(forescale, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("smiles,y\nCCO,1\nxx,2\n")
    check = ("data", "check", table, "--kind", "molecule", "--material", "smiles")
    for name in (table, tmp_path / "sub" / ".." / "t.csv"):
        (tmp_path / "sub").mkdir(exist_ok=True)
        code, out, err = forescale(*check, "--value", "y", "--unit", "", "--rejects", name)
        assert (code, out) == (2, "")
        assert "--rejects: got" in err
    assert table.read_text() == "smiles,y\nCCO,1\nxx,2\n"


def test_what_spreadsheets_would_run_is_neutralised(forescale, tmp_path):
    table, rejects = tmp_path / "t.csv", tmp_path / "rejects.csv"
    table.write_text('smiles,y\nCCO,1\n"=HYPERLINK(""x"")",2\n@SUM(1),3\n-1+1,4\n')
    code, *_ = forescale(
        "data", "check", table, "--kind", "molecule", "--material", "smiles",
        "--value", "y", "--unit", "", "--rejects", rejects,
    )  # fmt: skip
    assert code == 1
    written = pd.read_csv(rejects)["material"].tolist()
    assert written == ['\'=HYPERLINK("x")', "'@SUM(1)", "'-1+1"]


@pytest.mark.parametrize("command", ["plan", "compare", "fit"])
def test_a_seed_below_zero_is_two(forescale, run, tmp_path, command):
    where = {"compare": (run, run), "plan": (run,), "fit": (tmp_path / "none.csv",)}
    code, out, _ = forescale(command, *where[command], "--seed", "-1")
    assert (code, out) == (2, "")


def test_reading_never_takes_a_folder_that_somebody_holds(run):
    refused = pytest.raises(RunFolderError, match="since 20")
    with locked(run / ".lock", "another run"), refused, RunFolder(run).locked():
        raise AssertionError("held twice")
    assert not (run / ".lock-holder.json").exists()


def test_a_campaign_of_python_reads_the_same(campaign):
    assert run_campaign(Campaign.from_toml(campaign())).done == 3
