"""Mutated inputs over all commands: tracebacks, silent changes, NaN, lost work.

Every input is a valid one with something put wrong by a seeded generator: a value of another type
in a study or campaign file, bytes of a table, a number of a manifest, a part of a folder, an
option. A command must end with exit code 0, 1 or 2 and no traceback; refuse what is certainly
wrong; write no NaN in its JSON; and leave every file as it was that it was not asked to write.

    python benchmarks/hostile_inputs.py --inputs 2000
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import _kit
import numpy as np
import pandas as pd
import tomli_w
from _hostile import (
    NUMBERS,
    WRONG,
    Told,
    call,
    changed,
    damage,
    edit_json,
    hashes,
    judged,
    leaves,
    mutated,
    of_another_type,
)

# ------------------------------------------------------------------ studies and campaigns


STUDY: dict[str, Any] = {
    "name": "tiny", "seed": 0, "replicates": 2,
    "source": [{"file": "computed.csv", "kind": "molecule", "material": "smiles", "value": "tb",
                "unit": "K", "valid": [0.0, 1e4], "sample": 50}],
    "target": {"file": "measured.csv", "kind": "molecule", "material": "smiles", "value": "tb",
               "unit": "K"},
    "descriptor": {"name": "morgan"},
    "learner": {"name": "gp"},
    "grid": {"n_source": {"from": 20, "to": 40, "count": 5}, "n_target": [5, 10]},
    "evaluation": {"metrics": ["rmse"], "split": "random", "test_fraction": 0.2,
                   "overlap": "exclude"},
    "censoring": {"floor": 0.0, "learn_as": -1.0},
}  # fmt: skip
CAMPAIGN: dict[str, Any] = {
    "name": "c", "kind": "molecule", "results": "results", "workers": 1, "threads": 1, "retries": 1,
    "seed": 0, "on_error": "skip", "materials": [{"file": "m.csv", "column": "smiles", "limit": 3}],
    "engine": {"name": "replay", "seed": 0, "protocol": {"table": "t.parquet"}},
    "limits": {"time": 60.0, "memory": 2.0},
}  # fmt: skip


LOOP: dict[str, Any] = {
    "name": "l", "seed": 0, "first": 10, "growth": 1.6,
    "target": {"file": "measured.csv", "kind": "molecule", "material": "smiles", "value": "tb",
               "unit": "K"},
    "arm": [{"name": "a", "order": "random", "cost": 1.0,
             "engine": {"name": "replay", "protocol": {"table": "t.parquet"}}}],
    "budget": {"total": 100, "unit": "jobs", "matters": 0.1},
    "judged": {"metric": "rmse", "n_target": [5], "replicates": 2, "overlap": "exclude"},
}  # fmt: skip


def config_inputs(rng: random.Random, folder: Path, count: int) -> Iterator[Told]:
    """Files of studies, campaigns and loops with one value put wrong, or with broken text."""
    from forescale.errors import ForescaleError
    from forescale.growth import LoopConfig
    from forescale.simulation import Campaign
    from forescale.study import load_study

    readers: tuple[tuple[str, dict[str, Any], Callable[[Path], object]], ...] = (
        ("run", STUDY, load_study), ("simulate", CAMPAIGN, Campaign.from_toml),
        ("grow", LOOP, LoopConfig.from_toml),
    )  # fmt: skip
    for number in range(count):
        command, table, read = readers[number % 3]
        path = folder / f"{command}.toml"
        certain: int | None = None
        if number % 10 < 8:
            place, new = rng.choice([*leaves(table)]), rng.choice(WRONG)
            old: Any = table
            for key in place:
                old = old[key]
            certain = 2 if of_another_type(old, new) else None
            text = tomli_w.dumps(changed(table, place, new)).encode()
        else:
            text = mutated(rng, tomli_w.dumps(table).encode())
        path.write_bytes(text)
        if certain is None:  # perhaps valid: only read it, the work itself would take long
            told = Told(f"{command} file", 0)
            try:
                read(path)
            except ForescaleError as error:
                told.code = error.exit_code
            except BaseException as error:
                told.code = f"{type(error).__name__}: {error}"[:150]
                told.faults.append(f"traceback: {told.code}")
            yield told
        else:
            out = [] if command == "simulate" else ["--out", str(folder / "out"), "--workers", "1"]
            yield judged(f"{command} file", [command, str(path), *out], dict, certain)


# ------------------------------------------------------------------ tables


def table_inputs(rng: random.Random, folder: Path, count: int) -> Iterator[Told]:
    """CSV tables with broken bytes or odd cells, through ``data check``."""
    molecules = ["CCO", "CCC", "c1ccccc1", "CC(=O)O", "CCN", "CCCl", "OCCO", "CC#N"]
    odd = ["", "nan", "1,5", ">3", "1e400", "C C", "=1+1", "x", "1.2.3", "٣", "1e5", "-0", "++1"]
    path = folder / "table.csv"
    for number in range(count):
        rows = [[smiles, f"{rng.uniform(1, 9):.3f}"] for smiles in molecules]
        bad = 0
        if number % 2:
            row, cell = rng.randrange(len(rows)), rng.choice(odd)
            rows[row][1] = f'"{cell}"' if "," in cell else cell
            bad = cell not in ("1e5", "-0")
        text = "\n".join(["smiles,y", *map(",".join, rows), ""]).encode()
        path.write_bytes(text if number % 2 else mutated(rng, text))
        unit = rng.choice(["K", "eV", "2**2**2**2**9", "furlong", "m**(10**10)", "", "g/cm3"])
        arguments = ["data", "check", str(path), "--kind", "molecule", "--material", "smiles"]
        arguments += ["--value", "y", "--unit", unit, "--json"]
        yield judged("table", arguments, hashes(path), 1 if bad else None)


def sheet_inputs(rng: random.Random, folder: Path, count: int) -> Iterator[Told]:
    """Excel, Parquet and archives with broken bytes, through the commands that read tables."""
    good = "smiles,tb\n" + "".join(f"{'C' * n}O,{300 + 9 * n}\n" for n in range(1, 20))
    (folder / "good.csv").write_text(good)
    frame = pd.read_csv(folder / "good.csv")
    frame.to_excel(folder / "whole.xlsx", index=False)
    frame.to_parquet(folder / "whole.parquet")
    for suffix in ("csv.gz", "csv.xz", "csv.zip", "csv.bz2"):
        frame.to_csv(folder / f"whole.{suffix}", index=False)
    files = sorted(folder.glob("whole.*"))
    for number in range(count):
        whole = files[number % len(files)]
        path = folder / f"broken{whole.name.removeprefix('whole')}"
        path.write_bytes(whole.read_bytes())
        damage(rng, path)
        guessed = ["--kind", "molecule", "--material", "smiles", "--value", "tb", "--unit", "K"]
        read = {
            "data": ["data", "check", str(path), *guessed],
            "init": ["init", str(path), str(folder / "good.csv"), *guessed, "--out",
                     str(folder / "drafted.toml"), "--force"],
            "fit": ["fit", str(path), "--n", "tb", "--error", "tb"],
            "quick": ["quick", str(folder / "good.csv"), str(path), *guessed, "--out",
                      str(folder / "quick"), "--workers", "1", "--replicates", "1"],
        }  # fmt: skip
        command = rng.choice(["data", "init", "fit"] if number % 10 else [*read])
        kept = hashes(path, folder / "good.csv")
        yield judged(f"{command} damaged file", [*read[command], "--json"], kept, None)


# ------------------------------------------------------------------ folders and models


def run_inputs(rng: random.Random, folder: Path, count: int) -> Iterator[Told]:
    """Run folders with a wrong manifest, damaged parts or a wrong model."""
    whole = finished_run(folder / "whole")
    for number in range(count):
        run = folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(whole, run)
        kinds = ("manifest", "part", "model", "model files", "manifest bytes")
        kind = kinds[number % len(kinds)]
        certain, spare = None, [run / "study.toml", run / "errors" / "part-00000.parquet"]
        if kind == "manifest":
            edit_json(rng, run / "manifest.json", hashed=False)
        elif kind == "manifest bytes":
            damage(rng, run / "manifest.json")
        elif kind == "part":
            damage(rng, run / "errors" / "part-00001.parquet")
            certain = 2
        elif kind == "model":
            edit_json(rng, run / "model" / "model.json", hashed=True)
        else:
            damage(rng, rng.choice([p for p in (run / "model").iterdir() if p.suffix != ".md"]))
            certain = 2
        if kind.startswith("model"):
            out = ["--out", str(folder / "p.csv"), "--workers", "1", "--json"]
            arguments = ["predict", str(run), str(folder / "new.csv"), *out]
        else:
            quick = (
                ["status", "cite"]
                if kind != "part" and number % 4
                else ["plan", "compare", "report", "cite"]
            )
            command = rng.choice(quick)
            arguments = [command, str(run), *([str(run)] if command == "compare" else []), "--json"]
        if arguments[0] == "cite":  # it reads the manifest alone, and prints text
            arguments, certain = arguments[:-1], None
        yield judged(f"{arguments[0]} {kind}", arguments, hashes(*spare), certain)


def finished_run(folder: Path) -> Path:
    """A tiny run with a model."""
    from forescale.study import load_study
    from forescale.workflow import run_study

    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    smiles = [f"{'C' * n}{end}" for n in range(1, 20) for end in ("", "O", "N", "Cl", "F")]
    values = [100 + 20 * s.count("C") + 30 * s.count("O") for s in smiles]
    frame = pd.DataFrame({"smiles": smiles, "tb": values})
    frame.to_csv(folder / "computed.csv", index=False)
    chosen = frame.sample(40, random_state=0)
    chosen.assign(tb=chosen["tb"] * 1.1 + rng.normal(0, 5, 40)).to_csv(
        folder / "measured.csv", index=False
    )
    table = {key: value for key, value in STUDY.items() if key != "censoring"}
    (folder / "study.toml").write_text(tomli_w.dumps(table))
    study = load_study(folder / "study.toml")
    run_study(study, folder / "run", show_progress=False)
    return folder / "run"


def store_inputs(rng: random.Random, folder: Path, count: int) -> Iterator[Told]:
    """Results folders of campaigns with junk in them; the campaign goes on."""
    from forescale.tables import PropertyTable, Provenance

    keys = ["C", "CC", "CCC", "CCO"]
    frame = pd.DataFrame({"key": keys, "material": keys, "value": 1.0, "repeats": 1})
    PropertyTable(
        frame.assign(scatter=np.nan), "gap", "eV", "computed", "molecule",
        (Provenance(dataset="made up"),),
    ).to_parquet(folder / "t.parquet")  # fmt: skip
    (folder / "m.csv").write_text("smiles\nC\nCC\nCCC\n")
    path = folder / "store.toml"
    path.write_text(tomli_w.dumps(CAMPAIGN | {"results": "store"}))
    call(["simulate", str(path)])
    whole = folder / "store-whole"
    shutil.copytree(folder / "store", whole)
    for number in range(count):
        shutil.rmtree(folder / "store")
        shutil.copytree(whole, folder / "store")
        journal = next((folder / "store" / "results").rglob("*.jsonl"))
        if number % 3 == 0:
            journal.write_bytes(mutated(rng, journal.read_bytes()))
        elif number % 3 == 1:
            lines = journal.read_bytes().splitlines(keepends=True)
            row = changed(json.loads(lines[0]), (rng.choice([*json.loads(lines[0])]),),
                          rng.choice([w for w in WRONG if w == w]))  # fmt: skip
            journal.write_bytes(b"".join([json.dumps(row).encode() + b"\n", *lines[1:]]))
        else:
            (journal.parent / "00000.parquet").write_bytes(mutated(rng, b"PAR1" * 50))
            journal.rename(journal.with_name("00001.jsonl"))
        quick = number % 5
        command = ["status", str(folder / "store")] if quick else ["simulate", str(path)]
        yield judged(f"{command[0]} store", [*command, "--json"], hashes(folder / "m.csv"), None)


def option_inputs(rng: random.Random, folder: Path, count: int) -> Iterator[Told]:
    """Options with odd values; whatever they are about is not there, so that none takes long."""
    missing = str(folder / "missing")
    options = {
        "fit": [missing], "plan": [missing], "compare": [missing, missing], "report": [missing],
        "predict": [missing, missing], "run": [missing], "simulate": [missing], "status": [missing],
        "grow": [missing], "init": [missing, missing], "quick": [missing, missing],
        "cite": [missing],
    }  # fmt: skip
    names = ["--seed", "--level", "--budget", "--batch", "--cost-source", "--cost-target",
             "--target-error", "--workers", "--limit", "--at", "--m", "--matters", "--out",
             "--trust", "--on-error", "--metric", "--cost", "--curve", "--n", "--se"]  # fmt: skip
    for _ in range(count):
        command = rng.choice([*options])
        arguments = [command, *options[command]]
        for _ in range(rng.randint(1, 3)):
            arguments += [rng.choice(names), rng.choice(NUMBERS)]
        yield judged("options", arguments, dict, 2)


def fit_inputs(rng: random.Random, folder: Path, count: int) -> Iterator[Told]:
    """Tables of learning curves with odd cells."""
    path = folder / "curves.csv"
    for number in range(count):
        rows = [[str(n), f"{2 * n**-0.4 + 0.1:.5f}"] for n in (10, 20, 40, 80, 160, 320)]
        if number % 3:
            rows[rng.randrange(6)][rng.randrange(2)] = rng.choice(NUMBERS)
            text = "\n".join(["n,error", *map(",".join, rows), ""]).encode()
        else:
            text = mutated(rng, "\n".join(["n,error", *map(",".join, rows), ""]).encode())
        path.write_bytes(text)
        yield judged("fit table", ["fit", str(path), "--json"], hashes(path), None)


KINDS: dict[str, tuple[Callable[[random.Random, Path, int], Iterator[Told]], float]] = {
    "files": (config_inputs, 0.35),
    "tables": (table_inputs, 0.20),
    "sheets": (sheet_inputs, 0.10),
    "options": (option_inputs, 0.20),
    "folders": (run_inputs, 0.08),
    "stores": (store_inputs, 0.05),
    "fits": (fit_inputs, 0.02),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table: inputs, exit codes and faults by kind."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop a kind after so long")
    parser.add_argument("--kinds", nargs="+", choices=[*KINDS], default=[*KINDS])
    asked = _kit.parse(parser, argv, smoke={"inputs": 40, "kinds": ["files", "options", "fits"]})
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "new.csv").write_text("smiles\nCCCCO\nCCCN\n")
        for kind in asked.kinds:
            make, share = KINDS[kind]
            rng = random.Random(f"{asked.seed}/{kind}")
            since = time.monotonic()
            for told in make(rng, folder, max(2, round(share * asked.inputs))):
                row = counts[told.kind]
                row["inputs"] += 1
                row[f"exit {told.code}" if isinstance(told.code, int) else "traceback"] += 1
                for fault in told.faults:
                    row[fault.partition(":")[0]] += not fault.startswith("traceback")
                    print(f"FAULT {told.kind}: {fault}", file=sys.stderr, flush=True)
                if time.monotonic() - since > asked.seconds:
                    break
            print(f"{kind}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    columns = ["inputs", "exit 0", "exit 1", "exit 2", "traceback", "silent", "NaN", "lost work"]
    counts["all"] = sum(counts.values(), Counter[str]())
    rows = ([kind, *(row[column] for column in columns)] for kind, row in counts.items())
    _kit.table(("input", *columns), rows)


if __name__ == "__main__":
    main()
