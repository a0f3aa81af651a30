"""MODNet on a folder's folds, in an environment of its own.

With Python 3.11: ``pip install modnet==0.4.5 "numpy<2" "scikit-learn<1.4" "scipy<1.12"``.

    ENVIRONMENT/bin/python _peer_modnet.py FOLDER

Reads ``train.npz`` and ``test.npz`` (features, values), writes ``predicted.npy``. Its own
selection of features, one network of four blocks as its documentation begins with, and six of
its own presets, of which a seventh of the training values chooses one.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from modnet.models import MODNetModel
from modnet.preprocessing import MODData, get_cross_nmi

SAMPLE = 1000
"""Rows that the mutual information between features is estimated from: it sees no values."""


def presets(n_feat: int) -> list[dict[str, object]]:
    """Its presets of the middle width, for all features and half of them."""
    return [
        {
            "batch_size": 64,
            "lr": rate,
            "n_feat": n,
            "num_neurons": [[n], [n // 2], [n // 8], [n // 8]],
            "epochs": 1000,
            "loss": "mae",
            "act": "elu",
        }
        for n in (n_feat, n_feat // 2)
        for rate in (0.001, 0.005, 0.01)
    ]


def data_of(path: Path) -> MODData:
    """A part of a fold."""
    part = np.load(path)
    names = [f"x{k}" for k in range(part["features"].shape[1])]
    ids = [f"{path.stem}-{row}" for row in range(len(part["values"]))]
    return MODData(
        materials=ids,
        targets=part["values"][:, None],
        target_names=["gap"],
        structure_ids=ids,
        df_featurized=pd.DataFrame(part["features"], columns=names, index=ids),
    )


def main(folder: Path) -> None:
    """Train and predict."""
    train, test = data_of(folder / "train.npz"), data_of(folder / "test.npz")
    sample = train.df_featurized.sample(SAMPLE, random_state=0)
    train.feature_selection(n=-1, cross_nmi=get_cross_nmi(sample, n_jobs=1))
    found = len(train.get_optimal_descriptors())
    model = MODNetModel([[["gap"]]], {"gap": 1}, n_feat=found)
    model.fit_preset(train, presets=presets(min(found, 256)), nested=0, n_jobs=1)
    np.save(folder / "predicted.npy", model.predict(test)["gap"].to_numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
