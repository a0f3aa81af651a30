"""From a ``[cluster]`` table to a place to work."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from forescale._machine.executors.config import ClusterConfig, find_cluster
from forescale._machine.executors.contract import Executor
from forescale._machine.executors.remote import versions
from forescale._machine.executors.running import Workers
from forescale._machine.imports import optional
from forescale._machine.progress import say
from forescale._machine.workers import default_workers


@contextmanager
def open_executor(config: ClusterConfig, folder: Path, *, strict: bool) -> Iterator[Executor]:
    """A place to work while the block runs; whatever was started for it is ended.

    Parameters
    ----------
    folder
        Where files for the nodes may be kept, on a file system that they see: the run folder
        or the results folder.
    strict
        Whether numbers depend on the versions of packages on the nodes, as a study's do.

    Raises
    ------
    RequestError
        If nothing answers there.
    MissingDependencyError
        If the package for it is not installed.
    """
    wanted = versions() if strict else {"forescale": versions()["forescale"]}
    wanted = wanted if config.versions == "refuse" else {}
    if config.kind == "slurm":
        from forescale._machine.executors.slurm import SlurmExecutor

        executor: Executor = SlurmExecutor(folder / ".cluster", config, wanted=wanted)
        with _let_go(executor, config) as opened:
            yield opened
    elif config.address is not None:
        _warn_of_plain(config.address)
        with _let_go(_dask(config, config.address, _security(config), wanted), config) as opened:
            yield opened
    else:
        with (
            _own_scheduler(config, folder) as (address, security),
            _let_go(_dask(config, address, security, wanted), config) as opened,
        ):
            yield opened


@contextmanager
def place_to_work(
    name: str | None,
    given: str | ClusterConfig | None,
    folder: Path,
    workers: int,
    *,
    record: bool = True,
) -> Iterator[Workers]:
    """Where a study is to be computed: the cluster asked for, else processes here (0: all).

    Parameters
    ----------
    folder
        Where files for the nodes may be kept.
    record
        Whether the folder is one that ``forescale status`` looks after.
    """
    config = find_cluster(name, given)
    if config is None:
        yield workers or default_workers()
        return
    with open_executor(config, folder, strict=True) as executor:
        if record:
            executor.record = folder
        say(f"working on {executor.place}: {executor.slots} tasks at a time")
        yield executor


@contextmanager
def _let_go(executor: Executor, config: ClusterConfig) -> Iterator[Executor]:
    if config.bundle is not None:
        executor.seconds_a_bundle = config.bundle
    leave = False
    try:
        yield executor
    except (KeyboardInterrupt, GeneratorExit):
        leave = config.interrupt == "leave"
        raise
    finally:
        executor.close(leave=leave)


def _dask(config: ClusterConfig, address: str, security: Any, wanted: dict[str, str]) -> Executor:
    from forescale._machine.executors.dask import DaskExecutor

    return DaskExecutor(
        address,
        security=security,
        wanted=wanted,
        resources=config.resources,
        grace=config.grace,
        silence=config.silence,
    )


def _security(config: ClusterConfig) -> Any:
    if config.tls is None:
        return None
    ca, cert, key = (str(path.expanduser()) for path in vars(config.tls).values())
    return optional("distributed", "cluster").Security(
        tls_ca_file=ca,
        tls_client_cert=cert,
        tls_client_key=key,
        require_encryption=True,
    )


def _warn_of_plain(address: str) -> None:
    """Whoever reaches a scheduler over plain TCP can run anything as its user: say so."""
    parts = urlsplit(address)
    if parts.scheme == "tcp" and not _is_loopback(parts.hostname or ""):
        say(
            f"{address} is not encrypted and trusts whoever reaches it; "
            "prefer tls:// where the network is not yours alone"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _own_scheduler(config: ClusterConfig, folder: Path) -> Iterator[tuple[str, Any]]:
    """A scheduler and workers of our own: on loopback, or encrypted where they leave it."""
    distributed = optional("distributed", "cluster")
    dask = optional("dask", "cluster")
    dask.config.set({"distributed.scheduler.worker-ttl": f"{config.silence:g}s"})
    leaves = config.interface is not None or config.queue is not None
    security = distributed.Security.temporary() if leaves else None
    if config.queue is not None:
        # Certificates for the batch system's jobs lie where the nodes see them and others do not.
        (folder / ".cluster").mkdir(parents=True, exist_ok=True, mode=0o700)
        cluster = _job_queue(config, security, folder / ".cluster")
    else:
        cluster = distributed.LocalCluster(
            n_workers=config.workers,
            threads_per_worker=1,
            processes=True,
            host=None if leaves else "127.0.0.1",
            interface=config.interface,
            protocol="tls://" if leaves else "tcp://",
            security=security,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            memory_limit=f"{config.memory:g}GiB",
            silence_logs=50,
        )
    try:
        yield cluster.scheduler_address, security
    finally:
        cluster.close(timeout=10)


def _job_queue(config: ClusterConfig, security: Any, folder: Path) -> Any:
    """Workers as jobs of a batch system, replaced when their walltime ends."""
    jobqueue = optional("dask_jobqueue", "jobqueue")
    made = {
        "slurm": jobqueue.SLURMCluster,
        "pbs": jobqueue.PBSCluster,
        "sge": jobqueue.SGECluster,
        "lsf": jobqueue.LSFCluster,
    }[str(config.queue)]
    assert config.walltime is not None
    minutes = max(1, round(config.walltime / 60))
    options = {"account": config.account, "python": config.python, "interface": config.interface}
    cluster = made(
        cores=config.cores,
        processes=1,
        memory=f"{config.memory:g}GiB",
        walltime=f"{minutes // 60:02d}:{minutes % 60:02d}:00",
        job_script_prologue=list(config.setup),
        local_directory=None if config.scratch is None else str(config.scratch),
        worker_extra_args=["--lifetime", f"{max(10.0, config.walltime - config.grace):g}s"],
        job_extra_directives=[f"--{key}={value}" for key, value in config.options.items()],
        protocol="tls://",
        security=security,
        shared_temp_directory=str(folder),
        scheduler_options={"dashboard_address": "127.0.0.1:0"},
        **{key: value for key, value in options.items() if value is not None},
        **({} if config.partition is None else {"queue": config.partition}),
    )
    cluster.adapt(minimum_jobs=config.workers, maximum_jobs=config.workers)
    return cluster
