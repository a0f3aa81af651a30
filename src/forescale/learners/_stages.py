"""The two stages of transfer, each choosing its kernel at every size.

A *candidate* is a pair (length scale of each block, share of noise). At each size the
candidate with the highest marginal likelihood of that prefix is used; values that come
later in the order, and test rows, never enter the choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from forescale.learners.kernels import KernelName, kernel
from forescale.learners.prefix import PrefixFit, PrefixGP, Prior

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Distances = NDArray[np.float32]
Candidate = tuple[tuple[float, ...], float]

_RACE = ((400, 4), (1_600, 1))
"""Up to 400 rows all candidates run, up to 1,600 the best four of 400, then the best one:
the likelihood of 400 rows already tells most apart, and cost grows as the cube."""

_TARGET_RACE = ((400, 6), (1_600, 2))
"""The same for measured values, where models with different sources may differ in their best."""

RACE_ROWS = _RACE[-1][0]
"""Rows that settle the kernel."""

_PRIOR_ODDS = 9.0
"""That a computed property says something about the same property measured, before any data."""

_CROSS_ODDS = 1.0
"""That it says something about another property."""

_CROSS_OBSERVATIONS = 1.0
"""Strength of the prior that the slope between two properties is of the order of the
residual scale per standard deviation, of either sign, as a number of measurements."""


@dataclass(frozen=True)
class StagePrediction:
    """Predictions of one stage.

    Parameters
    ----------
    mean
        Source stage: shape (sizes of n, rows). Target stage: shape (1 + sizes of n,
        sizes of m, rows), the first without a source.
    std
        Target stage: of a new measurement, at the largest sizes, shape (rows,).
    notes
        Hyper-parameters chosen at the largest size.
    candidate
        Source stage: what won at the end.
    weights, centre
        Source stage beyond the exact sizes: the mean is centre + kernel · weights at the
        largest size, over landmarks or over rows (with the share of signal before it).
    """

    mean: Floats
    std: Floats | None = None
    notes: dict[str, float] = field(default_factory=dict)
    candidate: Candidate | None = None
    weights: Floats | None = None
    centre: float = 0.0


@dataclass(frozen=True)
class TrainedStage:
    """The winner among the candidates, fitted to all rows."""

    candidate: Candidate
    gp: PrefixGP
    fit: PrefixFit


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
class SourceStage:
    """Gaussian process on the computed values, every prefix of their order."""

    name: KernelName
    candidates: tuple[Candidate, ...]

    def predict(
        self, *, within: Distances, cross: Distances, values: Floats, sizes: Ints
    ) -> StagePrediction:
        """Predictions for other rows from each number of computed values.

        Parameters
        ----------
        within, cross
            Distances among the ordered rows, shape (blocks, N, N), and from the rows to
            predict, shape (blocks, T, N).
        values
            Computed values in order, shape (N,).
        sizes
            Ascending numbers of values, the last at most N.
        """
        means = np.empty((len(sizes), cross.shape[1]))
        notes: dict[str, float] = {}
        for candidate, gp, part in self._winners(within, values, sizes):
            if gp is not None and part is not None:
                k = kernel(self.name, cross[:, :, : part.sizes[-1]], candidate[0])
                means[np.isin(sizes, part.sizes)] = gp.mean(part, k, np.ones((len(k), 1)))
                if part.sizes[-1] == sizes[-1]:
                    notes = _notes("source", candidate, gp)
        return StagePrediction(means, notes=notes, candidate=candidate)

    def train(self, *, within: Distances, values: Floats) -> TrainedStage:
        """The model of all the values: what :meth:`predict` uses at the last of its sizes."""
        *_, (candidate, gp, fit), _ = self._winners(within, values, np.array([len(values)]))
        assert gp is not None
        assert fit is not None
        return TrainedStage(candidate, gp, fit)

    def _winners(
        self, within: Distances, values: Floats, sizes: Ints
    ) -> Iterator[tuple[Candidate, PrefixGP | None, PrefixFit | None]]:
        """Each candidate with the sizes at which it is the best so far; the later one wins.

        Last comes the winner by itself, for where none of the sizes was asked for.
        """
        candidates, done = self.candidates, 0
        for limit, survivors in (*_RACE, (len(values), 1)):
            limit = min(limit, len(values))
            here = sizes[(sizes > done) & (sizes <= limit)]
            if limit <= done:
                break
            # The end of a heat decides who runs on, whether or not it is a size asked for.
            ends = np.union1d(here, [limit])
            asked = np.isin(ends, here)
            scores = np.full((len(candidates), len(ends)), -np.inf)
            for index, candidate in enumerate(candidates):
                gp, fit = self._fit(within, values, limit, candidate, ends)
                scores[index] = fit.log_likelihood
                best = (scores[index] > np.delete(scores, index, 0).max(0, initial=-np.inf)) & asked
                if best.any():
                    yield candidate, gp, fit.at(best)
            order = np.argsort(-scores[:, -1], kind="stable")[:survivors]
            candidates, done = tuple(candidates[index] for index in order), limit
        yield candidates[0], None, None

    def _fit(
        self,
        within: Distances,
        values: Floats,
        limit: int,
        candidate: Candidate,
        ends: Ints,
    ) -> tuple[PrefixGP, PrefixFit]:
        lengths, noise = candidate
        k = kernel(self.name, within[:, :limit, :limit], lengths)
        gp = PrefixGP(k, noise, overwrite=True)
        return gp, gp.fit(values[:limit], np.ones((limit, 1)), Prior.flat(1), ends)


@dataclass(frozen=True)
class _Heat:
    """Candidates fitted to prefixes up to the end of one heat, for each of several models."""

    candidates: tuple[Candidate, ...]
    ends: Ints
    fits: list[tuple[PrefixGP, list[PrefixFit]]]

    @cached_property
    def scores(self) -> Floats:
        """Log marginal likelihoods, shape (candidates, models, ends)."""
        return np.array([[fit.log_likelihood for fit in row] for _, row in self.fits])

    @cached_property
    def winner(self) -> Ints:
        """The best candidate of each model at each end, shape (models, ends)."""
        return np.asarray(self.scores.argmax(axis=0))

    def trained(self, model: int) -> TrainedStage:
        """The best fit of a model to all rows of the heat."""
        index = int(self.winner[model, -1])
        gp, row = self.fits[index]
        return TrainedStage(self.candidates[index], gp, row[model].at(self.ends == self.ends[-1]))


@dataclass(frozen=True)
class TargetStage:
    """Gaussian process on the measured values around constant + rho · computed prediction.

    A second model without the computed prediction (the scratch baseline) is fitted beside
    it, and the two are averaged by their marginal likelihoods: where computed values say
    nothing about measured ones, the data say so.
    """

    name: KernelName
    candidates: tuple[Candidate, ...]
    rho_observations: float
    same_property: bool = True

    def predict(
        self,
        *,
        within: Distances,
        cross: Distances,
        values: Floats,
        basis: Floats,
        scale: Floats,
        sizes: Ints,
    ) -> StagePrediction:
        """Predictions for test rows from each number of measured values, with and without source.

        Parameters
        ----------
        within, cross
            Distances among the M training rows, shape (blocks, M, M), and from the T test
            rows, shape (blocks, T, M).
        values
            Measured values in order, shape (M,).
        basis, scale
            Standardised predictions of the source stage for training, then test rows,
            shape (S, M + T), and their units; see :func:`standardised`.
        sizes
            Ascending numbers of measured values, the last at most M.
        """
        models = [_Model.scratch(basis.shape[1])]
        models += [self._transfer(*pair) for pair in zip(basis, scale, strict=True)]
        rows, new_rows = len(values), cross.shape[1]
        mean = np.empty((len(models), len(sizes), new_rows))
        evidence = np.empty((len(models), len(sizes)))
        variance = np.empty((len(models), new_rows))
        for heat in self._heats(within, values, models, sizes):
            asked, winner = np.isin(heat.ends, sizes), heat.winner
            evidence[:, np.isin(sizes, heat.ends)] = heat.scores.max(axis=0)[:, asked]
            for index in np.unique(winner):
                gp, row = heat.fits[index]
                k = kernel(self.name, cross[:, :, : heat.ends[-1]], heat.candidates[index][0])
                for place in np.flatnonzero(((winner == index) & asked).any(axis=1)):
                    chosen = (winner[place] == index) & asked
                    fit, new = row[place].at(chosen), models[place].basis[rows:]
                    mean[place, np.isin(sizes, fit.sizes)] = gp.mean(fit, k, new)
                    if fit.sizes[-1] == sizes[-1] and place in {0, len(models) - 1}:
                        last = fit.at(fit.sizes == sizes[-1])
                        variance[place] = gp.variance(last, k, new)[0] + last.scale2[0] * gp.noise
        weight = self._transfer_weight(evidence)
        gap = mean[-1, -1] - mean[0, -1]
        w = weight[-1, -1]
        mixed = w * variance[-1] + (1 - w) * variance[0] + w * (1 - w) * gap**2
        won = heat.trained(len(models) - 1)
        notes = _notes("target", won.candidate, won.gp)
        notes["transfer_weight"] = float(w)
        notes["rho"] = float(won.fit.coefficients[-1, 1] / scale[-1])
        mean = weight[:, :, None] * mean + (1 - weight[:, :, None]) * mean[0]
        return StagePrediction(mean, np.sqrt(mixed), notes)

    def train(
        self, *, within: Distances, values: Floats, basis: Floats, scale: float
    ) -> tuple[TrainedStage, TrainedStage, float]:
        """The models of all the values, without and with source, and the weight of the latter.

        Parameters
        ----------
        basis, scale
            Standardised predictions of the source stage for the M rows, shape (M,), and
            their unit.
        """
        models = [_Model.scratch(len(values)), self._transfer(basis, scale)]
        *_, heat = self._heats(within, values, models, np.array([len(values)]))
        weight = self._transfer_weight(heat.scores.max(axis=0))
        return heat.trained(0), heat.trained(1), float(weight[-1, -1])

    def _transfer(self, standard: Floats, scale: float) -> _Model:
        if self.same_property:
            return _Model.transfer(standard, scale, self.rho_observations)
        return _Model.cross(standard)

    def _transfer_weight(self, evidence: Floats) -> Floats:
        """Posterior probability of each transfer model against scratch.

        Parameters
        ----------
        evidence
            Log marginal likelihoods, scratch first, shape (models, sizes).
        """
        odds = _PRIOR_ODDS if self.same_property else _CROSS_ODDS
        return np.asarray(expit(evidence - evidence[0] + np.log(odds)))

    def _heats(
        self, within: Distances, values: Floats, models: list[_Model], sizes: Ints
    ) -> Iterator[_Heat]:
        """Fits of the candidates that still run, up to the end of each heat of the race."""
        candidates, done = self.candidates, 0
        for limit, survivors in (*_TARGET_RACE, (len(values), 1)):
            limit = min(limit, len(values))
            if limit <= done:
                break
            ends = np.union1d(sizes[(sizes > done) & (sizes <= limit)], [limit])
            part = within[:, :limit, :limit]
            heat = _Heat(
                candidates,
                ends,
                [self._fits(part, values[:limit], models, ends, one) for one in candidates],
            )
            yield heat
            candidates, done = _survivors(candidates, heat.scores[:, :, -1], survivors), limit

    def _fits(
        self,
        within: Distances,
        values: Floats,
        models: list[_Model],
        sizes: Ints,
        candidate: Candidate,
    ) -> tuple[PrefixGP, list[PrefixFit]]:
        lengths, noise = candidate
        gp = PrefixGP(kernel(self.name, within, lengths), noise, overwrite=True)
        # One whitening for all: the constant, and each model's own last column.
        columns = [model.basis[: len(values), -1] for model in models]
        white = gp.whiten(np.column_stack([values, *columns]))
        fits = []
        for place, model in enumerate(models, start=1):
            used = [1] if model.basis.shape[1] == 1 else [1, place]
            fits.append(gp.fit_white(white[:, 0], white[:, used], model.prior, sizes))
        return gp, fits


def _survivors(
    candidates: tuple[Candidate, ...], scores: Floats, number: int
) -> tuple[Candidate, ...]:
    """Candidates that are best for some model, first those for scratch and the largest source.

    Parameters
    ----------
    scores
        Log marginal likelihoods, shape (candidates, models).
    """
    regret = scores.max(axis=0) - scores
    order = np.lexsort((regret[:, 0] + regret[:, -1], regret.min(axis=1)))
    return tuple(candidates[index] for index in order[:number])


@dataclass(frozen=True)
class _Model:
    """Basis of all rows and the prior of its coefficients."""

    basis: Floats
    prior: Prior

    @classmethod
    def scratch(cls, rows: int) -> _Model:
        return cls(np.ones((rows, 1)), Prior.flat(1))

    @classmethod
    def transfer(cls, standard: Floats, scale: float, observations: float) -> _Model:
        # rho = 1 in the unit of the values is `scale` per standardised unit.
        prior = Prior(np.array([0.0, scale]), np.array([0.0, observations]))
        return cls(np.column_stack([np.ones(len(standard)), standard]), prior)

    @classmethod
    def cross(cls, standard: Floats) -> _Model:
        """Another property: the slope has either sign and no unit to be 1 in."""
        prior = Prior(np.zeros(2), np.array([0.0, _CROSS_OBSERVATIONS]))
        return cls(np.column_stack([np.ones(len(standard)), standard]), prior)


def _notes(stage: str, candidate: Candidate, gp: PrefixGP) -> dict[str, float]:
    lengths, noise = candidate
    named = {f"{stage}_length_{block}": length for block, length in enumerate(lengths, start=1)}
    return {**named, f"{stage}_noise": noise, f"{stage}_jitter": gp.jitter}
