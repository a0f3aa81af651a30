"""Campaigns with engines that behave badly, and everything else that ends a run."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from forescale._machine.files import locked
from forescale.errors import DataError, EngineError, MissingDependencyError, RunFolderError
from forescale.simulation import Campaign, campaign_table, run_campaign

ALKANES = ["C" * n for n in range(1, 21)]
AMINES = ["C" * n + "N" for n in range(1, 4)]
Make = Callable[..., Campaign]


def failures(campaign: Campaign) -> pd.DataFrame:
    (path,) = (campaign.results / "tables").glob("*/failures.csv")
    return pd.read_csv(path)


def test_values_units_and_provenance_reach_the_table(make_campaign: Make) -> None:
    campaign = make_campaign("Length", ALKANES, workers=2)
    status = run_campaign(campaign)
    assert (status.done, status.left, status.interrupted) == (20, 0, False)
    table = campaign_table(campaign.results, "length")
    assert table.kind == "computed"
    assert dict(zip(table.keys, table.values, strict=True))["CCC"] == 3.0
    assert set(table.frame["engine_version"]) == {"1"}
    assert table.provenance[0].dataset == status.label
    written = campaign.results / "tables" / status.label / "length.parquet"
    assert len(type(table).from_parquet(written)) == 20


def test_a_second_run_does_only_what_is_missing(make_campaign: Make, tmp_path: Path) -> None:
    log = tmp_path / "log"
    protocol = {"log": str(log)}
    assert run_campaign(make_campaign("Length", ALKANES, protocol=protocol), limit=7).left == 13
    assert len(log.read_text().splitlines()) == 7
    grown = make_campaign("Length", [*ALKANES, "CCO"], protocol=protocol, workers=2)
    assert run_campaign(grown).done == 21
    assert len(set(log.read_text().splitlines())) == len(log.read_text().splitlines()) == 21
    assert run_campaign(grown).finished_now == 0


def test_a_second_protocol_shares_the_folder(make_campaign: Make) -> None:
    first = make_campaign("Length", ALKANES)
    second = make_campaign("Length", ALKANES[:5], protocol={"pause": 0.001})
    labels = [run_campaign(first).label, run_campaign(second).label]
    assert labels[0] != labels[1]
    with pytest.raises(RunFolderError, match="say which"):
        campaign_table(first.results, "length")
    assert len(campaign_table(first.results, "length", labels[1])) == 5


def test_a_crashed_engine_costs_its_own_job_only(make_campaign: Make) -> None:
    campaign = make_campaign("Crashes", ALKANES + AMINES[:1], workers=2)
    status = run_campaign(campaign)
    assert (status.done, status.failed) == (20, 1)
    row = failures(campaign).iloc[0]
    assert row["attempt"] == 1
    assert "SIGSEGV" in row["reason"]
    assert "about to crash" in row["reason"]


@pytest.mark.processes
def test_a_hung_engine_is_killed_with_its_children(make_campaign: Make, tmp_path: Path) -> None:
    campaign = make_campaign(
        "Hangs",
        [*ALKANES, "CN"],
        limits={"time": 1.0},
        retries=0,
        protocol={"log": str(tmp_path / "log")},
    )
    status = run_campaign(campaign)
    assert (status.done, status.failed) == (20, 1)
    assert "time limit of 1 s" in failures(campaign)["reason"].iloc[0]
    child = int((tmp_path / "child.pid").read_text())
    assert not alive(child)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_noise_and_left_files_do_no_harm(make_campaign: Make) -> None:
    campaign = make_campaign("Rubbish", ALKANES)
    assert run_campaign(campaign).done == 20
    assert not (campaign.results / "scratch").exists()
    other = make_campaign("Rubbish", ALKANES[:2], protocol={"pause": 0.001})
    run_campaign(other, keep=True)
    assert len(list((other.results / "kept").glob("*/left-behind.dat"))) == 2


def test_failures_are_retried_once_with_another_seed(make_campaign: Make) -> None:
    campaign = make_campaign("Flaky", ALKANES)
    assert run_campaign(campaign).done == 20
    frame = campaign_table(campaign.results, "length").frame
    assert set(frame["attempt"]) == {1}
    assert (frame["seed"] > 0).all()


@pytest.mark.processes
def test_a_memory_limit_fails_the_job(make_campaign: Make) -> None:
    campaign = make_campaign("Greedy", [*ALKANES, "CN"], limits={"memory": 0.5})
    status = run_campaign(campaign)
    assert (status.done, status.failed) == (20, 1)
    assert "MemoryError" in failures(campaign)["reason"].iloc[0]


def test_unsupported_materials_are_not_retried(make_campaign: Make, tmp_path: Path) -> None:
    campaign = make_campaign("Picky", ALKANES + AMINES)
    status = run_campaign(campaign)
    assert (status.done, status.unsupported, status.finished_now) == (20, 3, 23)
    assert "no nitrogen here" in failures(campaign)["reason"].iloc[0]
    assert run_campaign(campaign, retry_failed=True).finished_now == 0


def test_a_value_that_is_no_number_is_a_failure(make_campaign: Make) -> None:
    campaign = make_campaign("NotANumber", ALKANES[:2])
    assert run_campaign(campaign).failed == 2
    assert "no finite value for length" in failures(campaign)["reason"].iloc[0]
    assert run_campaign(campaign).finished_now == 0
    assert run_campaign(campaign, retry_failed=True).finished_now == 2


def test_a_missing_program_stops_before_anything_runs(make_campaign: Make) -> None:
    campaign = make_campaign("Uninstalled", ALKANES)
    with pytest.raises(MissingDependencyError, match="install it"):
        run_campaign(campaign)
    assert not campaign.results.exists()


def test_unreadable_materials_stop_or_are_set_aside(make_campaign: Make) -> None:
    materials = ["CC", "not-a-molecule", "[Na+].[Cl-]", "*CC*"]
    with pytest.raises(DataError, match=r"row 2: .*not-a-molecule"):
        run_campaign(make_campaign("Length", materials))
    campaign = make_campaign("Length", materials, on_error="skip")
    assert run_campaign(campaign).done == 1
    (rejects,) = (campaign.results / "tables").glob("*/rejects.csv")
    assert list(pd.read_csv(rejects)["row"]) == [2, 3, 4]


def test_one_campaign_at_a_time_in_a_folder(make_campaign: Make) -> None:
    campaign = make_campaign("Length", ALKANES)
    lock = campaign.results / ".lock"
    told = rf"another campaign is writing here \(process {os.getpid()} on .*, since 20"
    with locked(lock, "another campaign"), pytest.raises(RunFolderError, match=told):
        run_campaign(campaign)


def test_a_torn_line_is_dropped_and_done_again(make_campaign: Make) -> None:
    campaign = make_campaign("Length", ALKANES)
    run_campaign(campaign)
    (journal,) = (campaign.results / "results").glob("*/*.jsonl")
    journal.write_bytes(journal.read_bytes()[:-10])
    status = run_campaign(campaign)
    assert (status.finished_now, status.done) == (1, 20)


def test_the_same_numbers_with_one_worker_or_many(make_campaign: Make) -> None:
    frames = []
    for workers in (1, 3):
        campaign = make_campaign("Length", ALKANES, workers=workers)
        campaign = campaign.model_copy(update={"results": campaign.results / str(workers)})
        run_campaign(campaign)
        frames.append(campaign_table(campaign.results, "length").frame.set_index("key")["value"])
    pd.testing.assert_series_equal(frames[0].sort_index(), frames[1].sort_index())


COMMAND = [sys.executable, "-c", "from forescale.cli.main import main; main()"]
CAMPAIGN = """
workers = 2
[[materials]]
file = "materials.csv"
[engine]
name = "{engines}:Length"
[engine.protocol]
pause = 0.02
log = "log"
"""


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    """Two hundred jobs of 20 ms, as files for the command line."""
    (tmp_path / "materials.csv").write_text(
        "\n".join(["smiles", *("C" * n for n in range(1, 201))]) + "\n"
    )
    path = tmp_path / "campaign.toml"
    path.write_text(CAMPAIGN.format(engines=Path(__file__).parent / "engines_under_test.py"))
    return path


def start(campaign_file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "simulate", str(campaign_file), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(campaign_file: Path) -> int:
    log = campaign_file.parent / "log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def wait_for(campaign_file: Path, jobs: int) -> None:
    deadline = time.monotonic() + 30
    while finished(campaign_file) < jobs:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.processes
def test_kill_9_loses_at_most_the_jobs_in_flight(campaign_file: Path) -> None:
    process = start(campaign_file)
    wait_for(campaign_file, 60)
    workers = children(process.pid)
    process.kill()
    process.wait()
    time.sleep(0.5)
    assert len(workers) == 2
    assert not any(alive(pid) for pid in workers)
    computed = finished(campaign_file)
    stored = len(campaign_table(campaign_file.with_name("campaign-results"), "length"))
    assert computed - 2 <= stored < 200
    status = run_campaign(Campaign.from_toml(campaign_file))
    assert (status.done, status.finished_now) == (200, 200 - stored)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.processes
def test_a_signal_stops_cleanly_and_the_rerun_goes_on(
    campaign_file: Path, stop: signal.Signals
) -> None:
    process = start(campaign_file)
    wait_for(campaign_file, 20)
    process.send_signal(stop)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert b'"interrupted": true' in out
    results = campaign_file.with_name("campaign-results")
    assert not (results / "scratch").exists()
    assert 15 < len(campaign_table(results, "length")) < 200
    assert run_campaign(Campaign.from_toml(campaign_file)).done == 200


def test_a_full_disk_stops_with_a_message_and_keeps_what_was_stored(campaign_file: Path) -> None:
    process = start(campaign_file)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (8000, 8000))  # while it still starts
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"make room and run the campaign again" in err
    results = campaign_file.with_name("campaign-results")
    assert 10 < len(campaign_table(results, "length")) < 100
    assert run_campaign(Campaign.from_toml(campaign_file)).done == 200


def test_a_folder_that_cannot_be_written_is_named(make_campaign: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    campaign = make_campaign("Length", ALKANES)
    campaign = campaign.model_copy(update={"results": tmp_path / "file" / "results"})
    with pytest.raises(RunFolderError, match="cannot be written"):
        run_campaign(campaign)


def test_an_engine_that_cannot_start_is_an_error(
    make_campaign: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign("Length", ALKANES)
    monkeypatch.setenv("PYTHONHOME", os.devnull)
    with pytest.raises(EngineError, match="cannot be started"):
        run_campaign(campaign)


def test_results_may_be_a_relative_folder(make_campaign, tmp_path, monkeypatch):
    """A worker changes into its job's folder: the next one has to be found from there."""
    monkeypatch.chdir(tmp_path)
    campaign = make_campaign("Length", ["C" * k for k in range(1, 8)], results=Path("here"))
    status = run_campaign(campaign)
    assert (status.done, status.failed) == (7, 0)
    assert (tmp_path / "here" / "tables").is_dir()
