"""Refractive indices by the xtb engine against measured ones: molecules and polymers.

    python benchmarks/simulation_refractive_index.py TABLE.parquet

TABLE is the refractive-index table of a campaign (the bundled one, for instance). Measured:
for molecules the handbook table in ``chemicals`` (CRC Handbook, between 288 and 303 K); for
amorphous polymers the values below: as commonly tabulated (the usual source is Polymer Handbook,
Brandrup, Immergut and Grulke), entered by hand and not checked against the book line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import _kit
import numpy as np
import pandas as pd
from chemicals import refractivity, search_chemical

from forescale.engines.xtb import XtbEngine, XtbSettings
from forescale.errors import MaterialError
from forescale.materials import Molecule
from forescale.metrics import Floats, rmse
from forescale.simulation import Job
from forescale.tables import PropertyTable

POLYMERS = {
    "*C(F)(F)C(F)(F)*": 1.36,
    "*CC(*)(F)F": 1.42,
    "*[Si](C)(C)O*": 1.404,
    "*CCO*": 1.456,
    "*CC(C)O*": 1.457,
    "*CC(*)CC(C)C": 1.463,
    "*CC(*)OC(C)=O": 1.467,
    "*CC(*)C(=O)OCCCC": 1.466,
    "*CC(*)C(=O)OCC": 1.469,
    "*CC(*)C": 1.474,
    "*CC*": 1.476,
    "*CC(*)C(=O)OC": 1.479,
    "*CC(*)(C)C(=O)OCCCC": 1.483,
    "*CC(*)(C)C(=O)OCC": 1.485,
    "*CC(*)(C)C(=O)OC": 1.490,
    "*CC(*)O": 1.50,
    "*CC(*)(C)C": 1.508,
    "*C/C=C\\C*": 1.516,
    "*CC(*)C#N": 1.52,
    "*C/C=C(/C)C*": 1.520,
    "*NCCCCCC(*)=O": 1.53,
    "*CC(*)Cl": 1.539,
    "*C/C=C(/Cl)C*": 1.556,
    "*c1cc(C)c(O*)c(C)c1": 1.575,
    "*OCCOC(=O)c1ccc(cc1)C(*)=O": 1.575,
    "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O": 1.585,
    "*CC(*)c1ccccc1": 1.590,
    "*CC(*)(Cl)Cl": 1.60,
    "*CC(C)(*)c1ccccc1": 1.610,
    "*CC(*)c1cccc2ccccc12": 1.682,
    "*CC(*)n1c2ccccc2c2ccccc21": 1.683,
}


def measured_molecules(most: int | None) -> pd.Series:
    """Mean measured index near 293 K by canonical key, of so many of the handbook's rows."""
    refractivity._load_RI_data()
    table = refractivity.RI_data_CRC_organic
    rows = []
    for cas, row in table[table["RIT"].between(288.0, 303.2)].head(most).iterrows():
        try:
            rows.append((Molecule.parse(search_chemical(cas).smiles).key, row["RI"]))
        except (MaterialError, ValueError):
            continue
    return pd.DataFrame(rows, columns=["key", "n"]).groupby("key")["n"].mean()


def cells(name: str, computed: Floats, measured: Floats) -> tuple[object, ...]:
    """One row of the table."""
    error = computed - measured
    r = np.corrcoef(computed, measured)[0, 1]
    figures = (float(rmse(computed, measured)), error.mean(), error.std())
    return name, len(error), *(f"{figure:.4f}" for figure in figures), f"{r:.3f}"


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table."""
    parser = _kit.parser(__doc__)
    bundled = Path(str(files("forescale.catalog").joinpath("data/xtb-refractive-index.parquet")))
    parser.add_argument("table", type=Path)
    parser.add_argument("--molecules", type=int, help="so many measured ones")
    parser.add_argument("--polymers", type=int, default=len(POLYMERS), help="so many of them")
    told = _kit.parse(parser, argv, smoke={"table": bundled, "molecules": 60, "polymers": 1})
    printed = _kit.Table("", "n", "RMSE", "bias", "scatter", "r")
    table = PropertyTable.from_parquet(told.table)
    computed = pd.Series(table.values, index=table.keys)
    measured = measured_molecules(told.molecules)
    common = computed.index.intersection(measured.index)
    x, y = computed[common].to_numpy(), measured[common].to_numpy()
    printed.row(*cells("molecules, 288-303 K", x, y))
    usual = np.abs(x - y - np.median(x - y)) < 0.15
    printed.row(*cells("… without the 0.15 outliers", x[usual], y[usual]))
    engine, units = XtbEngine(XtbSettings()), list(POLYMERS)[: told.polymers]
    values = [engine.compute(Job(unit, "polymer")).values["refractive_index"] for unit in units]
    known = np.array([POLYMERS[unit] for unit in units])
    printed.row(*cells("amorphous polymers", np.array(values), known))


if __name__ == "__main__":
    main()
