"""Campaigns on real Dask processes: the same store as here, whatever becomes of the machines."""

import itertools
import json
import os
import subprocess
import time

import pytest

from forescale._machine.executors import ClusterConfig
from forescale._machine.executors.remote import Context
from forescale._machine.executors.sharing import mark
from forescale.errors import MissingDependencyError
from forescale.simulation import campaign_table, run_campaign
from forescale.simulation.bundle import Work, run_bundle
from forescale.simulation.output import protocols
from forescale.simulation.store import Store

pytestmark = pytest.mark.cluster


@pytest.fixture
def cluster(dask_processes):
    return ClusterConfig(address=dask_processes.address)


def alkanes(number):
    ends = ["", "O", "F", "Cl", "Br", "N", "C#N", "S"]
    chains = ("C" * length + end for length, end in itertools.product(range(1, 200), ends))
    return list(itertools.islice(chains, number))


def attempts(campaign):
    ((_, header),) = protocols(campaign.results).items()
    return Store(campaign.results, header).attempts()


def test_a_campaign_has_the_same_table_as_here(make_campaign, cluster, tmp_path):
    here = make_campaign("Flaky", alkanes(60), results=tmp_path / "here")
    there = make_campaign("Flaky", alkanes(60), results=tmp_path / "there")
    status = run_campaign(there, cluster=cluster)
    assert run_campaign(here).done == status.done == status.total
    one, other = (campaign_table(c.results, "length").frame for c in (here, there))
    columns = ["key", "value", "seed", "attempt"]
    ours, theirs = (frame[columns].sort_values("key", ignore_index=True) for frame in (one, other))
    assert ours.equals(theirs)
    told = json.loads((there.results / "status.json").read_text())
    assert told["state"] == "done"
    worked = [node for node in told["nodes"].values() if node["finished"]]
    assert sum(node["finished"] for node in worked) >= status.total
    assert {node["engine"] for node in worked} == {"1"}
    assert set(other["engine_version"]) == {"1"}


def test_limits_and_crashes_hold_there(make_campaign, cluster):
    bad = make_campaign("Crashes", ["C", "CN", "CC"], retries=0)
    status = run_campaign(bad, cluster=cluster)
    assert (status.done, status.failed) == (2, 1)
    (reason,) = attempts(bad).query("status == 'failed'")["reason"]
    assert "SIGSEGV" in reason
    assert "about to crash" in reason


def test_a_missing_program_is_told_before_the_first_job(make_campaign, cluster):
    with pytest.raises(MissingDependencyError, match="install it with care"):
        run_campaign(make_campaign("Uninstalled", ["C", "CC"]), cluster=cluster)


def test_a_killed_worker_costs_the_jobs_in_flight(make_campaign, cluster, dask_processes, tmp_path):
    log = tmp_path / "log.txt"
    campaign = make_campaign("Length", alkanes(80), protocol={"pause": 0.02, "log": str(log)})
    dask_processes.add_worker()
    killed = []

    def kill(status):
        if status.done >= 15 and not killed:
            killed.append(dask_processes.kill_worker())

    status = run_campaign(campaign, cluster=cluster, observe=kill)
    assert killed
    assert status.done == status.total == 80
    rows = attempts(campaign)
    assert not rows.duplicated(["key", "attempt"]).any()
    assert len(log.read_text().splitlines()) < 100  # those in flight, not the whole bundle


def test_a_machine_whose_scratch_folder_fails_is_told_of_not_the_job(tmp_path):
    told = []
    context = Context("b", "n1", told.append)
    work = Work({"shared": ""}, "molecule", 1, 1.0, str(tmp_path), "", "l", scratch="/no/such/disk")
    run_bundle(context, work, [("C", 0, 0, "job")], 1.0, "")
    assert told == [{"broken": told[0]["broken"]}]
    assert "No such file or directory: /no/such/disk" in told[0]["broken"]


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of two megabytes."""
    place = tmp_path / "tiny"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_the_machine_s_fault(
    make_campaign, dask_processes, cluster, tiny_disk, capfd
):
    """Its jobs are no failures and go on elsewhere; it is given no more, and named."""
    with pytest.importorskip("distributed").Client(dask_processes.address) as client:
        there = client.sync(client.scheduler.identity)["workers"]
        dask_processes.add_worker(environment={"TMPDIR": str(tiny_disk)})
        client.wait_for_workers(len(there) + 1, timeout=120)
    campaign = make_campaign("Writes", alkanes(60), protocol={"pause": 0.05}, retries=0)
    status = run_campaign(campaign, cluster=cluster)
    dask_processes.kill_worker(-1)
    assert (status.done, status.failed) == (60, 0)
    nodes = json.loads((campaign.results / "status.json").read_text())["nodes"].values()
    (lost,) = [node["lost"] for node in nodes if node.get("lost")]
    assert "No space left on device" in lost
    assert "given nothing more" in capfd.readouterr().err


def test_a_job_goes_on_from_its_checkpoint_where_the_walltime_ends(make_campaign, tmp_path):
    """Two allocations of one bundle: what the second finds is what the first had saved."""
    campaign = make_campaign("Resumes", ["CC"], protocol={"pause": 0.5, "log": str(tmp_path / "l")})
    campaign.results.mkdir()
    spec, settings = campaign.engine.name, campaign.model_dump(mode="json")["engine"]["protocol"]
    start = {"spec": spec, "settings": settings, "folder": str(tmp_path), "memory": 2**33}
    start["shared"] = str(tmp_path / "shared")
    token, results = mark(campaign.results), str(campaign.results)
    work = Work(start, "molecule", 1, 600.0, results, token, "label")
    told = []

    def allocation(seconds):
        context = Context("b", "n1", told.append, time.time() + seconds, grace=0.0, past=list(told))
        run_bundle(context, work, [("CC", 0, 0, "job-0")], 600.0, "")
        return told[-1]

    done = campaign.results / "checkpoints" / "label" / "job-0" / "done"
    first = allocation(0.0)
    assert first == {"late": True}
    while not done.exists():  # a busy machine may need the first one to start the engine
        stopped = allocation(1.5)
    saved = int(done.read_text())
    assert stopped["stopped"] == ["CC", 0]
    assert stopped["checkpoint"]
    assert 0 < saved < 6
    answer = allocation(600.0)["answer"]
    assert answer["status"] == "done"
    assert (tmp_path / "l").read_text() == "CC 0\n"
