"""A real Slurm on this machine: two virtual nodes on loopback, without systemd.

Needs the programs of Debian's ``slurm-wlm`` and ``munge``. Everything lives in one folder, and
what was started is stopped by its process number.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")

CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={root}/run/munge.socket,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/run/slurmctld.pid
SlurmdPidFile={root}/run/slurmd.%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,NoShared
JobRequeue=1
KillWait=2
MinJobAge=300
OverTimeLimit=0
MaxArraySize=1001
InactiveLimit=0
SlurmctldTimeout=30
SlurmdTimeout=30
ReturnToService=2
SlurmdParameters=config_overrides
DefMemPerCPU=100
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports}] CPUs={cpus} \
RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=10 State=UP
"""


def missing() -> str:
    """Why no Slurm can be started here; empty if it can."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    return f"{', '.join(absent)} not installed (Debian: slurm-wlm, munge)" if absent else ""


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


class RealSlurm:
    """The daemons; ``environment`` is what programs need to speak to them."""

    def __init__(self, root: Path, nodes: int = 2, cpus: int = 2) -> None:
        self.root, self.nodes = root, nodes
        for part in ("etc", "log", "run", "state", "spool", "munge"):
            (root / part).mkdir(parents=True, exist_ok=True)
        (root / "munge").chmod(0o700)
        (root / "run").chmod(0o755)
        (root / "munge" / "key").write_bytes(secrets.token_bytes(1024))
        (root / "munge" / "key").chmod(0o600)
        first = _free_ports(nodes + 1)
        text = CONF.format(
            root=root, nodes=nodes, cpus=cpus, port=first, host=socket.gethostname().split(".")[0],
            user=pwd.getpwuid(os.getuid()).pw_name, ports=f"{first + 1}-{first + nodes}",
        )  # fmt: skip
        if nodes == 1:
            text = text.replace("n[1-1]", "n1").replace(
                f"[{first + 1}-{first + 1}]", str(first + 1)
            )
        self.conf = root / "etc" / "slurm.conf"
        self.conf.write_text(text)
        self.environment = {"SLURM_CONF": str(self.conf)}
        version = self._run("slurmctld", "-V").stdout
        old = int(re.findall(r"(\d+)\.", version)[0]) < 23
        (root / "etc" / "cgroup.conf").write_text(
            "CgroupAutomount=no\n" if old else "CgroupPlugin=disabled\n"
        )

    def start(self) -> None:
        """Start everything and wait until all nodes are idle."""
        root = self.root
        self._run(
            "munged", "--force", f"--key-file={root}/munge/key",
            f"--socket={root}/run/munge.socket", f"--pid-file={root}/run/munged.pid",
            f"--log-file={root}/log/munged.log", f"--seed-file={root}/munge/seed", check=True,
        )  # fmt: skip
        self._run("slurmctld", "-f", str(self.conf), check=True)
        for node in range(1, self.nodes + 1):
            self.start_node(node)
        for _ in range(600):
            idle = self._run("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").stdout.split()
            if len(idle) == self.nodes:
                return
            time.sleep(0.2)
        raise TimeoutError("Slurm is not up after two minutes")

    def start_node(self, node: int) -> None:
        """Start the daemon of a node."""
        self._run("slurmd", "-f", str(self.conf), "-N", f"n{node}", check=True)

    def stop(self) -> None:
        """End all jobs, then what was started here."""
        self._run("scancel", "--state=PENDING")
        self._run("scancel", "--state=RUNNING", "--signal=KILL", "--full")
        for _ in range(100):
            if not self._run("squeue", "-h").stdout.strip():
                break
            time.sleep(0.2)
        for name in [*(f"slurmd.n{n}" for n in range(1, self.nodes + 1)), "slurmctld", "munged"]:
            self._end(self.root / "run" / f"{name}.pid", name.split(".")[0])

    def _end(self, file: Path, name: str) -> None:
        try:
            process = int(file.read_text())
            if name not in Path(f"/proc/{process}/comm").read_text():
                return
            os.kill(process, signal.SIGTERM)
            for _ in range(100):
                os.kill(process, 0)
                time.sleep(0.1)
        except (OSError, ValueError):
            return

    def _run(self, *command: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        environment = os.environ | self.environment | {"PATH": _path()}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
        return done


def _free_ports(number: int) -> int:
    """The first of some ports in a row that nobody listens on."""
    for first in range(20000 + secrets.randbelow(10000), 60000, number):
        try:
            for port in range(first, first + number):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise OSError("no free ports")


if __name__ == "__main__":  # python real_slurm.py FOLDER: start, wait for Enter, stop
    import sys

    slurm = RealSlurm(Path(sys.argv[1]).resolve())
    slurm.start()
    input(f"export SLURM_CONF={slurm.conf}   (Enter ends it) ")
    slurm.stop()
