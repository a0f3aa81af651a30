"""How computed predictions enter a model of measured values: straight, or along a bent line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forescale.learners.contract import Floats
from forescale.learners.gp.prefix import Prior

Combination = tuple[int, ...]

_KNOTS = (-0.5, 0.5)
"""Where a line may bend: thirds of computed values that are normally distributed."""

_BENDS = 1.0
"""Strength of the prior that it does not, as a number of measurements."""

_CROSS_OBSERVATIONS = 1.0
"""Strength of the prior that the slope between two properties is of the order of the
residual scale per standard deviation, of either sign, as a number of measurements."""


@dataclass(frozen=True)
class Form:
    """Basis of a model: a constant, columns of computed predictions, what bends along them.

    Group contributions overrate what is large, and a gap below zero is none: measured values
    are then no straight line in computed ones, and no process on materials learns that from
    few of them. A piecewise straight line in the columns' mean is linear in its coefficients,
    so that all stays exact.

    Parameters
    ----------
    columns
        Columns that enter; none is scratch.
    bent
        Whether the slope may change at two places.
    """

    columns: Combination
    bent: bool = False

    def basis(self, standardised: Floats) -> Floats:
        """Of rows with these standardised predictions, shape (..., K) → (..., p)."""
        chosen = standardised[..., list(self.columns)]
        parts = [np.ones((*chosen.shape[:-1], 1)), chosen]
        if self.bent:
            along = chosen.mean(axis=-1, keepdims=True)
            parts += [np.maximum(along - knot, 0.0) for knot in _KNOTS]
        return np.concatenate(parts, axis=-1)

    def prior(self, scale: Floats, same: Sequence[bool], rho_observations: float) -> Prior:
        """Of the coefficients at each size of the source.

        Parameters
        ----------
        scale
            Units of all columns, shape (sizes, K).
        same
            Whether each column predicts the property that is measured.
        rho_observations
            Strength of the prior that it is measured + constant, for these.
        """
        number, bends = len(self.columns), len(_KNOTS) * self.bent
        if not number:
            return Prior(np.zeros((1, 1)), np.zeros(1))
        mean = np.zeros((len(scale), 1 + number + bends))
        own = np.array([same[column] for column in self.columns], dtype=bool)
        # rho = 1 in the unit of the values is `scale` per standardised unit.
        mean[:, 1 : 1 + number] = np.where(own, scale[:, list(self.columns)] / number, 0.0)
        strength = np.where(own, rho_observations, _CROSS_OBSERVATIONS)
        return Prior(mean, np.array([0.0, *strength, *[_BENDS] * bends]))
