"""Monte Carlo changes of volume that move groups of a heavy atom and its hydrogens.

The barostats that come with programs move whole molecules. Chains of a polymer are entangled: moved
as rigid bodies they collide, and the volume hardly changes. Here every heavy atom moves with the
hydrogens bound to it; bonds between groups stretch by some thousandths, and bonds to hydrogen keep
their lengths. The acceptance rule is that of Frenkel & Smit (Understanding Molecular Simulation,
ch. 5.4, doi 10.1016/B978-0-12-267351-1.X5000-7) with as many particles as there are groups.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import constants

from forescale.engines.md.cell import GAS, Cell, Floats, Ints
from forescale.engines.md.stages import Stage

ATM = constants.atm * 1e-30 * constants.N_A / constants.calorie / 1000.0
"""kcal/mol of one atm·Å³."""
INTERVAL = 25.0
"""Time between attempts, fs."""
FIRST_STEP, LARGEST_STEP = 0.005, 0.02
"""First half-width of a change, as a share of the volume, and the largest."""
WINDOW = 8
"""Attempts after which the half-width is adapted."""


class Barostat:
    """Proposes and judges changes of volume in one stage.

    Parameters
    ----------
    cell
        What is in the box.
    stage
        Its pressure counts.
    sample
        Time between two samples, fs.
    seed
        Seed of the proposals.
    """

    def __init__(self, cell: Cell, stage: Stage, sample: float, seed: int) -> None:
        self.groups = heavy_groups(cell)
        self.count = int(self.groups.max()) + 1
        self.sizes = np.bincount(self.groups).astype(np.float64)
        self.pressure = stage.pressure or 0.0
        self._attempts = max(1, round(sample / INTERVAL))
        self._random = np.random.default_rng([seed, 1])
        self._step, self._tried, self._taken = FIRST_STEP, 0, 0

    def intervals(self, steps: int) -> list[int]:
        """Steps of dynamics before each attempt."""
        edges = np.linspace(0, steps, self._attempts + 1).round().astype(int)
        return [int(count) for count in np.diff(edges) if count > 0]

    def propose(self, positions: Floats, length: float) -> tuple[Floats, float]:
        """Positions and edge of the box after a random change of volume, Å."""
        scale = math.exp(self._step * self._random.uniform(-1.0, 1.0) / 3.0)
        sums = np.stack(
            [np.bincount(self.groups, positions[:, axis], self.count) for axis in range(3)], axis=1
        )
        shift = (scale - 1.0) * sums / self.sizes[:, None]
        return positions + shift[self.groups], length * scale

    def accept(self, gain: float, before: float, after: float, temperature: float) -> bool:
        """Whether a change that raises the energy by ``gain`` kcal/mol is kept."""
        work = gain + self.pressure * ATM * (after**3 - before**3)
        # Steps are uniform in the logarithm of the volume: hence one more than the groups.
        exponent = -work / (GAS * temperature) + 3.0 * (self.count + 1) * math.log(after / before)
        taken = math.log(max(self._random.uniform(), 1e-300)) < exponent
        self._tried, self._taken = self._tried + 1, self._taken + taken
        if self._tried == WINDOW:
            share = self._taken / self._tried
            factor = 1.5 if share > 0.6 else 0.67 if share < 0.3 else 1.0
            self._step = min(self._step * factor, LARGEST_STEP)
            self._tried = self._taken = 0
        return bool(taken)


def heavy_groups(cell: Cell) -> Ints:
    """Number of the group of each atom of the cell: a heavy atom and the hydrogens bound to it."""
    chain = cell.chain
    centre = np.arange(chain.size)
    for bond in chain.bonds[chain.hydrogen_bonds]:
        heavy, light = sorted(bond, key=lambda atom: chain.numbers[atom] == 1)
        centre[light] = heavy
    _, group = np.unique(centre, return_inverse=True)
    each = int(group.max()) + 1
    return np.asarray(group[None, :] + each * np.arange(cell.chains)[:, None]).ravel()
