"""Write a table of features for the molecules of a study: here 42 molecular quantum numbers.

    python examples/embeddings/make_embeddings.py examples/embeddings/embeddings.parquet

Whatever gives a vector for each material works the same way, the last hidden layer of your
graph network for instance: one column of materials, every other column a number. MQN: Nguyen
et al. 2009, doi 10.1002/cmdc.200900317.
"""

import sys
from pathlib import Path

import pandas as pd
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import MQNs_

from forescale.catalog import load_dataset

DATASETS = ("boiling-point-joback", "boiling-point-measured")


def main(path: Path) -> None:
    keys = sorted({key for name in DATASETS for key in load_dataset(name).keys})
    rows = [MQNs_(Chem.MolFromSmiles(key)) for key in keys]
    names = [f"mqn_{place}" for place in range(1, len(rows[0]) + 1)]
    frame = pd.DataFrame(rows, columns=names, dtype="float32")
    frame.insert(0, "smiles", keys)
    frame.to_parquet(path, index=False)
    print(f"{path}: {len(frame)} molecules, {len(names)} features")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
