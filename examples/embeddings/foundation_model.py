"""Describe compositions by the element vectors of a foundation model: MACE-MP-0's own embedding.

    pip install --no-deps elementembeddings
    python examples/embeddings/foundation_model.py examples/embeddings/foundation-model.parquet

The package carries what several networks learnt of each element (MIT): MACE-MP-0 (Batatia et al.,
arXiv 2401.00096), CHGNet, ORB, SevenNet, mat2vec; name another with ``--of``. A composition is
the mean of its elements' vectors and their standard deviation, by atomic fraction. What those
networks were trained on (energies and forces, or abstracts) is not the property measured here.
"""

import argparse
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from forescale.catalog import load_dataset
from forescale.materials import Composition

SOURCE, TARGET = "band-gap-materials-project", "band-gap-measured"


def vectors(name: str) -> pd.DataFrame:
    """One row an element; the package's file is read, the package (and its plots) not imported."""
    spec = find_spec("elementembeddings")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("elementembeddings is missing; pip install --no-deps elementembeddings")
    folder = Path(spec.submodule_search_locations[0]) / "data" / "element_representations"
    return pd.read_csv(folder / f"{name}.csv", index_col=0, keep_default_na=False, dtype=str)


def described(keys: list[str], of: str) -> pd.DataFrame:
    """Mean and standard deviation of the vectors of each composition's elements."""
    table = vectors(of).astype("float32")
    place = {symbol: row for row, symbol in enumerate(table.index)}
    values, rows, known = table.to_numpy(), [], []
    for key in keys:
        amounts = Composition.parse(key).amounts
        if not set(amounts) <= set(place):
            continue  # an element that the network has not seen
        share = np.array([float(amount) for amount in amounts.values()])
        share /= share.sum()
        own = values[[place[symbol] for symbol in amounts]]
        mean = share @ own
        rows.append(np.concatenate([mean, np.sqrt(share @ (own - mean) ** 2)]))
        known.append(key)
    columns = [f"{part}_{k}" for part in ("mean", "sd") for k in range(values.shape[1])]
    frame = pd.DataFrame(np.array(rows, dtype="float32"), columns=columns)
    frame.insert(0, "formula", known)
    return frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--of", default="mace_mp0")
    given = parser.parse_args()
    keys = sorted({key for name in (SOURCE, TARGET) for key in load_dataset(name).keys})
    frame = described(keys, given.of)
    frame.to_parquet(given.path, index=False)
    told = f"{len(frame):,} of {len(keys):,} compositions, {frame.shape[1] - 1} numbers"
    print(f"{given.path}: {told}")


if __name__ == "__main__":
    main()
