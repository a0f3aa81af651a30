"""Refractive indices by the xtb engine against measured ones: molecules and polymers.

    python benchmarks/simulation_refractive_index.py TABLE.parquet

TABLE is the refractive-index table of a campaign (the bundled one, for instance). Measured:
for molecules the handbook table in ``chemicals`` (CRC Handbook, between 288 and 303 K); for
amorphous polymers the values below: as commonly tabulated (the usual source is Polymer Handbook,
Brandrup, Immergut and Grulke), entered by hand and not checked against the book line by line.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from chemicals import refractivity, search_chemical

from forescale.errors import MaterialError
from forescale.materials import Molecule
from forescale.simulation import Job
from forescale.simulation.engines.xtb import XtbEngine, XtbSettings
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


def measured_molecules() -> pd.Series:
    """Mean measured index near 293 K by canonical key."""
    refractivity._load_RI_data()
    table = refractivity.RI_data_CRC_organic
    rows = []
    for cas, row in table[table["RIT"].between(288.0, 303.2)].iterrows():
        try:
            rows.append((Molecule.parse(search_chemical(cas).smiles).key, row["RI"]))
        except (MaterialError, ValueError):
            continue
    return pd.DataFrame(rows, columns=["key", "n"]).groupby("key")["n"].mean()


def line(name: str, computed: np.ndarray, measured: np.ndarray) -> str:
    """One row of the table."""
    error = computed - measured
    rmse, bias = np.sqrt(np.mean(error**2)), error.mean()
    r = np.corrcoef(computed, measured)[0, 1]
    return f"{name:28s} {len(error):6d} {rmse:8.4f} {bias:8.4f} {error.std():8.4f} {r:6.3f}"


def main(path: Path) -> None:
    """Print one table."""
    print(f"{'':28s} {'n':>6} {'RMSE':>8} {'bias':>8} {'scatter':>8} {'r':>6}")
    table = PropertyTable.from_parquet(path)
    computed = pd.Series(table.values, index=table.keys)
    measured = measured_molecules()
    common = computed.index.intersection(measured.index)
    x, y = computed[common].to_numpy(), measured[common].to_numpy()
    print(line("molecules, 288-303 K", x, y))
    usual = np.abs(x - y - np.median(x - y)) < 0.15
    print(line("  without the 0.15 outliers", x[usual], y[usual]))
    engine = XtbEngine(XtbSettings())
    values = [engine.compute(Job(unit, "polymer")).values["refractive_index"] for unit in POLYMERS]
    print(line("amorphous polymers", np.array(values), np.array(list(POLYMERS.values()))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
