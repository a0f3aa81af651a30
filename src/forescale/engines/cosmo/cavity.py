"""The cavity of a molecule: radii of its atoms, and the volume that each of them takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from forescale.errors import MaterialError

RADII: Mapping[int, float] = MappingProxyType(
    {
        1: 1.30,
        6: 2.00,
        7: 1.83,
        8: 1.72,
        9: 1.72,
        14: 2.48,
        15: 2.13,
        16: 2.16,
        17: 2.05,
        35: 2.16,
        53: 2.32,
    }
)
"""Radii of the cavity, Å, by atomic number: those optimised by Klamt et al. (1998, doi
10.1021/jp980017s; later F, S, Br and I); those of Si and P, which were not, as in the manual of
ADF. They are about 1.17 times Bondi's radii."""
SPACING = 0.15
"""Distance of the points on which volumes are counted, Å."""


def radii_of(numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cavity radius of each atom, Å.

    Raises
    ------
    MaterialError
        If there is none for an element.
    """
    if missing := sorted(set(numbers.tolist()) - set(RADII)):
        raise MaterialError(
            f"no cavity radius for elements of atomic number {', '.join(map(str, missing))}; "
            f"expected one of {', '.join(map(str, RADII))}"
        )
    return np.array([RADII[int(number)] for number in numbers])


def atomic_volumes(
    positions: NDArray[np.float64], radii: NDArray[np.float64], spacing: float = SPACING
) -> NDArray[np.float64]:
    """Share of each sphere in the volume of their union.

    A point within several spheres belongs to the one to which its power distance
    ``d² - r²`` is smallest, so that two spheres are parted by the plane of the circle in which
    they meet (power diagram: Aurenhammer 1987, doi 10.1137/0216006).

    Parameters
    ----------
    positions
        Centres, Å; shape (atoms, 3).
    radii
        Radii, Å; shape (atoms,).
    spacing
        Distance of the points of the grid, Å.

    Returns
    -------
    ndarray, shape (atoms,)
        Å³.

    Examples
    --------
    >>> volume = atomic_volumes(np.zeros((1, 3)), np.array([2.0]))
    >>> bool(abs(volume[0] - 4 / 3 * np.pi * 2**3) < 0.2)
    True
    """
    low = (positions - radii[:, None]).min(axis=0)
    high = (positions + radii[:, None]).max(axis=0)
    axes = [np.arange(a + 0.5 * spacing, b, spacing) for a, b in zip(low, high, strict=True)]
    height = np.array(np.meshgrid(axes[1], axes[2], indexing="ij")).reshape(2, -1).T
    counts = np.zeros(len(radii), dtype=np.int64)
    across = ((height[:, None, :] - positions[None, :, 1:]) ** 2).sum(axis=2) - radii**2
    for x in axes[0]:  # a slice at a time: memory stays small
        power = across + (x - positions[:, 0]) ** 2
        nearest = power.argmin(axis=1)
        inside = power[np.arange(len(power)), nearest] < 0.0
        counts += np.bincount(nearest[inside], minlength=len(radii))
    return np.asarray(counts * spacing**3, dtype=np.float64)
