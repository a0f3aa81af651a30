"""Candidate shapes of a learning curve on a grid, relative to its largest size.

With u = (n + n_knee) / (n_last + n_knee) a shape is log((1 - c)·u^(-q·alpha) + c) / q:

- ``power``: c = 0, no knee, the pure power law;
- ``power_limit``: no knee, q = 1, the law D·n^(-alpha) + C;
- ``knee``: n_knee > 0, flat before the knee and the law after it (four parameters);
- ``saturating``: q > 1, a power law that bends sharply into its limit, as where something
  other than the data stops it;
- ``slowing``: c·(1 + u^(-alpha / 4)) / 2 in c's place, a sum of two powers: half of what looks
  like a limit goes on falling, slowly;
- ``stopped``: the law up to some size between two of the last ones, and constant from there: what
  is looked for where the last points are level;
- ``flat``: c = 1, a plateau that has been reached; or a fall that has not begun, as of a table's
  curve that stays where it started: a pure power law from an onset beyond the data.

``c`` is the share of error^q at n_last that no data removes; c = 0 is a cell of its own.
alpha and c trade off along a ridge far thinner than either range. Given alpha the law is
linear in (D, C), so each alpha gets its own cells of c: fine around the least-squares
answer, ever wider away from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forescale.laws.arrays import Floats
from forescale.laws.profile import FALLING, Families, Profile, fan

ALPHA_RANGE = (0.01, 4.0)
HALF_ALPHAS, HALF_SHARES = 12, 10
FORMS = ("power", "power_limit", "knee", "saturating", "slowing", "flat", "stopped")
FARTHEST = 600.0  # logs of (n / n_last)^(-q·alpha) that do not overflow
NOTHING = 1e-300  # prior mass of what cannot be
LATEST = 10.0  # times the largest size, within which a fall that has not begun begins
LEVEL = 0.005  # relative, beside two standard errors: how far apart points that are level may be
MOST_LEVEL = 8  # points, of which so many …
FEWEST_FALLING = 4  # … and at least so many that fall before


@dataclass(frozen=True)
class ShapePrior:
    """What curves are like before this one is seen, pooled over curves of other data sets."""

    alpha: tuple[float, float] = (0.5, 0.9)  # log-normal center and spread
    no_limit: float = 0.12
    no_knee: float = 0.45
    flatness: float = 0.8  # share of C ~ Beta(1, flatness): below one favours plateaus
    saturating: float = 0.1
    slowing: float = 0.05
    flat: float = 0.15
    unbegun: float = 0.5  # part of the flat curves whose fall has not begun
    stopped: float = 0.0  # where the last points are level; nothing is looked for with 0

    def of(self, families: Families) -> Floats:
        """Prior probability of each family of shapes but ``flat``, summing to 1 - flat."""
        sharp, slow, behind = families.bends > 1, families.slows > 0, families.knees > 0
        still = np.isfinite(families.stops)
        stopped = self.stopped if still.any() else 0.0
        law = 1 - self.saturating - self.slowing - stopped
        weights = np.full(len(families), law * self.no_knee)
        weights[sharp], weights[slow] = self.saturating, self.slowing
        weights[behind] = law * (1 - self.no_knee) / behind.sum()
        weights[still] = stopped / max(1, still.sum())
        return (1 - self.flat) * weights


@dataclass(frozen=True)
class Shapes:
    """Parameters of shapes, each array of shape (S,).

    Attributes
    ----------
    alpha
        Decay rate where the curve falls freely.
    share
        c, the part of error^bend at n_last that no data removes.
    knee
        n_knee / n_last; 0 for a law without a knee.
    bend
        q, how sharply the law bends into its limit; 1 for D·n^(-alpha) + C.
    slow
        Decay rate, as a part of alpha, of half of what looks like the limit; 0 for a limit.
    onset
        n / n_last up to which nothing falls; 0 where the curve falls from the beginning.
    stop
        n / n_last from which nothing falls any more; infinite where the curve falls on.
    """

    alpha: Floats
    share: Floats
    knee: Floats
    bend: Floats
    slow: Floats
    onset: Floats
    stop: Floats

    def logs(self, ratio: Floats) -> Floats:
        """Log error at n / n_last relative to n_last, shape (S, len(ratio))."""
        share, bend = self.share[:, None], self.bend[:, None]
        moving = np.clip(ratio, self.onset[:, None], self.stop[:, None])
        fallen = moving + self.knee[:, None]
        x = np.log(fallen / self.start[:, None])
        fall = np.clip(-self.alpha[:, None] * bend * x, -FARTHEST, FARTHEST)
        rest = (1 + np.exp(self.slow[:, None] * fall)) / 2
        logs: Floats = np.log((1 - share) * np.exp(fall) + share * rest) / bend
        return logs

    @property
    def start(self) -> Floats:
        """Where u = 1: 1 + n_knee / n_last, the onset, or where the fall stops."""
        start: Floats = np.clip(1.0, self.onset, self.stop) + self.knee
        return start

    @property
    def limit(self) -> Floats:
        """C as a part of the error at n_last."""
        limit: Floats = self.share ** (1 / self.bend) * np.where(self.slow > 0, 0.5, 1.0)
        return np.where(self.stop <= 1.0, 1.0, limit)

    @property
    def falling(self) -> Floats:
        """D·n_last^(-alpha) as a part of the error at n_last."""
        falling: Floats = (1 - self.share) ** (1 / self.bend)
        return np.where(self.stop <= 1.0, 0.0, falling)


@dataclass(frozen=True)
class ShapeGrid:
    """Cells of alpha for each family, and of c for each family and alpha; ``flat`` is last.

    Attributes
    ----------
    alpha_edges
        Natural logarithms of q·alpha, ascending, shape (families, A + 1).
    share_edges
        Ascending from 0 to 1, shape (families, A, cells + 1).
    prior
        Of what cells do not tell.
    """

    alpha_edges: Floats
    share_edges: Floats
    prior: ShapePrior
    families: Families = FALLING

    @classmethod
    def around(
        cls, n: Floats, log_error: Floats, covariance: Floats, prior: ShapePrior
    ) -> ShapeGrid:
        """Cells around the profile of a curve under its tightest covariance."""
        families = FALLING
        if prior.stopped:
            families = families.and_stopped(_stops(n, log_error, covariance))
        profile = Profile.of(n, log_error, covariance, families)
        best, spread = profile.best_alpha(ALPHA_RANGE)
        low, high = (np.log(bound * families.bends) for bound in ALPHA_RANGE)
        alpha_edges = fan(best, spread, low, high, HALF_ALPHAS)
        exponents = np.exp((alpha_edges[:, 1:] + alpha_edges[:, :-1]) / 2)
        share, error, _ = profile.solve(exponents)
        return cls(alpha_edges, fan(share, error, 0.0, 1.0, HALF_SHARES), prior, families)

    @property
    def dims(self) -> tuple[int, int, int]:
        """Numbers of families, alphas, and cells of c with c = 0 as the first."""
        return len(self.families), 2 * HALF_ALPHAS, 2 * HALF_SHARES + 1

    @property
    def exponents(self) -> Floats:
        """Centers of the cells of q·alpha, shape (families, A)."""
        centers: Floats = np.exp((self.alpha_edges[:, 1:] + self.alpha_edges[:, :-1]) / 2)
        return centers

    def log_shapes(self, n: Floats, n_last: float) -> Floats:
        """Every shape at sizes, shape (S, len(n))."""
        slows, bends = (
            one[:, None, None, None] for one in (self.families.slows, self.families.bends)
        )
        u = self.families.log_u(n / n_last)[:, None, :]
        fall = np.clip(-self.exponents[..., None] * u, -FARTHEST, FARTHEST)[:, :, None, :]
        rest = (1 + np.exp(slows * fall)) / 2
        centers = (self.share_edges[..., 1:] + self.share_edges[..., :-1]) / 2
        share = np.concatenate([np.zeros((*centers.shape[:2], 1)), centers], axis=-1)[..., None]
        logs = np.log((1 - share) * np.exp(fall) + share * rest) / bends
        return np.vstack([logs.reshape(-1, len(n)), np.zeros((1, len(n)))])

    def log_prior(self) -> Floats:
        """Log prior mass of every shape, shape (S,); the masses sum to one."""
        prior, bends = self.prior, self.families.bends
        center, spread = prior.alpha
        alpha = np.exp(-0.5 * (np.log(self.exponents / bends[:, None] / center) / spread) ** 2)
        alpha = alpha * np.diff(self.alpha_edges, axis=1)
        alpha /= alpha.sum(axis=1, keepdims=True)
        limit = self.share_edges ** (1 / bends[:, None, None])
        tail = (1 - limit) ** prior.flatness  # Beta(1, b) has this upper tail
        none = np.where((bends > 1) | (self.families.slows > 0), 0.0, prior.no_limit)[:, None, None]
        cells = (1 - none) * -np.diff(tail, axis=-1)
        atom = np.broadcast_to(none, (*cells.shape[:2], 1))
        share = np.concatenate([atom, cells], axis=-1)
        mass = prior.of(self.families)[:, None, None] * alpha[..., None] * share
        logs: Floats = np.log(np.maximum(np.append(mass.ravel(), prior.flat), NOTHING))
        return logs

    def place(self, shape: np.ndarray, rng: np.random.Generator) -> Shapes:
        """Draw parameters uniformly within the cells of given shapes.

        A flat curve tells nothing of alpha: its draws take the exponents of the others, or the
        prior's where the fall has not begun.
        """
        flat = shape == self.flat
        if np.any(flat):
            others = shape[~flat] if np.any(~flat) else np.arange(self.flat)
            shape = np.where(flat, rng.choice(others, len(shape)), shape)
        family, i, j = np.unravel_index(shape, self.dims)
        step = rng.random((2, len(shape)))
        low, high = self.alpha_edges[family, i], self.alpha_edges[family, i + 1]
        alpha = np.exp(low + step[0] * (high - low)) / self.families.bends[family]
        low = self.share_edges[family, i, np.maximum(j - 1, 0)]
        high = self.share_edges[family, i, j]
        share = np.where(j == 0, 0.0, low + step[1] * (high - low))
        unbegun = flat & (rng.random(len(shape)) < self.prior.unbegun)
        center, spread = self.prior.alpha
        later = center * np.exp(spread * rng.standard_normal(len(shape)))
        return Shapes(
            np.where(unbegun, np.clip(later, *ALPHA_RANGE), alpha),
            np.where(unbegun, 0.0, np.where(flat, 1.0, share)),
            np.where(flat, 0.0, self.families.knees[family]),
            np.where(flat, 1.0, self.families.bends[family]),
            np.where(flat, 0.0, self.families.slows[family]),
            np.where(unbegun, LATEST ** rng.random(len(shape)), 0.0),
            np.where(flat, np.inf, self.families.stops[family]),
        )

    @property
    def flat(self) -> int:
        """Index of the shape that does not fall."""
        return int(np.prod(self.dims))

    def form_of(self, shape: np.ndarray) -> np.ndarray:
        """Index into ``FORMS`` of given shapes."""
        flat = shape == self.flat
        family, _, j = np.unravel_index(np.where(flat, 0, shape), self.dims)
        own = self.families
        law = np.where(own.knees[family] > 0, 2, np.where(j > 0, 1, 0))
        law = np.where(own.bends[family] > 1, 3, np.where(own.slows[family] > 0, 4, law))
        return np.where(flat, 5, np.where(np.isfinite(own.stops[family]), 6, law))


def _stops(n: Floats, log_error: Floats, covariance: Floats) -> Floats:
    """Where, as a part of the largest size, a curve whose last three points are level may stop."""
    gaps = log_error[:-1] - log_error[-1]
    variance = np.diag(covariance)[:-1] + covariance[-1, -1] - 2 * covariance[-1, :-1]
    apart = 2 * np.sqrt(np.maximum(variance, 0.0)) + LEVEL
    if len(n) < FEWEST_FALLING + 3 or np.any(np.abs(gaps[-2:]) > apart[-2:]):
        return np.empty(0)
    first = max(FEWEST_FALLING, len(n) - MOST_LEVEL)
    edges = np.log(n[first - 1 : -2] / n[-1])
    within = np.array([0.25, 0.75])
    stops: Floats = np.exp(edges[:-1, None] + within * np.diff(edges)[:, None]).ravel()
    return stops
