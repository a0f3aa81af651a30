"""Studies and plain jobs on real Dask processes."""

import operator
import os
import signal
import time

import pandas as pd
import pytest

from forescale._machine.executors import ClusterConfig, open_executor, run_jobs
from forescale.errors import ForescaleError

pytestmark = pytest.mark.cluster


@pytest.fixture
def executor(dask_processes, tmp_path):
    config = ClusterConfig(address=dask_processes.address)
    with open_executor(config, tmp_path, strict=True) as opened:
        yield opened


def parts(folder, kind):
    return [pd.read_parquet(part) for part in sorted((folder / kind).glob("*.parquet"))]


def test_a_study_has_the_same_numbers_as_here(dask_processes, study_file, forescale, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    assert forescale("run", study_file, "-o", here, "--workers", 1)[0] == 0
    asked = ("--cluster", dask_processes.address)
    code, _, err = forescale("run", study_file, "-o", there, *asked)
    assert code == 0, err
    assert dask_processes.address in err
    for kind in ("errors", "predictions"):
        assert len(parts(there, kind)) == 4
        for one, other in zip(parts(here, kind), parts(there, kind), strict=True):
            pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert (here / "law.json").read_text() == (there / "law.json").read_text()


def test_what_a_job_raises_is_raised_here(executor):
    with pytest.raises(ForescaleError, match=r"ZeroDivisionError.*division by zero"):
        dict(run_jobs(operator.truediv, {0: (1, 0)}, executor, "jobs"))


def test_a_killed_worker_costs_its_jobs_in_flight(dask_processes, executor):
    dask_processes.add_worker()
    found = {}
    for name, _ in run_jobs(time.sleep, dict.fromkeys(range(40), (0.05,)), executor, "jobs"):
        assert name not in found
        found[name] = None
        if len(found) == 5:
            dask_processes.kill_worker()
    assert len(found) == 40


def test_a_worker_that_never_answers_is_given_up(dask_processes, tmp_path, capsys):
    config = ClusterConfig(address=dask_processes.address, silence=5)
    with open_executor(config, tmp_path, strict=True) as executor:
        _give_up(dask_processes, executor)
    assert "has not answered for 5 s" in capsys.readouterr().err


def _give_up(dask_processes, executor):
    dask_processes.add_worker()
    hung = dask_processes.workers[0]
    found = dict(run_jobs(operator.mul, {n: (n, 2) for n in range(4)}, executor, "jobs"))
    hung.send_signal(signal.SIGSTOP)
    try:
        jobs = dict.fromkeys(range(8), (0.5,))
        found = dict(run_jobs(time.sleep, jobs, executor, "jobs"))
    finally:
        hung.send_signal(signal.SIGKILL)
        dask_processes.workers.remove(hung)
    assert len(found) == 8


def test_a_machine_with_another_version_is_refused(dask_processes, executor, tmp_path, capsys):
    other = tmp_path / "scipy-0.1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 0.1\n")
    before = len(executor.health().nodes)
    dask_processes.add_worker(environment={"PYTHONPATH": str(tmp_path)})
    while len(executor.health().nodes) <= before:
        list(executor.events(0.5))
    found = dict(run_jobs(time.sleep, dict.fromkeys(range(12), (0.1,)), executor, "jobs"))
    dask_processes.kill_worker(-1)
    assert len(found) == 12
    assert "scipy 0.1 instead of" in capsys.readouterr().err


# Dask's client is back by itself where the new scheduler is there before the break is seen: what
# was handed out is forgotten then, which nothing but the scheduler's name tells.
def test_a_scheduler_that_restarts_is_awaited(dask_processes, executor):
    jobs = run_jobs(time.sleep, dict.fromkeys(range(10), (0.1,)), executor, "jobs")
    found = dict([next(jobs)])
    dask_processes.restart_scheduler()
    dask_processes.add_worker()
    found |= dict(jobs)
    assert len(found) == 10


def test_our_own_scheduler_listens_on_loopback_alone(tmp_path):
    psutil = pytest.importorskip("psutil")
    config = ClusterConfig(kind="dask", workers=1)
    with open_executor(config, tmp_path, strict=True) as executor:
        assert dict(run_jobs(operator.mul, {1: (2, 3), 2: (2, 4)}, executor, "jobs")) == {
            1: 6,
            2: 8,
        }
        own = psutil.Process(os.getpid())
        listening = {
            connection.laddr.ip
            for process in (own, *own.children(recursive=True))
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
