"""Which descriptor of polymers predicts best: density, m = 80, on other seeds than the studies'.

    FORESCALE_MIRROR=… python benchmarks/polymer_descriptors.py [--replicates 8] [--sample N]

Prints RMSE of scratch, transfer and zero-shot for each descriptor, on the same splits, and
what a polymer costs to describe. Polymers with silicon, metals or charges are left out, which
the force field has no types for. ``--sample`` draws so many computed and half as many measured
polymers.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import _kit
import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from forescale.catalog import load_dataset
from forescale.descriptors import Features, featurize, get_descriptor
from forescale.learners import Grid, TransferData, get_learner
from forescale.metrics import rmse
from forescale.splits import Overlap, SharedMaterials, Split, replicate_rng, split_target
from forescale.tables import PropertyTable, combine

NAMES = ("structure", "rdkit2d", "morgan", "periodic", "force_field")
TYPED = {0, 1, 6, 7, 8, 9, 15, 16, 17, 35, 53}
SEED, M = 101, 80


def typed(key: str) -> bool:
    """Whether the force field has types for every atom."""
    atoms = Chem.MolFromSmiles(key).GetAtoms()
    return all(a.GetAtomicNum() in TYPED and not a.GetFormalCharge() for a in atoms)


def drawn(table: PropertyTable, size: int | None) -> PropertyTable:
    """The table without what the force field lacks, and at most ``size`` of it."""
    order = np.arange(len(table))
    if size is not None:
        order = np.random.default_rng(SEED).permutation(len(table))
    good = (row for row in order if typed(table.keys[row]))
    rows = np.sort(list(itertools.islice(good, size)))
    return replace(table, frame=table.frame.iloc[rows].reset_index(drop=True))


def errors(
    features: Features, source: PropertyTable, target: PropertyTable, replicates: int, m: int
) -> NDArray[np.float64]:
    """RMSE (scratch, transfer, zero-shot) of each replicate, overlap excluded."""
    data = TransferData.of_rows(
        features.values[: len(source)],
        features.values[len(source) :],
        features.is_count,
        source.values,
        target.values,
        SharedMaterials.of(source.keys, target.keys).source_only,
    )
    found = []
    shared = SharedMaterials.of(source.keys, target.keys)
    with TemporaryDirectory() as folder:
        prepared = get_learner("gp", {}).prepare(data, Path(folder))
        for replicate in range(replicates):
            rng = replicate_rng(SEED, replicate)
            train, test = split_target(rng, np.arange(len(target)), 0.2, train_size=m)
            usable = shared.usable(test, Overlap.EXCLUDE)
            split = Split(rng.permutation(usable), train, test)
            grid = Grid(np.array([len(usable)]), np.array([m]))
            error = rmse(prepared.predict(split, grid, replicate).mean, target.values[test])
            found.append((error[0, 1], error[1, 1], error[1, 0]))
    return np.array(found)


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--replicates", type=int, default=8)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--measured", type=int, default=M, help="m")
    parser.add_argument("--names", nargs="+", default=NAMES)
    quick = {"replicates": 2, "sample": 80, "measured": 20, "names": ["morgan", "periodic"]}
    told = _kit.parse(parser, argv, smoke=quick)
    size = told.sample
    tables = [load_dataset("radonpy-pi1070", "density")]
    if not told.smoke:
        tables.append(load_dataset("polymer-density-md"))
    source = drawn(combine(tables), size)
    target = drawn(load_dataset("polymer-density-measured"), size and size // 2)
    keys = [*source.keys, *target.keys]
    print(f"{len(source)} computed, {len(target)} measured, {told.replicates} replicates\n")
    table = _kit.Table("descriptor", "columns", "ms a polymer", "scratch", "transfer", "zero-shot")
    for name in told.names:
        descriptor = get_descriptor(name, "polymer")
        start = time.process_time()
        descriptor.rows(keys[::40])
        cost = (time.process_time() - start) / len(keys[::40]) * 1e3
        features = featurize(descriptor, keys, show_progress=False)
        found = errors(features, source, target, told.replicates, told.measured).mean(axis=0)
        table.row(
            name, features.values.shape[1], f"{cost:.0f}", *(f"{value:.4f}" for value in found)
        )


if __name__ == "__main__":
    main()
