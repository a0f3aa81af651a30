"""Refractive index from a polarisability and a volume: the Lorentz–Lorenz equation.

A molecule's polarisability is computed; the volume it takes up in the liquid or the glass is
not, and comes from its van der Waals volume by one packing coefficient for each kind of
material. The coefficients are never fitted to refractive indices:

* liquids: :data:`PACKING_LIQUID`, the mean of van der Waals volume over measured volume at
  293.15 K for the 252 liquids of Perry's density table (as shipped by ``chemicals``) with the
  elements supported and a critical temperature above 450 K (standard deviation 0.037);
  ``benchmarks/simulation_packing.py`` repeats the calculation;
* amorphous polymers: :data:`PACKING_POLYMER`, van Krevelen's rule that the volume of an
  amorphous polymer at 298 K is 1.60 times its van der Waals volume
  (Properties of Polymers, 4th ed., chapter 4, doi 10.1016/B978-0-08-054819-7.X0001-5).
"""

from __future__ import annotations

import math

from forescale.errors import RequestError

#: Van der Waals volume over molecular volume in an organic liquid at 293 K.
PACKING_LIQUID = 0.564
#: The same in an amorphous polymer at 298 K.
PACKING_POLYMER = 0.625


def refractive_index(polarizability: float, volume: float) -> float:
    """Refractive index of an isotropic medium by the Lorentz–Lorenz equation.

    ``(n² − 1) / (n² + 2) = (4π/3) · polarizability / volume``; for its history and limits see
    Kragh, Substantia 2 (2018) 7, doi 10.13128/Substantia-56.

    Parameters
    ----------
    polarizability : float
        Mean polarisability of one molecule (or repeat unit) as a volume, Å³.
    volume : float
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
