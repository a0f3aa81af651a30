"""How many simulations an experiment is worth here, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.laws.distribution import Distribution
from forescale.laws.joint import JointLaw
from forescale.laws.published import marginal_worth
from forescale.planning.levels import (
    HORIZON,
    STEPS,
    Floats,
    above_zero,
    first_crossing,
)


def equivalent_simulations(
    law: JointLaw, n: float, m: float, more_target: float = 1
) -> Distribution:
    """Computed values that lower the error as much as ``more_target`` measured ones.

    Solves E(n + delta_n, m) = E(n, m + more_target) for each draw.

    Parameters
    ----------
    law
        Joint law.
    n, m
        Where one stands: computed and measured values at hand.
    more_target
        Further measured values to replace.

    Returns
    -------
    Distribution
        delta_n; infinite ("not reachable") where no amount of computed data does it.

    Examples
    --------
    >>> from forescale.laws import fit_joint
    >>> n, m = (g.ravel() for g in np.meshgrid([100, 300, 900, 2700], [10, 30, 90]))
    >>> law = fit_joint(n, m, (9 * n**-0.5 + 0.01) * m**-0.4 + 0.001, backtest=False)
    >>> 200 < equivalent_simulations(law, 900, 30, 10).median < 290
    True
    """
    start, other = above_zero("n", n), above_zero("m", m)
    added = np.geomspace(start * 1e-5, start * HORIZON, STEPS)
    goal = _errors(law, np.array([start]), np.array([other + above_zero("more", more_target)]))
    errors = _errors(law, start + added, np.full(STEPS, other))
    return Distribution(first_crossing(added, errors, goal[:, 0]), law.level)


def equivalent_experiments(law: JointLaw, n: float, m: float, more_source: float) -> Distribution:
    """Measured values that lower the error as much as ``more_source`` computed ones."""
    start, other = above_zero("n", n), above_zero("m", m)
    added = np.geomspace(other * 1e-5, other * HORIZON, STEPS)
    goal = _errors(law, np.array([start + above_zero("more", more_source)]), np.array([other]))
    errors = _errors(law, np.full(STEPS, start), other + added)
    return Distribution(first_crossing(added, errors, goal[:, 0]), law.level)


@dataclass(frozen=True)
class Contour:
    """Ways to one error: computed values needed at each number of measured ones.

    Attributes
    ----------
    error
        In the metric's unit.
    points
        Number of measured values, and the distribution of the size n.
    """

    error: float
    points: tuple[tuple[float, Distribution], ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "error": self.error,
            "points": [{"n_target": m, **size.to_answer()} for m, size in self.points],
        }


@dataclass(frozen=True, eq=False)
class ErrorSurface:
    """Errors of every draw of a joint law over (n, m): contours are read from it.

    Attributes
    ----------
    n, m
        Computed values, shape (N,), from the smallest seen to 100 times the largest; measured
        values, shape (M,).
    errors
        In the metric's unit, shape (M, draws, N), single precision.
    level
        Level of intervals.
    """

    n: Floats
    m: Floats
    errors: NDArray[np.float32]
    level: float

    @classmethod
    def of(cls, law: JointLaw, m: Floats | None = None) -> ErrorSurface:
        """Compute it once: at the measured values seen and twice the most, unless said."""
        first, last = float(law.surface.n.min()), float(law.surface.n.max())
        grid = np.geomspace(first, last * HORIZON, STEPS)
        sizes = contour_sizes(law) if m is None else np.atleast_1d(np.asarray(m, dtype=float))
        errors = np.stack(
            [
                _errors(law, grid, np.full(STEPS, above_zero("m", float(value)))).astype(np.float32)
                for value in sizes
            ]
        )
        return cls(grid, sizes, errors, law.level)

    @cached_property
    def median(self) -> Floats:
        """Median error over (m, n), shape (M, N)."""
        return np.asarray(np.median(self.errors, axis=1), dtype=float)

    def contour(self, error: float) -> Contour:
        """Iso-error contour: computed values needed at each m to reach one error."""
        target = np.array([above_zero("error", error)])
        points = [
            (float(value), Distribution(first_crossing(self.n, errors, target), self.level))
            for value, errors in zip(self.m, self.errors, strict=True)
        ]
        return Contour(float(error), tuple(points))


def contour_sizes(law: JointLaw) -> Floats:
    """Measured values at which contours are given: those seen, and twice the most."""
    return np.append(np.unique(law.surface.m), 2 * law.surface.corner[1])


def contour(law: JointLaw, error: float, m: Floats) -> Contour:
    """Iso-error contour: computed values needed at each m to reach one error."""
    return ErrorSurface.of(law, m).contour(error)


@dataclass(frozen=True)
class Exchange:
    """What computed and measured values are worth in each other, where one stands.

    Attributes
    ----------
    one_experiment, doubled_experiments
        Computed values worth one more measured value, and worth as many again.
    marginal
        Computed values worth one measured value, for small steps.
    doubled_simulations
        Measured values worth as many computed values again.
    """

    one_experiment: Distribution
    doubled_experiments: Distribution
    marginal: Distribution
    doubled_simulations: Distribution

    @classmethod
    def of(cls, law: JointLaw, n: float, m: float) -> Exchange:
        """Ask a joint law, with n computed and m measured values at hand."""
        return cls(
            equivalent_simulations(law, n, m, 1),
            equivalent_simulations(law, n, m, m),
            marginal_worth(law, n, m, level=law.level),
            equivalent_experiments(law, n, m, n),
        )


def _errors(law: JointLaw, n: Floats, m: Floats) -> Floats:
    return law.draws.errors(n, m, smooth=True)
