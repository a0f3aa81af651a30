"""Machines that share no network and no scratch folder with this one: Linux network namespaces.

A hub with a bridge, where a Dask scheduler and whoever uses it live, and nodes behind it with a
worker each. They have no way out of it. Needs the superuser and iproute2.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

HUB = "10.201.0.1"


def missing() -> str:
    """Why there can be none here; empty where there can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "network namespaces need Linux and the superuser"
    if shutil.which("ip") is None:
        return "ip (Debian: iproute2) is not here"
    name = f"fs{secrets.token_hex(3)}"
    if _ip("netns", "add", name, check=False).returncode:
        return "network namespaces cannot be made here"
    _ip("netns", "delete", name)
    return ""


class Namespaces:
    """A hub and some nodes, each with a Dask worker; use as a context manager.

    Attributes
    ----------
    address
        Of the scheduler, encrypted.
    """

    def __init__(self, folder: Path, nodes: int = 2) -> None:
        self._folder, self._nodes = folder, nodes
        self._name = f"fs{secrets.token_hex(3)}"
        self._made: list[str] = []
        self._running: list[subprocess.Popen[bytes]] = []
        self.address = f"tls://{HUB}:8786"

    def __enter__(self) -> Namespaces:
        try:
            self._certificates()
            self._connect()
            self._start_dask()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._running):
            process.kill()
            process.wait()
        for name in self._made:
            _ip("netns", "delete", name, check=False)

    def within(self, *command: str) -> list[str]:
        """A command as the hub runs it."""
        return ["ip", "netns", "exec", self._made[0], *command]

    def table(self) -> str:
        """The ``clusters.toml`` by which the hub reaches its scheduler."""
        tls = ", ".join(f'{key} = "{self._pem(key)}"' for key in ("ca", "cert", "key"))
        return f'[nodes]\naddress = "{self.address}"\ntls = {{ {tls} }}\n'

    def _pem(self, key: str) -> Path:
        return self._folder / f"{key}.pem"

    def _certificates(self) -> None:
        from distributed import Security  # type: ignore[import-untyped]

        made = Security.temporary()
        for key, text in (
            ("ca", made.tls_ca_file), ("cert", made.tls_client_cert), ("key", made.tls_client_key),
        ):  # fmt: skip
            self._pem(key).write_text(text)

    def _connect(self) -> None:
        hub = self._add(f"{self._name}h")
        _ip("-n", hub, "link", "add", "br0", "type", "bridge")
        _ip("-n", hub, "address", "add", f"{HUB}/24", "dev", "br0")
        _ip("-n", hub, "link", "set", "br0", "up")
        for place in range(self._nodes):
            node, ends = self._add(f"{self._name}n{place}"), (f"{self._name}a", f"{self._name}b")
            _ip(
                "link", "add", ends[0], "netns", hub, "type", "veth", "peer", ends[1], "netns", node
            )
            _ip("-n", hub, "link", "set", ends[0], "name", f"v{place}", "master", "br0", "up")
            _ip("-n", node, "link", "set", ends[1], "name", "eth0", "up")
            _ip("-n", node, "address", "add", f"10.201.0.{10 + place}/24", "dev", "eth0")

    def _add(self, name: str) -> str:
        _ip("netns", "add", name)
        self._made.append(name)
        _ip("-n", name, "link", "set", "lo", "up")
        return name

    def _start_dask(self) -> None:
        tls = [str(part) for option, key in (("--tls-ca-file", "ca"), ("--tls-cert", "cert"),
               ("--tls-key", "key")) for part in (option, self._pem(key))]  # fmt: skip
        file = self._folder / "scheduler.json"
        web = ("--dashboard-address", "127.0.0.1:0")
        self._start(0, "scheduler", "--host", self.address.rpartition(":")[0], "--port", "8786",
                    "--scheduler-file", str(file), *web, *tls)  # fmt: skip
        end = time.monotonic() + 120
        while not file.exists():
            if time.monotonic() > end:
                raise TimeoutError((self._folder / "scheduler.log").read_text())
            time.sleep(0.1)
        for place in range(self._nodes):
            scratch = self._folder / f"scratch-{place}"
            scratch.mkdir()
            self._start(1 + place, "worker", self.address, "--host", f"tls://10.201.0.{10 + place}",
                        "--no-nanny", "--nthreads", "1", "--name", f"n{place}",
                        "--local-directory", str(scratch), *web, *tls)  # fmt: skip

    def _start(self, place: int, *command: str) -> None:
        scratch = self._folder / f"tmp-{place}"
        scratch.mkdir()
        with (self._folder / f"{command[0]}.log").open("ab") as log:
            self._running.append(
                subprocess.Popen(
                    ["ip", "netns", "exec", self._made[place], sys.executable, "-m", "dask",
                     *command],
                    stdout=log, stderr=log,
                    env=os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(scratch)},
                )
            )  # fmt: skip


def _ip(*words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ip", *words], check=check, capture_output=True)
