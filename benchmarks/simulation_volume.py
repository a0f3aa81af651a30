"""The volume model of liquids, fitted to measured densities (not to refractive indices).

Volume per molecule at 293.15 K from the density equations in Perry's Chemical Engineers' Handbook
(8th ed., as shipped by ``chemicals``), for liquids well below their critical temperature; van der
Waals volume and surface of the conformer that the xtb engine makes. Least squares of relative
errors.

    python benchmarks/simulation_volume.py
"""

from __future__ import annotations

import numpy as np
from chemicals import search_chemical, volume
from numpy.typing import NDArray
from scipy.constants import N_A

from forescale.errors import MaterialError
from forescale.materials import Molecule
from forescale.simulation.engines.xtb import polar_hydrogens, require_supported
from forescale.simulation.geometry import conformer, vdw_volume_and_area
from forescale.simulation.optics import LIQUID

TEMPERATURE = 293.15  # K
LOWEST_CRITICAL = 450.0  # K


def liquids() -> NDArray[np.float64]:
    """Rows of measured volume (Å³), van der Waals volume and surface, polar hydrogens."""
    rows = []
    for cas, row in volume.rho_data_Perry_8E_105_l.iterrows():
        if not row.Tmin <= TEMPERATURE <= row.Tmax or LOWEST_CRITICAL > row.C3:
            continue
        try:
            key = Molecule.parse(search_chemical(cas).smiles).key
            require_supported(key, 24)
            geometry = conformer(key)
        except (MaterialError, ValueError):
            continue
        density = row.C1 / row.C2 ** (1 + (1 - TEMPERATURE / row.C3) ** row.C4)  # mol/m³
        shape = vdw_volume_and_area(geometry.numbers, geometry.positions)
        rows.append((1e30 / density / N_A, *shape, polar_hydrogens(key)))
    return np.array(rows)


def report(name: str, terms: NDArray[np.float64], measured: NDArray[np.float64]) -> None:
    """Fit and print one model; errors are relative, each liquid left out once."""
    relative = terms / measured[:, None]
    inverse = np.linalg.pinv(relative)
    coefficients = inverse @ np.ones(len(measured))
    leverage = np.sum(relative * inverse.T, axis=1)
    error = (relative @ coefficients - 1.0) / (1.0 - leverage)
    shown = ", ".join(f"{c:.3f}" for c in coefficients)
    print(f"{name:32s} {len(measured):5d} {np.sqrt(np.mean(error**2)):8.4f}   {shown}")


def main() -> None:
    """Compare the model in use with a single packing coefficient."""
    table = liquids()
    measured, terms = table[:, 0], table[:, 1:]
    print(f"{'volume of':32s} {'n':>5} {'rel. err':>8}   coefficients")
    report("van der Waals volume", terms[:, :1], measured)
    report("  + surface", terms[:, :2], measured)
    report("  + surface + polar hydrogens", terms, measured)
    print("in use:", ", ".join(map(str, LIQUID)))


if __name__ == "__main__":
    main()
