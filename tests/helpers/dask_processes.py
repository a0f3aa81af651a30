"""A real Dask scheduler and workers in processes of their own, on loopback, ended by their ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class DaskProcesses:
    """``dask scheduler`` and some ``dask worker``; use as a context manager."""

    def __init__(self, folder: Path, workers: int = 2, *arguments: str, tls: Path | None = None):
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        scheme = "tcp" if tls is None else "tls"
        self.address = f"{scheme}://127.0.0.1:{self.port}"
        self._tls = () if tls is None else _tls_options(tls)
        self._made = 0
        self.workers: list[subprocess.Popen[bytes]] = []
        self.start_scheduler()
        for _ in range(workers):
            self.add_worker(*arguments)

    def start_scheduler(self) -> None:
        """Start the scheduler, or start it again on the same port."""
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port),
            "--dashboard-address", "127.0.0.1:0", *self._tls,
        )  # fmt: skip
        for _ in range(1200):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise TimeoutError("the scheduler did not start within two minutes")

    def add_worker(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        """Start one more worker, without a nanny: a killed one stays away."""
        name = self._made
        self._made += 1
        own = arguments if "--nthreads" in arguments else ("--nthreads", "1", *arguments)
        worker = self._start(
            "worker", self.address, "--host", "127.0.0.1", "--no-nanny",
            "--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--name", f"w{name}",
            "--local-directory", str(self.folder / f"w{name}"), *own, *self._tls,
            environment=environment,
        )  # fmt: skip
        self.workers.append(worker)

    def kill_worker(self, place: int = 0) -> None:
        """Kill a worker without warning."""
        worker = self.workers.pop(place)
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    def restart_scheduler(self) -> None:
        """Kill the scheduler and start another on the same port; workers are told to wait."""
        self.scheduler.send_signal(signal.SIGKILL)
        self.scheduler.wait()
        time.sleep(0.5)
        self.start_scheduler()

    def __enter__(self) -> DaskProcesses:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.workers, self.scheduler):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def _start(
        self, *command: str, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{command[0]}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            stdout=log,
            stderr=log,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {}),
        )


def _tls_options(folder: Path) -> tuple[str, ...]:
    names = {"--tls-ca-file": "ca.pem", "--tls-cert": "cert.pem", "--tls-key": "key.pem"}
    return tuple(part for o, name in names.items() for part in (o, str(folder / name)))
