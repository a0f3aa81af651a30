"""What many machines survive: kill -9, and allocations that end.

python benchmarks/many_machines_lost.py workers [N]       of Dask workers, under a campaign
python benchmarks/many_machines_lost.py studies [N]       of Dask workers, under a study
python benchmarks/many_machines_lost.py coordinators [N]  of campaigns on Dask and on Slurm
python benchmarks/many_machines_lost.py walltime          jobs longer than an allocation of Slurm
python benchmarks/many_machines_lost.py md                dynamics over allocations of two minutes
python benchmarks/many_machines_lost.py queue             Dask workers that dask-jobqueue starts

Starts real Dask processes, and a real Slurm where its programs are installed.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import _kit
from _machines import CLI, ENGINES, campaign, errors, rows_of, run, slurm, study_file
from dask_processes import DaskProcesses
from real_slurm import missing
from simulation_overhead import ethers

from forescale._machine.executors import ClusterConfig
from forescale.simulation import Campaign, Status, campaign_table, run_campaign

HEADS = ("what", "kills", "jobs", "in the store", "twice", "begun in all", "different values")


def _kept(
    what: str, number: int, one: Campaign, materials: list[str], log: Path
) -> tuple[object, ...]:
    """Cells of the table: what a store holds after kills."""
    rows = rows_of(one)
    done = rows[rows["status"] == "done"]
    wrong = int((done["length"] != done["key"].str.len()).sum())
    begun = len(log.read_text().splitlines())
    twice = int(done.duplicated("key").sum())
    return what, number, len(materials), done["key"].nunique(), twice, begun, wrong


def workers(number: int) -> None:
    """kill -9 at random moments; what the store holds afterwards."""
    rng = random.Random(1)
    materials = list(dict.fromkeys(ethers(40 * number)))
    with tempfile.TemporaryDirectory() as folder, DaskProcesses(Path(folder), 2) as dask:
        log = Path(folder) / "log"
        protocol = {"pause": 0.1, "log": str(log)}
        one = campaign(Path(folder) / "c", f"{ENGINES}:Length", materials, protocol=protocol)
        moments = sorted(rng.sample(range(5, len(materials) - 5), number))

        def observe(status: Status) -> None:
            while moments and status.done >= moments[0]:
                moments.pop(0)
                dask.kill_worker(rng.randrange(len(dask.workers)))
                dask.add_worker()

        run_campaign(one, cluster=ClusterConfig(address=dask.address), observe=observe)
        _kit.table(HEADS, [_kept("Dask workers, campaign", number, one, materials, log)])


PROGRAM = """
import sys
from forescale.simulation import Campaign, run_campaign
from forescale._machine.executors import ClusterConfig
campaign = Campaign.model_validate_json(open(sys.argv[1]).read())
run_campaign(campaign, cluster=ClusterConfig.model_validate_json(sys.argv[2]))
"""


def coordinators(number: int) -> None:
    """kill -9 of the process that runs a campaign, which is begun again each time."""
    table = _kit.Table(*HEADS)
    for kind in ("dask", "slurm") if not missing() else ("dask",):
        table.row(*_coordinator_kills(kind, number))


def _coordinator_kills(kind: str, number: int) -> tuple[object, ...]:
    rng = random.Random(2)
    materials = ethers(30 * number)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        log = home / "log"
        protocol = {"pause": 0.2, "log": str(log)}
        one = campaign(home / "c", f"{ENGINES}:Length", materials, protocol=protocol)
        path = home / "campaign.json"
        path.write_text(one.model_dump_json(exclude={"folder"}))
        place = DaskProcesses(home / "dask", 2) if kind == "dask" else slurm()
        with place as running:
            config = ClusterConfig(kind="slurm", workers=2, memory=0.5, walltime=3600, bundle=5)
            if isinstance(running, DaskProcesses):
                config = ClusterConfig(address=running.address)
            command = [sys.executable, "-c", PROGRAM, str(path), config.model_dump_json()]
            for _ in range(number):
                process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
                before = log.stat().st_size if log.exists() else 0
                while process.poll() is None and (not log.exists() or log.stat().st_size <= before):
                    time.sleep(0.1)
                time.sleep(rng.uniform(0, 5))
                process.send_signal(signal.SIGKILL)
                process.wait()
            run_campaign(one, cluster=config)
        return _kept(f"coordinator, {kind}", number, one, materials, log)


def studies(number: int) -> None:
    """kill -9 of a worker whenever replicates have come since the last; another one comes."""
    rng = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        study = study_file(home / "study", 2 * number, 600)
        run(study, home / "here", "--workers", "2")
        out = home / "there"
        with DaskProcesses(home / "dask", 2) as dask:
            command = [*CLI, "run", str(study), "-o", str(out), "--no-model",
                       "--cluster", dask.address]  # fmt: skip
            quiet = subprocess.DEVNULL
            process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
            killed = seen = 0
            while process.poll() is None:
                time.sleep(rng.uniform(0.1, 1.0))
                there = len(list((out / "errors").glob("*.parquet")))
                if killed < number and there > seen:
                    seen = there
                    dask.kill_worker(rng.randrange(len(dask.workers)))
                    dask.add_worker()
                    killed += 1
        ours, theirs = errors(home / "here"), errors(out)
        wrong = int((ours["value"].to_numpy() != theirs["value"].to_numpy()).sum())
        heads = ("what", "kills", "replicates", "there", "numbers compared", "different")
        replicates = ours["replicate"].nunique(), theirs["replicate"].nunique()
        _kit.table(heads, [("Dask workers, study", killed, *replicates, len(ours), wrong)])


def walltime() -> None:
    """Jobs of several allocations on Slurm, whose shortest walltime is a minute."""
    with slurm(), tempfile.TemporaryDirectory() as folder:
        config = ClusterConfig(kind="slurm", workers=2, memory=0.5, walltime=60, grace=20)
        protocol = {"pause": 20.0}  # six steps: two minutes and more in allocations of one
        one = campaign(Path(folder), f"{ENGINES}:Resumes", ["C", "CC"], protocol=protocol)
        status = run_campaign(one, cluster=config)
        told = json.loads((one.results / "status.json").read_text())
        heads = ("jobs", "seconds of each", "walltime, s", "done", "allocations that ended")
        _kit.table(heads, [(2, 120, 60, status.done, told["begun_again"])])


def md() -> None:
    """Boxes of polymer in allocations that end before their dynamics does, and undisturbed."""
    heads = ("place", "done", "allocations that ended", "minutes", "density, g/cm³")
    table = _kit.Table("polymer", *heads)
    polymers = ["*CC*", "*CC(*)C"]
    with slurm(), tempfile.TemporaryDirectory() as folder:
        for place, config in (
            ("here", None),
            ("Slurm, walltime of 120 s",
             ClusterConfig(kind="slurm", workers=2, memory=3, walltime=120, grace=40)),
        ):  # fmt: skip
            options = {"kind": "polymer", "protocol": {"preset": "quick"}}
            one = campaign(Path(folder) / place, "md", polymers, **options)
            status = run_campaign(one, cluster=config)
            told = json.loads((one.results / "status.json").read_text())
            density = campaign_table(one.results, "density").frame.set_index("key")["value"]
            for polymer, value in density.items():
                table.row(
                    polymer, place, status.done, told.get("begun_again", 0),
                    f"{status.seconds / 60:.1f}", f"{value:.4f}",
                )  # fmt: skip


def queue() -> None:
    """A campaign and a study on workers that dask-jobqueue starts on Slurm, against here."""
    with slurm() as running, tempfile.TemporaryDirectory(dir=running.root) as folder:
        home = Path(folder)
        config = ClusterConfig(
            kind="dask", queue="slurm", interface="lo", workers=2, memory=1, walltime=600
        )
        materials = ethers(400)
        one = campaign(home / "c", f"{ENGINES}:Length", materials)
        status = run_campaign(one, cluster=config)
        rows = rows_of(one)
        wrong = int((rows["length"] != rows["key"].str.len()).sum())
        heads = ("jobs", "done", "twice", "different values", "ms a job")
        twice, each = int(rows.duplicated("key").sum()), 1e3 * status.seconds / len(materials)
        _kit.table(heads, [(len(materials), status.done, twice, wrong, f"{each:.0f}")])


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is asked for."""
    actions: dict[str, tuple[Callable[..., None], tuple[int, ...]]] = {
        "workers": (workers, (20,)),
        "studies": (studies, (20,)),
        "coordinators": (coordinators, (10,)),
        "walltime": (walltime, ()),
        "md": (md, ()),
        "queue": (queue, ()),
    }
    parser = _kit.parser(__doc__)
    parser.add_argument("what", choices=actions)
    parser.add_argument("counts", type=int, nargs="*")
    told = _kit.parse(parser, argv, smoke={"what": "workers", "counts": [1]})
    action, usual = actions[told.what]
    action(*(*told.counts, *usual[len(told.counts) :])[: len(usual)])


if __name__ == "__main__":
    main()
