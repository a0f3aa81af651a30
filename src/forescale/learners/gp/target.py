"""The second stage of transfer: the measured values around several computed predictions.

    t = c + sum_k rho_k·z_k(x) + delta(x),   rho_k ~ N(sd_k/K, s²/5),

delta a process, z_k the standardised predictions of the source stages (Kennedy and O'Hagan
2000, doi 10.1093/biomet/87.1.1). Models with each combination of columns, and the one
without any (scratch), are averaged by prior times evidence: where computed values say
nothing about measured ones, the data say so. So are the hyper-parameters of each: few values
leave several as likely, and the best of them alone would jump from one size to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from forescale.learners.contract import Floats, Ints
from forescale.learners.gp.kernels import Candidate, Closeness, KernelName
from forescale.learners.gp.prefix import PrefixFit, PrefixGP, Prior, evidence

_RACE = ((100, 24), (400, 6), (1_600, 2))
"""Up to 100 values all candidates run; up to 400 the best 24 of each model, and so on, so
that all values choose among the last ones."""

_PRIOR_ODDS = 9.0
"""That a computed property says something about the same property measured, before any data."""

_CROSS_ODDS = 1.0
"""That it says something about another property."""

_CROSS_OBSERVATIONS = 1.0
"""Strength of the prior that the slope between two properties is of the order of the
residual scale per standard deviation, of either sign, as a number of measurements."""

_FACTORS = 2e8  # entries of factors kept from a heat's scores for its predictions: 1.6 GB
_NEGLIGIBLE = 1e-9  # weight of a model that need not be kept
_LEAST = 0.05  # share of the likeliest candidate's weight below which one is left out

Combination = tuple[int, ...]


def standardised(mean: Floats, values: Floats, sizes: Ints) -> tuple[Floats, Floats]:
    """Predictions in units of the scatter of the computed values they come from.

    Returns
    -------
    basis
        (mean - average) / scatter of the first n values, shape (sizes, rows).
    scale
        That scatter for each n, in the unit of the values, shape (sizes,).
    """
    average = np.cumsum(values)[sizes - 1] / sizes
    square = np.cumsum((values - values[0]) ** 2)[sizes - 1] / sizes
    scale = np.sqrt(np.maximum(square - (average - values[0]) ** 2, 0.0))
    scale = np.where(scale > 0, scale, 1.0)  # constant values teach nothing but a constant
    return (mean - average[:, None]) / scale[:, None], scale


@dataclass(frozen=True)
class TargetPrediction:
    """Predictions of the test rows.

    Parameters
    ----------
    mean
        Shape (1 + sizes of n, sizes of m, rows), the first without a source.
    std
        Of a new measurement, at the largest sizes, shape (rows,).
    notes
        What was chosen at the largest sizes.
    """

    mean: Floats
    std: Floats
    notes: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainedTarget:
    """One of the averaged models, fitted to all values.

    Parameters
    ----------
    columns
        Which source stages enter it.
    weight
        Its share in the average.
    """

    columns: Combination
    weight: float
    candidate: Candidate
    gp: PrefixGP
    fit: PrefixFit


@dataclass(frozen=True)
class _Family:
    """Models with the same columns, one for each size of the source (scratch: one)."""

    columns: Combination
    basis: Floats  # (models, rows, p)
    prior: Prior  # its mean has shape (models, p)

    def of(self, place: int) -> Prior:
        return Prior(self.prior.mean[place], self.prior.precision)


@dataclass(frozen=True)
class _Table:
    """What is found of a family: shapes (models, sizes, rows), (models, sizes) and (rows,)."""

    mean: Floats
    score: Floats
    variance: Floats  # of a new measurement, of the last model at the largest size
    square: Floats  # its second moment

    @classmethod
    def empty(cls, models: int, sizes: int, cross: Closeness) -> _Table:
        new = len(cross.left)
        none = np.zeros(new), np.zeros(new)
        return cls(np.zeros((models, sizes, new)), np.empty((models, sizes)), *none)


@dataclass(frozen=True)
class TargetStage:
    """Process on the measured values.

    Parameters
    ----------
    kernel, candidates
        Of delta.
    combinations
        Columns of each model that has a source.
    rho_observations
        Strength of the prior of rho, as a number of measurements of materials one standard
        deviation apart.
    same
        Whether each column predicts the property that is measured.
    """

    kernel: KernelName
    candidates: tuple[Candidate, ...]
    combinations: tuple[Combination, ...]
    rho_observations: float
    same: tuple[bool, ...]

    def predict(
        self,
        *,
        within: Closeness,
        cross: Closeness,
        values: Floats,
        basis: Floats,
        scale: Floats,
        sizes: Ints,
    ) -> TargetPrediction:
        """Predictions for test rows from each number of measured values, with and without source.

        Parameters
        ----------
        within, cross
            Among the M training rows, and from the T test rows to them.
        values
            Measured values in order, shape (M,).
        basis, scale
            Standardised predictions of the source stages for training, then test rows,
            shape (S, K, M + T), and their units, shape (S, K); see :func:`standardised`.
        sizes
            Ascending numbers of measured values, the last at most M.
        """
        families = self._families(basis, scale)
        tables = [_Table.empty(len(f.basis), len(sizes), cross) for f in families]
        for heat in self._heats(within, values, families, sizes):
            for table, score in zip(tables, heat.scores, strict=True):
                asked = np.isin(heat.ends, sizes)
                table.score[:, np.isin(sizes, heat.ends)] = logsumexp(score, axis=0)[:, asked]
            self._fill(tables, heat, families, cross, sizes)
        weight = self._weights([table.score for table in tables], len(basis))
        mean = np.stack([np.broadcast_to(t.mean, (len(basis), *t.mean.shape[1:])) for t in tables])
        mixed = np.einsum("fsm,fsmt->smt", weight, mean)
        last, variance = weight[:, -1, -1], np.stack([table.variance for table in tables])
        second = last @ np.stack([table.square for table in tables]) - mixed[-1, -1] ** 2
        std = np.sqrt(np.maximum(second, last @ variance))
        notes = self._notes(heat, families, last, scale[-1])
        return TargetPrediction(np.concatenate([tables[0].mean, mixed]), std, notes)

    def _fill(
        self,
        tables: list[_Table],
        heat: _Heat,
        families: list[_Family],
        cross: Closeness,
        sizes: Ints,
    ) -> None:
        """Predictions of a heat's candidates by their shares."""
        new, asked = len(cross.left), np.isin(heat.ends, sizes)
        own = np.sum(cross.left**2, axis=1)  # products of linear features with themselves
        for index in heat.likely(asked):
            gp, candidate = heat.factor(index), heat.candidates[index]
            k = cross.corner(new, heat.ends[-1]).kernel(self.kernel, candidate)
            for table, family, shares in zip(tables, families, heat.shares, strict=True):
                share = shares[index] * asked
                for place in np.flatnonzero(share.any(axis=1)):
                    chosen = share[place] > 0
                    fit = heat.fit(gp, family, int(place), chosen)
                    at = family.basis[place, -new:] if new else family.basis[place, :0]
                    mean, part = gp.mean(fit, k, at), share[place, chosen]
                    table.mean[place, np.isin(sizes, fit.sizes)] += part[:, None] * mean
                    if fit.sizes[-1] == sizes[-1] and place == len(family.basis) - 1:
                        end = fit.at(fit.sizes == sizes[-1])
                        spread = gp.variance(end, k, at, 1.0 + candidate.linear * own)[0]
                        variance = spread + end.scale2[0] * gp.noise
                        table.variance[:] += part[-1] * variance
                        table.square[:] += part[-1] * (variance + mean[-1] ** 2)

    def train(
        self, *, within: Closeness, values: Floats, basis: Floats, scale: Floats
    ) -> list[TrainedTarget]:
        """The models of all the values, with their weights, scratch first.

        Parameters
        ----------
        basis, scale
            Standardised predictions of the source stages for the M rows, shape (K, M), and
            their units, shape (K,).
        """
        families = self._families(basis[None], scale[None])
        *_, heat = self._heats(within, values, families, np.array([len(values)]))
        every = [logsumexp(score, axis=0)[:, -1:] for score in heat.scores]
        weight = self._weights(every, 1)[:, 0, 0]
        found = []
        for f, family in enumerate(families):
            if f and weight[f] < _NEGLIGIBLE:
                continue
            share = heat.shares[f][:, 0, -1]
            for index in np.flatnonzero(share):
                gp, candidate = heat.factor(int(index)), heat.candidates[index]
                fit = heat.fit(gp, family, 0, heat.ends == heat.ends[-1])
                own = float(weight[f] * share[index])
                found.append(TrainedTarget(family.columns, own, candidate, gp, fit))
        return found

    def _families(self, basis: Floats, scale: Floats) -> list[_Family]:
        rows = basis.shape[2]
        families = [_Family((), np.ones((1, rows, 1)), Prior(np.zeros((1, 1)), np.zeros(1)))]
        for columns in self.combinations:
            number = len(columns)
            chosen = np.moveaxis(basis[:, list(columns)], 1, 2)
            one = np.ones((len(basis), rows, 1))
            mean = np.zeros((len(basis), 1 + number))
            same = np.array([self.same[column] for column in columns])
            # rho = 1 in the unit of the values is `scale` per standardised unit.
            mean[:, 1:] = np.where(same, scale[:, list(columns)] / number, 0.0)
            strength = np.where(same, self.rho_observations, _CROSS_OBSERVATIONS)
            precision = np.array([0.0, *strength])
            families.append(
                _Family(columns, np.concatenate([one, chosen], axis=2), Prior(mean, precision))
            )
        return families

    def _weights(self, scores: list[Floats], sizes: int) -> Floats:
        """Posterior probability of each model, shape (families, sizes of n, sizes of m)."""
        every = np.stack([np.broadcast_to(one, (sizes, one.shape[1])) for one in scores])
        for place, columns in enumerate(self.combinations, start=1):
            odds = _PRIOR_ODDS if any(self.same[one] for one in columns) else _CROSS_ODDS
            every[place] += np.log(odds / len(self.combinations))
        return np.asarray(softmax(every, axis=0))

    def _heats(
        self, within: Closeness, values: Floats, families: list[_Family], sizes: Ints
    ) -> Iterator[_Heat]:
        """Scores of the candidates that still run, up to the end of each heat of the race.

        Each model has its own survivors, chosen by the values and the source that it has.
        """
        alive = [np.ones((len(self.candidates), len(f.basis)), dtype=bool) for f in families]
        candidates, done = self.candidates, 0
        for limit, survivors in (*_RACE, (len(values), 1)):
            limit = min(limit, len(values))
            if limit <= done:
                break
            ends = np.union1d(sizes[(sizes > done) & (sizes <= limit)], [limit])
            heat = _Heat.run(
                self.kernel, candidates, within.corner(limit, limit), values[:limit], families,
                ends, alive,
            )  # fmt: skip
            yield heat
            alive = [_best(scores[:, :, -1], survivors) for scores in heat.scores]
            run_on = np.any(np.concatenate(alive, axis=1), axis=1)
            candidates = tuple(c for c, on in zip(candidates, run_on, strict=True) if on)
            alive, done = [one[run_on] for one in alive], limit

    def _notes(
        self, heat: _Heat, families: list[_Family], weight: Floats, scale: Floats
    ) -> dict[str, float]:
        """What was chosen at the largest sizes, of the likeliest model with a source."""
        f = 1 + int(np.argmax(weight[1:]))
        index = int(heat.scores[f][:, -1, -1].argmax())
        gp = heat.factor(index)
        place = len(families[f].basis) - 1
        fit = heat.fit(gp, families[f], place, heat.ends == heat.ends[-1])
        notes = {**heat.candidates[index].notes("target"), "target_jitter": gp.jitter}
        notes["transfer_weight"] = float(1.0 - weight[0])
        slopes = fit.coefficients[-1, 1:] / scale[list(families[f].columns)]
        notes["rho"] = float(slopes.sum())
        return notes


def _best(scores: Floats, number: int) -> NDArray[np.bool_]:
    """The best candidates of each model, shape (candidates, models)."""
    order = np.argsort(-scores, axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(scores))[:, None], axis=0)
    return np.asarray((rank < number) & np.isfinite(scores))


@dataclass(frozen=True)
class _Heat:
    """Candidates scored on prefixes up to the end of one heat, for each model of each family.

    ``scores`` holds log marginal likelihood and prior, shapes (candidates, models, ends).
    """

    kernel: KernelName
    candidates: tuple[Candidate, ...]
    within: Closeness
    values: Floats
    ends: Ints
    scores: list[Floats]
    kept: dict[int, PrefixGP]

    @classmethod
    def run(
        cls,
        kernel: KernelName,
        candidates: tuple[Candidate, ...],
        within: Closeness,
        values: Floats,
        families: list[_Family],
        ends: Ints,
        alive: list[NDArray[np.bool_]],
    ) -> _Heat:
        """Score candidates where they are alive; elsewhere they are out of the race."""
        scores = [np.full((*one.shape, len(ends)), -np.inf) for one in alive]
        heat = cls(kernel, candidates, within, values, ends, scores, {})
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
            share[share < _LEAST] = 0.0
            found.append(share / share.sum(axis=0))
        return found

    def likely(self, asked: NDArray[np.bool_]) -> Ints:
        """Candidates that have a share at some of the ends."""
        some = [(share * asked).any(axis=(1, 2)) for share in self.shares]
        return np.flatnonzero(np.any(some, axis=0))

    def factor(self, index: int) -> PrefixGP:
        """The process of a candidate."""
        if index in self.kept:
            return self.kept[index]
        candidate = self.candidates[index]
        k = self.within.kernel(self.kernel, candidate)
        return PrefixGP(k, candidate.noise, overwrite=True)

    def fit(
        self, gp: PrefixGP, family: _Family, place: int, chosen: NDArray[np.bool_]
    ) -> PrefixFit:
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
