"""Campaigns on a real Slurm: walltime, killed jobs, a coordinator that goes."""

import json
import signal
import subprocess
import sys
import time

import pytest

from forescale._machine.executors import ClusterConfig
from forescale.simulation import campaign_table, run_campaign
from forescale.simulation.output import protocols
from forescale.simulation.store import Store

pytestmark = pytest.mark.slurm

CONFIG = ClusterConfig(kind="slurm", workers=2, memory=0.5, walltime=600, bundle=5)


def attempts(campaign):
    ((_, header),) = protocols(campaign.results).items()
    return Store(campaign.results, header).attempts()


PROGRAM = """
import sys
from forescale.simulation import Campaign, run_campaign
from forescale._machine.executors import ClusterConfig
campaign = Campaign.model_validate_json(open(sys.argv[1]).read())
run_campaign(campaign, cluster=ClusterConfig.model_validate_json(sys.argv[2]))
"""


def ended_by(number, config, make_campaign, tmp_path, *, jobs=8, pause=1.0):
    """A campaign whose own process got a signal as soon as a job had begun, and the jobs' log."""
    log = tmp_path / "log.txt"
    protocol = {"pause": pause, "log": str(log)}
    campaign = make_campaign("Length", ["C" * n for n in range(1, jobs + 1)], protocol=protocol)
    path = tmp_path / "campaign.json"
    path.write_text(campaign.model_dump_json(exclude={"folder"}))
    command = [sys.executable, "-c", PROGRAM, str(path), config.model_dump_json()]
    coordinator = subprocess.Popen(command)
    try:
        until = time.monotonic() + 120
        while not log.exists() and time.monotonic() < until:
            time.sleep(0.2)
        coordinator.send_signal(number)
        coordinator.wait(timeout=120)
    finally:
        coordinator.kill()
        coordinator.wait()
    return campaign, log


def in_queue():
    """Jobs that Slurm has or runs."""
    told = subprocess.run(["squeue", "--noheader", "--format=%T"], capture_output=True, text=True)
    return [state for state in told.stdout.split() if state != "COMPLETING"]


def test_a_campaign_has_the_same_table_as_here(slurm, make_campaign, tmp_path):
    smiles = ["C" * n for n in range(1, 30)]
    here = make_campaign("Flaky", smiles, results=tmp_path / "here")
    there = make_campaign("Flaky", smiles, results=tmp_path / "there")
    assert run_campaign(there, cluster=CONFIG).done == run_campaign(here).done == 29
    one, other = (campaign_table(c.results, "length").frame for c in (here, there))
    columns = ["key", "value", "seed", "attempt"]
    ours, theirs = (frame[columns].sort_values("key", ignore_index=True) for frame in (one, other))
    assert ours.equals(theirs)
    told = json.loads((there.results / "status.json").read_text())
    assert set(told["nodes"]) <= {"n1", "n2"}


def test_what_a_killed_coordinator_left_is_taken_up(slurm, make_campaign, tmp_path):
    """The jobs in the queue go on; the next run finds what they did, and does the rest."""
    campaign, log = ended_by(signal.SIGKILL, CONFIG, make_campaign, tmp_path)
    done = run_campaign(campaign, cluster=CONFIG)
    assert done.done == done.total == 8
    rows = attempts(campaign)
    assert not rows.duplicated(["key", "attempt"]).any()
    assert len(log.read_text().splitlines()) == 8
    assert not list((campaign.results / ".cluster" / "calls").iterdir())


@pytest.mark.parametrize("interrupt", ["cancel", "leave"])
def test_ctrl_c_cancels_the_remote_jobs_or_leaves_them(slurm, make_campaign, tmp_path, interrupt):
    config = CONFIG.model_copy(update={"interrupt": interrupt})
    campaign, log = ended_by(signal.SIGINT, config, make_campaign, tmp_path, jobs=2, pause=10.0)
    if interrupt == "cancel":
        assert in_queue() == []
    assert run_campaign(campaign, cluster=CONFIG).done == 2
    assert not attempts(campaign).duplicated(["key", "attempt"]).any()
    if interrupt == "leave":  # each was begun once, and its result taken up
        assert len(log.read_text().splitlines()) == 2


def test_a_cancelled_job_is_begun_again(slurm, make_campaign, tmp_path):
    campaign = make_campaign("Length", ["C", "CC", "CCC"], protocol={"pause": 2.0})
    killed = []

    def kill(status):
        if not killed:
            killed.append(subprocess.run(["scancel", "--state=RUNNING", "--signal=KILL", "--full"]))

    status = run_campaign(campaign, cluster=CONFIG, observe=kill)
    assert killed
    assert status.done == 3
