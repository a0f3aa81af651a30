"""CrabNet on a folder's fold, in an environment of its own.

``pip install crabnet "setuptools<81"``, with PyTorch for the processor.

    ENVIRONMENT/bin/python _peer_crabnet.py FOLDER

Reads ``train.csv`` and ``test.csv`` (formula, target), writes ``predicted.npy``. All settings are
its defaults: a fifth of the training values chooses when to stop.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from crabnet.crabnet_ import CrabNet


def main(folder: Path) -> None:
    """Train and predict."""
    torch.set_num_threads(1)
    train, test = (
        pd.read_csv(folder / f"{part}.csv", keep_default_na=False) for part in ("train", "test")
    )
    model = CrabNet(
        mat_prop="gap", random_state=0, force_cpu=True, save=False, losscurve=False,
        learningcurve=False,
    )  # fmt: skip
    model.fit(train)
    np.save(folder / "predicted.npy", np.asarray(model.predict(test), dtype=float))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
