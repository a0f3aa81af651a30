"""The ``[cluster]`` table: of a study or campaign file, or by name in the user's own file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from forescale._machine.executors.contract import Resources
from forescale._machine.toml import Flag, Float, Int, explained, read_toml
from forescale.errors import ConfigError


class TlsConfig(BaseModel):
    """Files of the certificates by which a scheduler and its clients know each other.

    Parameters
    ----------
    ca, cert, key
        Of the authority, of this side, and this side's private key (PEM).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ca: Path
    cert: Path
    key: Path


class ClusterConfig(BaseModel):
    """A place to work.

    Parameters
    ----------
    kind
        ``dask``: a running scheduler at ``address``, or workers started by us; ``slurm``: arrays
        of Slurm, by files on a file system that all its nodes see.
    address
        Of a running Dask scheduler.
    queue
        Batch system from which we start Dask workers (by dask-jobqueue), or none: this machine.
    interface
        Network interface that our own scheduler listens on, encrypted; by default loopback.
    workers
        Tasks at the same time: Dask workers that we start, or running tasks of a Slurm array.
    cores, gpus, memory
        Of one task; memory in GiB.
    walltime
        Seconds after which a machine is taken back.
    grace
        Seconds before that at which work is stopped, so that it can go on elsewhere.
    bundle
        Seconds that a bundle of short jobs should take.
    partition, account, qos, options, setup
        Of the batch system: names, further options of ``sbatch`` (without dashes), and lines of
        shell to run first.
    python
        Python of the nodes, if it is not the one that runs here.
    scratch
        Folder for scratch files on each machine.
    versions
        What becomes of a machine with other versions: ``refuse`` it, or ``mark`` its results.
    interrupt
        What becomes of remote jobs on Ctrl-C: ``cancel`` or ``leave`` them.
    silence
        Seconds without a sign of life after which a machine counts as lost.
    tls
        Certificates, for a scheduler that is reached over a network.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["dask", "slurm"] = "dask"
    address: Annotated[str, Field(pattern=r"^(tcp|tls)://.+:\d+$")] | None = None
    tls: TlsConfig | None = None
    queue: Literal["slurm", "pbs", "sge", "lsf"] | None = None
    interface: str | None = None
    workers: Annotated[Int, Ge(1)] = 2
    cores: Annotated[Int, Ge(1)] = 1
    gpus: Annotated[Int, Ge(0)] = 0
    memory: Annotated[Float, Gt(0)] = 2.0
    walltime: Annotated[Float, Gt(0)] | None = None
    grace: Annotated[Float, Gt(0)] = 30.0
    bundle: Annotated[Float, Gt(0)] | None = None
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    options: dict[str, str | Int | Flag] = {}
    setup: tuple[str, ...] = ()
    python: str | None = None
    scratch: Path | None = None
    versions: Literal["refuse", "mark"] = "refuse"
    interrupt: Literal["cancel", "leave"] = "cancel"
    silence: Annotated[Float, Gt(0)] = 60.0

    @property
    def resources(self) -> Resources:
        """What one task is given."""
        return Resources(self.cores, self.gpus, self.memory, self.walltime)

    @model_validator(mode="after")
    def _of_its_kind(self) -> ClusterConfig:
        if self.kind == "slurm" and (self.address or self.queue or self.interface):
            raise ValueError(
                "got address, queue or interface beside kind = 'slurm', which knows nothing of a "
                "Dask scheduler; leave them out, or say kind = 'dask'"
            )
        if self.address and (self.queue or self.interface):
            raise ValueError("got address and queue or interface, expected one way to a scheduler")
        if self.address and self.address.startswith("tls") and self.tls is None:
            raise ValueError("got an address tls://…, expected tls = { ca, cert, key } beside it")
        if self.queue and self.walltime is None:
            raise ValueError("got queue without walltime; say the walltime of a worker in seconds")
        return self


def _way(value: Any) -> str:
    return "by name" if isinstance(value, str) else "as table"


ClusterChoice = Annotated[
    Annotated[str, Tag("by name")] | Annotated[ClusterConfig, Tag("as table")],
    Discriminator(_way),
]
"""What a file may say under ``cluster``: a name of the user's file, an address, or a table."""


def user_file() -> Path:
    """The user's own file of clusters: ``FORESCALE_CLUSTERS``, or in the configuration folder."""
    own = os.environ.get("FORESCALE_CLUSTERS")
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Path(own) if own else base / "forescale" / "clusters.toml"


def find_cluster(
    name: str | None, given: str | ClusterConfig | None = None
) -> ClusterConfig | None:
    """What ``--cluster`` and the file's ``cluster`` mean together; None: this machine.

    Parameters
    ----------
    name
        Of the command line: a name in the user's file, an address, ``local``, or None.
    given
        Of the study or campaign file: a name, or a whole table.

    Raises
    ------
    ConfigError
        If there is no such cluster, or its table is wrong.
    """
    wanted = name if name is not None else given
    if wanted is None or wanted == "local":
        return None
    if isinstance(wanted, ClusterConfig):
        _refuse_commands(wanted)
        return wanted
    if name is None and "://" in wanted:
        _refuse_commands(wanted)
    if "://" in wanted:
        return _checked({"address": wanted}, "--cluster")
    return _named(wanted)


_COMMANDS = ("address", "tls", "options", "setup", "python")
"""Keys that run commands, or hand the work and its answers to another program."""


def _refuse_commands(given: ClusterConfig | str) -> None:
    """Refuse what a study or campaign file, perhaps somebody else's, would have run."""
    keys = [key for key in _COMMANDS if isinstance(given, str) or getattr(given, key)]
    if keys:
        raise ConfigError(
            f"cluster.{keys[0]}: is not taken from a study or campaign file, which may come from "
            f"somebody else; write the table, under a name, in your own {user_file()} and say "
            'cluster = "NAME", or give an address by --cluster'
        )


def _named(name: str) -> ClusterConfig:
    path = user_file()
    if not path.exists():
        raise ConfigError(
            f"cluster: got {name!r}, but there is no {path}; write a table [{name}] there, or "
            "give an address such as tcp://127.0.0.1:8786"
        )
    tables = read_toml(path, "file of clusters")
    if not isinstance(tables.get(name), dict):
        raise ConfigError(
            f"cluster: got {name!r}, expected one of {', '.join(tables) or 'none'} in {path}, "
            "an address such as tcp://127.0.0.1:8786, or local"
        )
    return _checked(tables[name], f"{path}: [{name}]")


def _checked(table: dict[str, Any], where: str) -> ClusterConfig:
    try:
        return ClusterConfig.model_validate(table)
    except ValidationError as error:
        problems = "; ".join(explained(error, ClusterConfig))
        allowed = ", ".join(ClusterConfig.model_fields)
        raise ConfigError(f"{where}: {problems} (keys: {allowed})") from None
