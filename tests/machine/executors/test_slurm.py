"""Jobs and campaigns on a real Slurm of our own."""

import operator

import pytest

from forescale._machine.executors import ClusterConfig, open_executor, run_jobs
from forescale.errors import ForescaleError, RequestError

pytestmark = pytest.mark.slurm

CONFIG = ClusterConfig(kind="slurm", workers=2, memory=0.5, walltime=600, grace=30)


@pytest.fixture
def executor(slurm, tmp_path):
    with open_executor(CONFIG, tmp_path, strict=True) as opened:
        yield opened


def test_jobs_come_back_and_nothing_is_left(executor, tmp_path):
    found = dict(run_jobs(operator.mul, {n: (n, 2) for n in range(3)}, executor, "jobs"))
    assert found == {0: 0, 1: 2, 2: 4}
    for part in ("calls", "told", "values"):
        assert not list((tmp_path / ".cluster" / part).iterdir())


def test_what_a_job_raises_is_raised_here(executor):
    with pytest.raises(ForescaleError, match=r"ZeroDivisionError.*division by zero"):
        dict(run_jobs(operator.truediv, {0: (1, 0)}, executor, "jobs"))


def test_without_slurm_it_is_told_where_to_go(monkeypatch, tmp_path):
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(RequestError, match="no sbatch here"),
        open_executor(CONFIG, tmp_path, strict=True),
    ):
        pass
