"""Sizes of a grid that a study leaves open, fitted to the data at hand."""

from __future__ import annotations

from forescale.splits import Testing, replicate_rng, split_balanced, split_target
from forescale.study.config import Study
from forescale.study.data import StudyData
from forescale.study.sections import GridSpec
from forescale.study.sizes import SourceSizes

_FIRST = 30  # computed values of the smallest cell, where there are ten times as many
_LEAST_SOURCE, _LEAST_TARGET = 5, 3


def sized(study: Study, data: StudyData) -> Study:
    """The study with a grid that small data have, where its file says none.

    The usual sizes stay wherever the data have them. With fewer measured values for
    fine-tuning than the largest, an eighth, a quarter and a half of them are taken (and, as
    always, all). With fewer computed values than 300 the smallest cell has a tenth of them.

    Examples
    --------
    >>> fitted_target(400), fitted_target(48), fitted_target(10)
    ((20, 40, 80, 160), (6, 12, 24), (5,))
    """
    grid = study.grid
    change: dict[str, object] = {}
    if "n_target" not in grid.model_fields_set:
        change["n_target"] = fitted_target(_at_hand(study, data))
    if "n_source" not in grid.model_fields_set:
        start = max(_LEAST_SOURCE, min(_FIRST, len(data.source) // 10))
        change["n_source"] = SourceSizes.model_validate({"from": start})
    usual = GridSpec()
    change = {key: value for key, value in change.items() if value != getattr(usual, key)}
    return study.model_copy(update={"grid": grid.model_copy(update=change)}) if change else study


def fitted_target(measured: int) -> tuple[int, ...]:
    """Numbers of measured values to fine-tune with, where so many are at hand."""
    usual = GridSpec().n_target
    if measured >= usual[-1]:
        return usual
    halves = {measured // part for part in (8, 4, 2) if measured // part >= _LEAST_TARGET}
    return tuple(sorted(halves or {_LEAST_TARGET}))


def _at_hand(study: Study, data: StudyData) -> int:
    """Measured values that every replicate has for fine-tuning."""
    rows, fraction = len(data.target), study.evaluation.test_fraction
    if study.evaluation.test is Testing.BALANCED:
        trains = [
            split_balanced(study.seed, r, data.groups, fraction, train_size=0, whole=True)[1]
            for r in range(study.replicates)
        ]
    else:
        trains = [
            split_target(
                replicate_rng(study.seed, r), data.groups, fraction, train_size=0, whole=True
            )[0]
            for r in range(study.replicates)
        ]
    return min((len(train) for train in trains), default=rows)
