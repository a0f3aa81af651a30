"""Refractive index from a polarisability and a volume: the Lorentz–Lorenz equation.

A molecule's polarisability is computed; the volume it takes up in the liquid or the glass is
estimated from its shape. No coefficient is fitted to refractive indices; the form of the liquid
model was chosen among several with measured indices in view (``docs/simulation-database.md``):

* liquids: the van der Waals volume, a layer of free volume on the van der Waals surface, and a
  contraction for each hydrogen bound to nitrogen or oxygen, with three coefficients
  (:data:`LIQUID`) fitted to the measured *densities* at 293.15 K of 253 liquids: those of Perry's
  density table (as shipped by ``chemicals``) with the elements supported and a critical
  temperature above 450 K. Relative error of the volumes, each liquid left out once: 5.6 %;
  ``benchmarks/simulation_volume.py`` repeats the fit;
* amorphous polymers: van Krevelen's rule that the volume of an amorphous polymer at 298 K is
  1.60 times its van der Waals volume (Properties of Polymers, 4th ed., chapter 4,
  doi 10.1016/B978-0-08-054819-7.X0001-5).
"""

from __future__ import annotations

import math

from forescale.errors import RequestError

LIQUID = (0.769, 0.741, -6.38)
"""Share of the van der Waals volume (no unit), thickness of the layer of free volume (Å) and
contraction for each hydrogen on nitrogen or oxygen (Å³) in an organic liquid at 293 K."""
POLYMER = 1.60
"""Volume over van der Waals volume in an amorphous polymer at 298 K."""


def liquid_volume(vdw_volume: float, vdw_area: float, polar_hydrogens: int) -> float:
    """Volume of one molecule in its liquid at 293 K, Å³.

    Parameters
    ----------
    vdw_volume, vdw_area
        Van der Waals volume (Å³) and surface (Å²).
    polar_hydrogens
        Hydrogens bound to nitrogen or oxygen.

    Examples
    --------
    >>> round(liquid_volume(83.9, 101.0, 0))  # benzene: measured 148
    139
    """
    share, layer, contraction = LIQUID
    return share * vdw_volume + layer * vdw_area + contraction * polar_hydrogens


def polymer_volume(vdw_volume: float) -> float:
    """Volume of one repeat unit in the amorphous polymer at 298 K, Å³."""
    return POLYMER * vdw_volume


def refractive_index(polarizability: float, volume: float) -> float:
    """Refractive index of an isotropic medium by the Lorentz–Lorenz equation.

    ``(n² − 1) / (n² + 2) = (4π/3) · polarizability / volume``; for its history and limits see
    Kragh, Substantia 2 (2018) 7, doi 10.13128/Substantia-56.

    Parameters
    ----------
    polarizability
        Mean polarisability of one molecule (or repeat unit) as a volume, Å³.
    volume
        Volume that one molecule (or repeat unit) takes up in the medium, Å³.

    Returns
    -------
    float
        Refractive index, without unit.

    Raises
    ------
    RequestError
        If the ratio is outside the range in which the equation has a solution.

    Examples
    --------
    >>> round(refractive_index(10.4, 148.0), 2)  # benzene: measured 1.501
    1.5
    """
    share = 4.0 * math.pi / 3.0 * polarizability / volume
    if not 0.0 <= share < 1.0:
        raise RequestError(
            f"no refractive index for polarisability {polarizability:.4g} Å³ in {volume:.4g} Å³: "
            f"their ratio times 4π/3 is {share:.3g}, expected a value from 0 to below 1"
        )
    return math.sqrt((1.0 + 2.0 * share) / (1.0 - share))
