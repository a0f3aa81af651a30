"""Dask workers that dask-jobqueue starts as jobs of a real Slurm."""

import operator
import stat

import pytest

from forescale._machine.executors import ClusterConfig, open_executor, run_jobs

pytestmark = pytest.mark.slurm


def test_jobs_are_done_by_workers_in_the_queue_over_tls(slurm, tmp_path):
    pytest.importorskip("dask_jobqueue", reason="the extra jobqueue is not installed")
    config = ClusterConfig(
        kind="dask", queue="slurm", interface="lo", workers=2, memory=1.0, walltime=600
    )
    with open_executor(config, slurm.root / "results", strict=True) as executor:
        assert executor.place.startswith("tls://")
        found = dict(run_jobs(operator.mul, {k: (k, k) for k in range(20)}, executor, "jobs"))
        queued = slurm._run("squeue", "-h", "-o", "%j").stdout.split()
        secret = slurm.root / "results" / ".cluster"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o700
        assert {stat.S_IMODE(one.stat().st_mode) for one in secret.iterdir()} <= {0o600}
    assert found == {k: k * k for k in range(20)}
    assert queued == ["dask-worker"] * 2
    assert not slurm._run("squeue", "-h", "-t", "running").stdout.split()
