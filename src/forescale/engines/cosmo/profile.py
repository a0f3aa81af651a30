"""Sigma profiles: how much of a molecule's surface has which screening charge density.

After Lin & Sandler 2002 (doi 10.1021/ie001047w) with the averaging, the three kinds of surface and
the probability of a hydrogen bond of Hsieh, Sandler & Lin 2010
(doi 10.1016/j.fluid.2010.06.011), as collected by Bell et al. 2020
(doi 10.1021/acs.jctc.9b01016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forescale.engines.cosmo.surface import Surface

Floats = NDArray[np.float64]

SIGMA: Floats = np.linspace(-0.025, 0.025, 51)
"""Charge densities of the profile, e/Å²."""
STEP = float(SIGMA[1] - SIGMA[0])
KINDS = ("none", "hydroxyl", "other")
"""Kinds of surface: no hydrogen bond, hydroxyl, other donors and acceptors."""
EFFECTIVE_AREA = 7.25
"""Effective area of a segment, Å²; its circle has the radius over which charges are averaged."""
DECAY = 3.57
"""Factor on the distance in averaging."""
BONDING_WIDTH = 0.007
"""Width of the probability that a segment can form a hydrogen bond, e/Å²."""
SMALLEST = 1e-6
"""Segments below this area (Å²) hold no charge density of their own."""


@dataclass(frozen=True)
class Profile:
    """Sigma profile of a molecule, or of a repeat unit within its chain.

    Attributes
    ----------
    areas
        Area (Å²) by kind of surface (:data:`KINDS`) and charge density (:data:`SIGMA`); shape (3,
        51).
    volume
        Volume of the cavity, Å³.
    """

    areas: Floats
    volume: float

    @property
    def area(self) -> float:
        """Area of the cavity, Å²."""
        return float(self.areas.sum())


def profile(surface: Surface, scale: float = 1.0) -> Profile:
    """The profile of one conformer; in a piece of a chain, of its inner unit only.

    Parameters
    ----------
    surface
        The conformer's surface.
    scale
        Factor on the charges.
    """
    inside = surface.counted & (surface.areas > SMALLEST)
    # A unit cut out of its chain has some hundredths of a charge; endless, it has none.
    density = scale * (average_density(surface)[inside] - surface.charge / surface.area)
    kinds = bonding_kinds(surface)[surface.owner[inside]]
    areas = surface.areas[inside]
    able = 1.0 - np.exp(-(density**2) / (2.0 * BONDING_WIDTH**2))
    able = np.where(kinds == 0, 0.0, able)
    found = np.zeros((len(KINDS), len(SIGMA)))
    for kind, area in ((kinds, areas * able), (np.zeros_like(kinds), areas * (1.0 - able))):
        _spread(found, kind, density, area)
    return Profile(found, surface.volume)


def _spread(found: Floats, kinds: NDArray[np.int64], density: Floats, area: Floats) -> None:
    """Divide each area between the two grid points next to its density."""
    place = np.clip((density - SIGMA[0]) / STEP, 0.0, len(SIGMA) - 1.0)
    left = np.minimum(place.astype(int), len(SIGMA) - 2)
    right_share = place - left
    np.add.at(found, (kinds, left), area * (1.0 - right_share))
    np.add.at(found, (kinds, left + 1), area * right_share)


def average_density(surface: Surface) -> Floats:
    """Charge density of each segment, averaged over its surroundings, e/Å²; shape (segments,)."""
    density = surface.charges / np.maximum(surface.areas, SMALLEST)
    squared = surface.areas / np.pi
    effective = EFFECTIVE_AREA / np.pi
    total = squared + effective
    gram = surface.points @ surface.points.T
    square = np.diag(gram)
    weight = np.maximum(square[:, None] + square[None, :] - 2.0 * gram, 0.0)
    weight *= -DECAY / total
    np.exp(weight, out=weight)
    weight *= squared * effective / total
    averaged: Floats = weight @ density / weight.sum(axis=1)
    return averaged


def bonding_kinds(surface: Surface) -> NDArray[np.int64]:
    """Kind of surface of each atom, shape (atoms,): an index into :data:`KINDS`.

    Hydroxyl: oxygen bound to hydrogen, and that hydrogen. Other: oxygen else, nitrogen, fluorine,
    and hydrogen bound to nitrogen or fluorine.
    """
    numbers = surface.numbers
    kinds = np.where(np.isin(numbers, (7, 8, 9)), 2, 0)
    for first, second in surface.bonds:
        for heavy, light in ((first, second), (second, first)):
            if numbers[light] == 1 and numbers[heavy] == 8:
                kinds[[heavy, light]] = 1
            elif numbers[light] == 1 and numbers[heavy] in (7, 9):
                kinds[light] = 2
    return kinds.astype(np.int64)


def mean_profile(profiles: Sequence[Profile], weights: Floats) -> Profile:
    """The mean over conformers, with weights that sum to one."""
    areas = np.tensordot(weights, np.array([one.areas for one in profiles]), axes=1)
    return Profile(areas, float(weights @ [one.volume for one in profiles]))
