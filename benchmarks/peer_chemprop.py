"""A peer on our splits: chemprop, pre-trained on computed values and fine-tuned on measured ones.

    python benchmarks/peer_chemprop.py ENVIRONMENT/bin/chemprop [--replicates 3] [--out FILE]

Chemprop (Heid et al. 2024, doi 10.1021/acs.jcim.3c01250) lives in an environment of its own
(``pip install chemprop``); its command line is called as its documentation says, with its
defaults: a tenth of the computed values, a fifth of the measured ones choose the epoch. Lines
are appended to the file of ``predictors.py``, whose table then has it beside our learners.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
import pandas as pd
import predictors
from numpy.typing import NDArray

from forescale.learners import Grid
from forescale.study import Study, load_data

CASE = "refractive index"


class Peer:
    """Chemprop's command line in a folder.

    Parameters
    ----------
    command
        Path of the executable.
    folder
        Where tables and models of one replicate are kept.
    epochs
        Epochs of each training.
    """

    def __init__(self, command: str, folder: Path, epochs: int) -> None:
        self._command, self._folder, self._epochs = command, folder, epochs

    def train(
        self, name: str, smiles: Any, values: Any, held: float, seed: int, base: Path | None = None
    ) -> Path:
        """A model of some values, from scratch or from another; returns its folder."""
        order = np.random.default_rng(seed).permutation(len(smiles))
        split = np.full(len(smiles), "train", dtype=object)
        split[order[: max(2, round(held * len(smiles)))]] = "val"
        # Chemprop wants a test part: what was chosen by stands in for it, and is not looked at.
        frame = pd.DataFrame({"smiles": smiles, "value": values, "split": split})
        frame = pd.concat([frame, frame[frame["split"] == "val"].assign(split="test")])
        table, out = self._folder / f"{name}.csv", self._folder / name
        frame.to_csv(table, index=False)
        start = [] if base is None else ["--checkpoint", str(base / "model_0" / "best.pt")]
        self._call(
            "train", "-i", table, "-o", out, "--splits-column", "split", "--target-columns",
            "value", "--epochs", self._epochs, "--pytorch-seed", seed, *start,
        )  # fmt: skip
        return out

    def predict(self, model: Path, smiles: Any) -> NDArray[np.float64]:
        """Values of molecules."""
        table, out = self._folder / "asked.csv", self._folder / "told.csv"
        pd.DataFrame({"smiles": smiles}).to_csv(table, index=False)
        self._call("predict", "-i", table, "-o", out, "--model-paths", model / "model_0/best.pt")
        return np.asarray(pd.read_csv(out)["value"], dtype=np.float64)

    def _call(self, *words: Any) -> None:
        _kit.elsewhere([self._command, *words, "--accelerator", "cpu", "-n", "0"], self._folder)


def run(command: str, replicates: int, epochs: int, out: Path) -> None:
    """Compute what the file lacks."""
    case = predictors.CASES[CASE]
    raw = {**case.study, "replicates": replicates, "grid": {"n_target": list(case.n_target)}}
    study = Study.model_validate(raw)
    data = load_data(study, on_error="skip", workers=1, show_progress=False)
    done = {(r["case"], r["learner"], r["replicate"]) for r in predictors.read(out)}
    grid = Grid(np.array([1]), np.array(case.n_target))
    for replicate, split in predictors.splits(case, data, study):
        if replicate >= replicates or (CASE, "chemprop", replicate) in done:
            continue
        with TemporaryDirectory() as scratch, _kit.Clock() as clock:
            peer = Peer(command, Path(scratch), epochs)
            source, target = data.source, data.target
            tested = target.keys[split.test]
            base = peer.train(
                "computed", source.keys[split.source], source.values[split.source], 0.1, replicate
            )
            mean = np.full((2, 1 + len(grid.n_target), len(split.test)), np.nan)
            mean[1, 0] = peer.predict(base, tested)
            for column, m in enumerate(grid.n_target, start=1):
                rows = split.train[:m]
                for row, begun in ((0, None), (1, base)):
                    model = peer.train(
                        f"measured-{m}-{row}", target.keys[rows], target.values[rows], 0.2,
                        replicate, begun,
                    )  # fmt: skip
                    mean[row, column] = peer.predict(model, tested)
        predictors.keep(
            out, CASE, case, "chemprop", replicate, data, split, grid.n_target, mean, clock.cpu
        )
        print("chemprop", replicate, f"{clock.cpu:.0f} s", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Compute what is missing, and print the tables."""
    parser = _kit.parser(__doc__)
    parser.add_argument("command", help="chemprop's executable")
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("predictors.jsonl"))
    asked = _kit.parse(parser, argv, smoke={"replicates": 1, "epochs": 2})
    run(asked.command, asked.replicates, asked.epochs, asked.out)
    predictors.table(asked.out)


if __name__ == "__main__":
    main()
