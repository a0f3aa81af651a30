"""Peers for compositions on Matbench's folds, each in an environment of its own.

    FORESCALE_MIRROR=… python benchmarks/peer_compositions.py modnet ENVIRONMENT/bin/python \
        [--folds 5] [--out peers]

MODNet (De Breuck et al. 2021, doi 10.1038/s41524-021-00552-2) gets our descriptors, CrabNet (Wang
et al. 2021, doi 10.1038/s41524-021-00545-1) the formulas. Both learn measured values alone, on one
thread. Folds are kept as they land, in the file of ``peers.py``, whose table then has them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
import pandas as pd
from peers import FOLDS, accuracy_table, folds
from predictors import error, official_folds

NAMES = {"modnet": "MODNet, our descriptors", "crabnet": "CrabNet"}


def write(folder: Path, part: str, formulas: Any, features: Any, values: Any) -> None:
    """One part of a fold, for either peer."""
    np.savez(folder / f"{part}.npz", features=features, values=values)
    frame = pd.DataFrame({"formula": formulas, "target": values})
    frame.to_csv(folder / f"{part}.csv", index=False)


def predict(peer: str, python: str, folder: Path) -> Any:
    """What the peer says of the fold's test part."""
    program = Path(__file__).with_name(f"_peer_{peer}.py")
    _kit.elsewhere([python, program, folder], folder)
    return np.load(folder / "predicted.npy")


def landed(path: Path, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Everything in the file now, and this peer's part of it."""
    there = json.loads(path.read_text()) if path.exists() else {}
    return there, there.setdefault(name, {"errors": [], "seconds": 0.0, "gib": 0.0})


def run(peer: str, python: str, wanted: int, path: Path) -> None:
    """Compute the folds that the file lacks."""
    settings, data, arrays = folds()
    for fold, split in official_folds(data, settings):
        if fold >= wanted or fold < len(landed(path, NAMES[peer])[1]["errors"]):
            continue
        with TemporaryDirectory() as scratch, _kit.Clock() as clock:
            folder = Path(scratch)
            for part, rows in (("train", split.train), ("test", split.test)):
                features = arrays.target_features[rows]
                write(folder, part, data.target.keys[rows], features, data.target.values[rows])
            predicted = np.maximum(predict(peer, python, folder), 0.0)
        there, one = landed(path, NAMES[peer])  # another peer may have landed folds meanwhile
        done = len(one["errors"])
        one["errors"].append(error("mae", predicted, data.target.values[split.test]))
        one["seconds"] = (one["seconds"] * done + clock.cpu) / (done + 1)
        one["gib"] = _kit.peak_gib(1) - _kit.peak_gib(0)
        path.write_text(json.dumps(there, indent=1))
        print(NAMES[peer], fold, f"{one['errors'][-1]:.4f}", f"{clock.cpu:.0f} s", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Compute what is missing, and print the table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("peer", choices=NAMES)
    parser.add_argument("python", help="of the peer's environment")
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--out", type=Path, default=Path("peers"))
    asked = _kit.parse(parser, argv, smoke={"folds": 1})
    asked.out.mkdir(parents=True, exist_ok=True)
    run(asked.peer, asked.python, asked.folds, asked.out / "accuracy.json")
    accuracy_table(asked.out / "accuracy.json")


if __name__ == "__main__":
    main()
