"""Which descriptor of polymers predicts best: density, m = 80, on other seeds than the studies'.

    FORESCALE_MIRROR=… python benchmarks/polymer_descriptors.py [--replicates 8] [--sample N]

Prints RMSE of scratch, transfer and zero-shot for each descriptor, on the same splits, and
what a polymer costs to describe. Polymers with silicon, metals or charges are left out, which
the force field has no types for. ``--sample`` draws so many computed and half as many measured
polymers.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rdkit import Chem

from forescale.catalog import load_dataset
from forescale.descriptors import featurize, get_descriptor
from forescale.learners import Grid, TransferData, get_learner
from forescale.splits import Split, replicate_rng, split_target, usable_source
from forescale.study.metrics import rmse
from forescale.tables import combine

NAMES = ("structure", "rdkit2d", "morgan", "periodic", "force_field")
TYPED = {0, 1, 6, 7, 8, 9, 15, 16, 17, 35, 53}
SEED, M = 101, 80


def typed(key: str) -> bool:
    """Whether the force field has types for every atom."""
    atoms = Chem.MolFromSmiles(key).GetAtoms()
    return all(a.GetAtomicNum() in TYPED and not a.GetFormalCharge() for a in atoms)


def drawn(table, size: int | None):
    """The table without what the force field lacks, and at most ``size`` of it."""
    rows = np.flatnonzero([typed(key) for key in table.keys])
    if size is not None and len(rows) > size:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, size, replace=False))
    return replace(table, frame=table.frame.iloc[rows].reset_index(drop=True))


def errors(features, source, target, replicates: int):
    """RMSE (scratch, transfer, zero-shot) of each replicate, overlap excluded."""
    known = set(target.keys)
    data = TransferData.of_rows(
        features.values[: len(source)],
        features.values[len(source) :],
        features.is_count,
        source.values,
        target.values,
        np.flatnonzero([key not in known for key in source.keys]),
    )
    found = []
    with TemporaryDirectory() as folder:
        prepared = get_learner("gp", {}).prepare(data, Path(folder))
        for replicate in range(replicates):
            rng = replicate_rng(SEED, replicate)
            train, test = split_target(rng, np.arange(len(target)), 0.2, train_size=M)
            usable = usable_source(source.keys, target.keys[test], "exclude")
            split = Split(rng.permutation(usable), train, test)
            grid = Grid(np.array([len(usable)]), np.array([M]))
            error = rmse(prepared.predict(split, grid, replicate).mean, target.values[test])
            found.append((error[0, 1], error[1, 1], error[1, 0]))
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=8)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--names", nargs="+", default=NAMES)
    arguments = parser.parse_args()
    size = arguments.sample
    source = combine(
        [load_dataset("radonpy-pi1070", "density"), load_dataset("polymer-density-md")]
    )
    source = drawn(source, size)
    target = drawn(load_dataset("polymer-density-measured"), size and size // 2)
    keys = [*source.keys, *target.keys]
    print(f"{len(source)} computed, {len(target)} measured, {arguments.replicates} replicates\n")
    print("| descriptor | columns | ms a polymer | scratch | transfer | zero-shot |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in arguments.names:
        descriptor = get_descriptor(name, "polymer")
        start = time.process_time()
        descriptor.rows(keys[::40])
        cost = (time.process_time() - start) / len(keys[::40]) * 1e3
        features = featurize(descriptor, keys, show_progress=False)
        mean = errors(features, source, target, arguments.replicates).mean(axis=0)
        cells = " | ".join(f"{value:.4f}" for value in mean)
        print(f"| {name} | {features.values.shape[1]} | {cost:.0f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
