"""Values at a floor, which say only that the true one is no higher.

A metal's band gap is 0, whether it is far from having one or near. Learnt as a number, the
many zeros pull the predictions of all their neighbours down and are themselves missed by a
little everywhere. Learnt as a value below the floor, they leave the others where they are,
and what is predicted below the floor is raised to it. This is the censored regression of
Tobin 1958, doi 10.2307/1907382, with one value in place of every censored one, so that a
learner needs to know nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forescale.learners import GridPrediction

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Censoring:
    """A floor of the property, in the unit of the target.

    Parameters
    ----------
    floor
        Lowest value that there can be.
    learn_as
        What learners are given for values at or below the floor.

    Examples
    --------
    >>> Censoring(0.0, -1.0).learnt(np.array([0.0, 0.3])).tolist()
    [-1.0, 0.3]
    """

    floor: float
    learn_as: float

    def learnt(self, values: Floats) -> Floats:
        """Values as learners are given them."""
        return np.where(values <= self.floor, self.learn_as, values)

    def raised(self, predicted: Floats) -> Floats:
        """Predictions, none below the floor; NaN stays."""
        return np.maximum(predicted, self.floor)

    def judged(self, found: GridPrediction) -> GridPrediction:
        """What a learner found, as it is judged."""
        half = found.half_capacity
        return replace(
            found,
            mean=self.raised(found.mean),
            half_capacity=None if half is None else self.raised(half),
            of_source=tuple(map(self.raised, found.of_source)),
        )
