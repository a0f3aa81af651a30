"""The race of hyper-parameters in the second stage: heats of candidates on more and more values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forescale.learners.contract import Floats, Ints
from forescale.learners.gp.form import Form
from forescale.learners.gp.held_out import held_out
from forescale.learners.gp.kernels import Candidate, Closeness, KernelName
from forescale.learners.gp.prefix import PrefixFit, PrefixGP, Prior, evidence

_FACTORS = 5e7  # entries of factors kept from a heat's scores for its predictions: 400 MB


@dataclass(frozen=True)
class Family:
    """Models of one form, one for each size of the source (scratch: one)."""

    form: Form
    basis: Floats  # (models, rows, p)
    prior: Prior  # its mean has shape (models, p)

    def of(self, place: int) -> Prior:
        """The prior of one model."""
        return Prior(self.prior.mean[place], self.prior.precision)


def best(scores: Floats, number: int) -> NDArray[np.bool_]:
    """The best candidates of each model, shape (candidates, models)."""
    order = np.argsort(-scores, axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(scores))[:, None], axis=0)
    return np.asarray((rank < number) & np.isfinite(scores))


@dataclass(frozen=True)
class Heat:
    """Candidates scored on prefixes up to the end of one heat, for each model of each family.

    ``scores`` holds log marginal likelihood and prior, shapes (candidates, models, ends);
    candidates with less than the share ``least`` of the likeliest one's weight have none.
    """

    kernel: KernelName
    candidates: tuple[Candidate, ...]
    within: Closeness
    values: Floats
    ends: Ints
    scores: list[Floats]
    least: float
    kept: dict[int, PrefixGP] = field(default_factory=dict)

    @classmethod
    def run(
        cls,
        kernel: KernelName,
        candidates: tuple[Candidate, ...],
        within: Closeness,
        values: Floats,
        families: list[Family],
        ends: Ints,
        alive: list[NDArray[np.bool_]],
        *,
        least: float,
    ) -> Heat:
        """Score candidates where they are alive; elsewhere they are out of the race."""
        scores = [np.full((*one.shape, len(ends)), -np.inf) for one in alive]
        heat = cls(kernel, candidates, within, values, ends, scores, least)
        keep = int(_FACTORS / len(values) ** 2)
        for index, candidate in enumerate(candidates):
            gp = heat.factor(index)
            if index < keep:
                heat.kept[index] = gp
            white_y = gp.whiten(values[:, None])[:, 0]
            for family, running, score in zip(families, alive, scores, strict=True):
                places = np.flatnonzero(running[index])
                if not len(places):
                    continue
                white = heat.whitened(gp, family, places)
                prior = Prior(family.prior.mean[places], family.prior.precision)
                found = evidence(gp, white_y, white, prior, ends)
                score[index, places] = found + candidate.simple
        return heat

    @cached_property
    def shares(self) -> list[Floats]:
        """Posterior probability of each candidate, 0 where small; shapes of the scores."""
        found = []
        for score in self.scores:
            share = np.exp(score - score.max(axis=0))
            share[share < self.least] = 0.0
            found.append(share / share.sum(axis=0))
        return found

    def likely(self, asked: NDArray[np.bool_]) -> Ints:
        """Candidates that have a share at some of the ends."""
        some = [(share * asked).any(axis=(1, 2)) for share in self.shares]
        return np.flatnonzero(np.any(some, axis=0))

    @cached_property
    def likeliest(self) -> list[Ints]:
        """The likeliest candidate of each model at each end, shapes (models, ends)."""
        return [score.argmax(axis=0) for score in self.scores]

    def unknown(self) -> list[Floats]:
        """Nothing known yet of each model at each end, shapes (models, ends)."""
        return [np.full(one.shape, np.nan) for one in self.likeliest]

    def held_out(
        self,
        found: list[Floats],
        families: list[Family],
        groups: Ints,
        index: int,
        gp: PrefixGP,
        asked: NDArray[np.bool_],
    ) -> None:
        """Enter how well models whose likeliest candidate this is foresee groups.

        Parameters
        ----------
        found
            Shapes (models, ends); left NaN where there are too few groups.
        index, gp
            The candidate, and its process.
        asked
            Whether each end is asked for.
        """
        mine = [(one == index) & asked for one in self.likeliest]
        ends = np.flatnonzero(np.any(np.concatenate(mine), axis=0))
        if not len(ends):
            return
        inverse = gp.inverse(int(self.ends[ends[-1]]))
        white_y = gp.whiten(self.values[:, None])[:, 0]
        for family, chosen, kept in zip(families, mine, found, strict=True):
            models = np.flatnonzero(chosen.any(axis=1))
            white = self.whitened(gp, family, models)
            for end in np.flatnonzero(chosen.any(axis=0)):
                some = chosen[models, end]
                prior = Prior(family.prior.mean[models[some]], family.prior.precision)
                size = self.ends[end : end + 1]
                score = held_out(inverse, white_y, white[some], prior, size, groups)
                kept[models[some], end] = score[:, 0]

    def factor(self, index: int) -> PrefixGP:
        """The process of a candidate."""
        if index in self.kept:
            return self.kept[index]
        candidate = self.candidates[index]
        k = self.within.kernel(self.kernel, candidate)
        return PrefixGP(k, candidate.noise, overwrite=True)

    def whitened(self, gp: PrefixGP, family: Family, places: Ints) -> Floats:
        """L⁻¹ of the bases of some models of a family, shape (places, N, p)."""
        return _whitened(gp, family.basis[places, : len(self.values)])

    def fits(
        self, gp: PrefixGP, family: Family, places: Ints, chosen: NDArray[np.bool_]
    ) -> list[PrefixFit]:
        """Some models, each at some of the ends: ``chosen`` has the shape (places, ends)."""
        white_y = gp.whiten(self.values[:, None])[:, 0]
        bases = zip(places.tolist(), self.whitened(gp, family, places), chosen, strict=True)
        return [gp.fit_white(white_y, own, family.of(k), self.ends[at]) for k, own, at in bases]


def _whitened(gp: PrefixGP, basis: Floats) -> Floats:
    """L⁻¹ of many bases, shape (models, N, p): one substitution, the constant but once."""
    models, rows, width = basis.shape
    if not models:
        return basis
    columns = np.column_stack([np.ones(rows), *(basis[:, :, k].T for k in range(1, width))])
    white = gp.whiten(columns)
    found = np.empty_like(basis)
    found[:, :, 0] = white[:, 0]
    for k in range(1, width):
        found[:, :, k] = white[:, 1 + (k - 1) * models : 1 + k * models].T
    return found
