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
                white = _whitened(gp, family.basis[places, : len(values)])
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

    def held_out(self, families: list[Family], groups: Ints) -> list[Floats]:
        """How well each model's likeliest candidate foresees groups, shapes (models, ends)."""
        groups = groups[: len(self.values)]
        likeliest = [score.argmax(axis=0) for score in self.scores]
        found = [np.full(one.shape, np.nan) for one in likeliest]
        for index in np.unique(np.concatenate([one.ravel() for one in likeliest])):
            gp = self.factor(int(index))
            inverse, white_y = gp.inverse(), gp.whiten(self.values[:, None])[:, 0]
            for family, chosen, kept in zip(families, likeliest, found, strict=True):
                models = np.flatnonzero((chosen == index).any(axis=1))
                if len(models):
                    white = _whitened(gp, family.basis[models, : len(self.values)])
                    prior = Prior(family.prior.mean[models], family.prior.precision)
                    score = held_out(inverse, white_y, white, prior, self.ends, groups)
                    kept[models] = np.where(chosen[models] == index, score, kept[models])
        return found

    def factor(self, index: int) -> PrefixGP:
        """The process of a candidate."""
        if index in self.kept:
            return self.kept[index]
        candidate = self.candidates[index]
        k = self.within.kernel(self.kernel, candidate)
        return PrefixGP(k, candidate.noise, overwrite=True)

    def fit(self, gp: PrefixGP, family: Family, place: int, chosen: NDArray[np.bool_]) -> PrefixFit:
        """One model at some of the ends."""
        basis = family.basis[place, : len(self.values)]
        return gp.fit(self.values, basis, family.of(place), self.ends[chosen])


def _whitened(gp: PrefixGP, basis: Floats) -> Floats:
    """L⁻¹ of many bases, shape (models, N, p): one substitution, the constant but once."""
    models, rows, width = basis.shape
    columns = np.column_stack([np.ones(rows), *(basis[:, :, k].T for k in range(1, width))])
    white = gp.whiten(columns)
    found = np.empty_like(basis)
    found[:, :, 0] = white[:, 0]
    for k in range(1, width):
        found[:, :, k] = white[:, 1 + (k - 1) * models : 1 + k * models].T
    return found
