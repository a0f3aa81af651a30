"""What the benchmarks of many machines share: campaigns, studies, a real Slurm."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from simulation_overhead import ethers

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "helpers"))

from real_slurm import RealSlurm

from forescale.simulation import Campaign
from forescale.simulation.output import protocols
from forescale.simulation.store import Store

HERE = Path(__file__).resolve()
CLI = [sys.executable, "-c", "from forescale.cli.main import main; main()"]
ENGINES = HERE.parent.parent / "tests" / "simulation" / "engines_under_test.py"


def campaign(folder: Path, engine: str, materials: list[str], **options: object) -> Campaign:
    """A campaign over some molecules, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "materials.csv").write_text("\n".join(["smiles", *materials]) + "\n")
    return Campaign.model_validate(
        {
            "name": "many",
            "results": folder / "results",
            "materials": [{"file": folder / "materials.csv"}],
            "engine": {"name": engine, "protocol": options.pop("protocol", {})},
            "limits": {"memory": 64.0},
        }
        | options
    )


def rows_of(one: Campaign) -> pd.DataFrame:
    """Every attempt in a campaign's store."""
    (header,) = protocols(one.results).values()
    return Store(one.results, header).attempts()


@contextmanager
def slurm(nodes: int = 2) -> Iterator[RealSlurm]:
    """A real Slurm while the block runs."""
    running = RealSlurm(Path(tempfile.mkdtemp()), nodes)
    before = dict(os.environ)
    try:
        running.start()
        os.environ.update(running.environment)
        yield running
    finally:
        running.stop()
        os.environ.clear()
        os.environ.update(before)


def study_file(folder: Path, replicates: int, rows: int) -> Path:
    """A study of additive values, large enough to keep two processors busy."""
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    smiles = ethers(rows)
    values = np.array([len(one) + one.count("N") * 3.0 for one in smiles])
    pd.DataFrame({"smiles": smiles, "v": values}).to_csv(folder / "computed.csv", index=False)
    chosen = rng.choice(rows, 300, replace=False)
    measured = values[chosen] + rng.normal(0, 1, len(chosen))
    pd.DataFrame({"smiles": [smiles[i] for i in chosen], "v": measured}).to_csv(
        folder / "measured.csv", index=False
    )
    (folder / "study.toml").write_text(
        f'name = "many"\nreplicates = {replicates}\n'
        '[[source]]\nfile = "computed.csv"\nkind = "molecule"\nmaterial = "smiles"\n'
        'value = "v"\nunit = "K"\n'
        '[target]\nfile = "measured.csv"\nkind = "molecule"\nmaterial = "smiles"\n'
        'value = "v"\nunit = "K"\n[descriptor]\nname = "morgan"\n'
    )
    return folder / "study.toml"


def run(study: Path, out: Path, *arguments: str) -> float:
    """Seconds of ``forescale run`` in a process of its own."""
    began = time.perf_counter()
    command = [*CLI, "run", str(study), "-o", str(out), "--no-model"]
    subprocess.run([*command, *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


def errors(out: Path) -> pd.DataFrame:
    """All parts of a run."""
    return pd.concat([pd.read_parquet(part) for part in sorted((out / "errors").glob("*.parquet"))])
