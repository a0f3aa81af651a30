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

import numpy as np
from scipy.special import logsumexp, softmax

from forescale.learners.contract import Floats, Ints
from forescale.learners.gp.form import Combination, Form
from forescale.learners.gp.kernels import Candidate, Closeness, KernelName
from forescale.learners.gp.prefix import PrefixFit, PrefixGP
from forescale.learners.gp.race import Family, Heat, best

_RACE = ((100, 24), (400, 6), (1_600, 2))
"""Up to 100 values all candidates run; up to 400 the best 24 of each model, and so on, so
that all values choose among the last ones."""

_PRIOR_ODDS = 9.0
"""That a computed property says something about the same property measured, before any data."""

_CROSS_ODDS = 1.0
"""That it says something about another property."""

_BENT = 0.1
"""Share of those odds that measured values bend against computed ones."""

_NEGLIGIBLE = 1e-9  # weight of a model that need not be kept
_LEAST = 0.05  # share of the likeliest candidate's weight below which one is left out


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
    form
        How source stages enter it.
    weight
        Its share in the average.
    """

    form: Form
    weight: float
    candidate: Candidate
    gp: PrefixGP
    fit: PrefixFit


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
    averaged
        Whether candidates are averaged by their evidence; else the likeliest is taken.
    bends
        Whether each model with a source has one beside it in which the line may bend.
    """

    kernel: KernelName
    candidates: tuple[Candidate, ...]
    combinations: tuple[Combination, ...]
    rho_observations: float
    same: tuple[bool, ...]
    averaged: bool = True
    bends: bool = True

    @property
    def forms(self) -> tuple[Form, ...]:
        """Of all models, scratch first."""
        kinds = (False, True) if self.bends else (False,)
        return (Form(()), *(Form(one, bent) for bent in kinds for one in self.combinations))

    def predict(
        self,
        *,
        within: Closeness,
        cross: Closeness,
        values: Floats,
        basis: Floats,
        scale: Floats,
        sizes: Ints,
        groups: Ints | None = None,
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
        groups
            Group of each training row, where whole groups are tested.
        """
        families = self._families(basis, scale)
        tables = [_Table.empty(len(f.basis), len(sizes), cross) for f in families]
        for heat in self._heats(within, values, families, sizes):
            foreseen = self._fill(tables, heat, families, cross, sizes, groups)
            asked = np.isin(heat.ends, sizes)
            for table, score in zip(tables, self._trusted(heat, foreseen), strict=True):
                table.score[:, np.isin(sizes, heat.ends)] = score[:, asked]
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
        heat: Heat,
        families: list[Family],
        cross: Closeness,
        sizes: Ints,
        groups: Ints | None,
    ) -> list[Floats]:
        """Predictions of a heat's candidates by their shares.

        Returns how well each model foresees groups, as :meth:`Heat.held_out`: each candidate's
        process is factored once for both.
        """
        new, asked = len(cross.left), np.isin(heat.ends, sizes)
        own = np.sum(cross.left**2, axis=1)  # products of linear features with themselves
        foreseen = heat.unknown()
        for index in heat.likely(asked):
            gp, candidate = heat.factor(index), heat.candidates[index]
            if groups is not None:
                heat.held_out(foreseen, families, groups, int(index), gp, asked)
            k = cross.corner(new, heat.ends[-1]).kernel(self.kernel, candidate)
            for table, family, shares in zip(tables, families, heat.shares, strict=True):
                share = shares[index] * asked
                places = np.flatnonzero(share.any(axis=1))
                if not len(places):
                    continue
                fits = heat.fits(gp, family, places, share[places] > 0)
                at = family.basis[places, -new:] if new else family.basis[places, :0]
                means = gp.means(fits, k, list(at))
                for place, fit, mean in zip(places, fits, means, strict=True):
                    part = share[place, share[place] > 0]
                    table.mean[place, np.isin(sizes, fit.sizes)] += part[:, None] * mean
                if places[-1] == len(family.basis) - 1 and fits[-1].sizes[-1] == sizes[-1]:
                    end = fits[-1].at(fits[-1].sizes == sizes[-1])
                    spread = gp.variance(end, k, at[-1], 1.0 + candidate.linear * own)[0]
                    variance, part = spread + end.scale2[0] * gp.noise, share[places[-1], -1]
                    table.variance[:] += part * variance
                    table.square[:] += part * (variance + means[-1][-1] ** 2)
        return foreseen

    def train(
        self,
        *,
        within: Closeness,
        values: Floats,
        basis: Floats,
        scale: Floats,
        groups: Ints | None = None,
    ) -> list[TrainedTarget]:
        """The models of all the values, with their weights, scratch first.

        Parameters
        ----------
        basis, scale
            Standardised predictions of the source stages for the M rows, shape (K, M), and
            their units, shape (K,).
        groups
            Group of each row, where whole groups are tested.
        """
        families = self._families(basis[None], scale[None])
        *_, heat = self._heats(within, values, families, np.array([len(values)]))
        last = heat.ends == heat.ends[-1]
        foreseen, gps = heat.unknown(), {k: heat.factor(k) for k in heat.likely(last).tolist()}
        for index, gp in gps.items():
            if groups is not None:
                heat.held_out(foreseen, families, groups, index, gp, last)
        every = [score[:, -1:] for score in self._trusted(heat, foreseen)]
        weight = self._weights(every, 1)[:, 0, 0]
        found = []
        for f, family in enumerate(families):
            if f and weight[f] < _NEGLIGIBLE:
                continue
            share = heat.shares[f][:, 0, -1]
            for index in np.flatnonzero(share).tolist():
                gp, candidate = gps[index], heat.candidates[index]
                (fit,) = heat.fits(gp, family, np.array([0]), last[None])
                own = float(weight[f] * share[index])
                found.append(TrainedTarget(family.form, own, candidate, gp, fit))
        return found

    def _trusted(self, heat: Heat, foreseen: list[Floats]) -> list[Floats]:
        """Log weights of the models of each family, shapes (models, ends).

        They are the evidence; where whole groups are tested, the mean of that and of how well
        groups are foreseen, which alone is too noisy.
        """
        own = [
            np.asarray(logsumexp(score, axis=0) if self.averaged else score.max(axis=0))
            for score in heat.scores
        ]
        both = zip(own, foreseen, strict=True)
        return [np.where(np.isnan(b), a, 0.5 * (a + b)) for a, b in both]

    def _families(self, basis: Floats, scale: Floats) -> list[Family]:
        columns = np.moveaxis(basis, 1, 2)
        found = []
        for form in self.forms:
            own = columns if form.columns else columns[:1]
            prior = form.prior(scale, self.same, self.rho_observations)
            found.append(Family(form, form.basis(own), prior))
        return found

    def _weights(self, scores: list[Floats], sizes: int) -> Floats:
        """Posterior probability of each model, shape (families, sizes of n, sizes of m)."""
        every = np.stack([np.broadcast_to(one, (sizes, one.shape[1])) for one in scores])
        for place, form in enumerate(self.forms[1:], start=1):
            odds = _PRIOR_ODDS if any(self.same[one] for one in form.columns) else _CROSS_ODDS
            if self.bends:
                odds *= _BENT if form.bent else 1.0 - _BENT
            every[place] += np.log(odds / len(self.combinations))
        return np.asarray(softmax(every, axis=0))

    def _heats(
        self, within: Closeness, values: Floats, families: list[Family], sizes: Ints
    ) -> Iterator[Heat]:
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
            heat = Heat.run(
                self.kernel, candidates, within.corner(limit, limit), values[:limit], families,
                ends, alive, least=_LEAST if self.averaged else 1.0,
            )  # fmt: skip
            yield heat
            alive = [best(scores[:, :, -1], survivors) for scores in heat.scores]
            run_on = np.any(np.concatenate(alive, axis=1), axis=1)
            candidates = tuple(c for c, on in zip(candidates, run_on, strict=True) if on)
            alive, done = [one[run_on] for one in alive], limit

    def _notes(
        self, heat: Heat, families: list[Family], weight: Floats, scale: Floats
    ) -> dict[str, float]:
        """What was chosen at the largest sizes, of the likeliest model with a source."""
        f = 1 + int(np.argmax(weight[1:]))
        index = int(heat.scores[f][:, -1, -1].argmax())
        gp = heat.factor(index)
        place = len(families[f].basis) - 1
        (fit,) = heat.fits(gp, families[f], np.array([place]), heat.ends[None] == heat.ends[-1])
        notes = {**heat.candidates[index].notes("target"), "target_jitter": gp.jitter}
        notes["transfer_weight"] = float(1.0 - weight[0])
        columns = list(families[f].form.columns)
        slopes = fit.coefficients[-1, 1 : 1 + len(columns)] / scale[columns]
        notes["rho"] = float(slopes.sum())
        return notes
