"""Two tables that belong together tell more than each alone: which columns, which unit."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.drafts.guess import Said, TableGuess
from forescale.drafts.of_catalog import guesser_of
from forescale.drafts.one_table import Guesser
from forescale.drafts.properties import property_of, spaced
from forescale.drafts.units import unit_in_name
from forescale.drafts.usual import structure_bonus, value_score

_MOST = 12  # columns of a side that are compared
_CLEAR = 0.3  # by which the best two columns must lead
_SHARED = 8  # materials on both sides, for a correlation to count
_WORD = 3  # letters from which names are compared
_ALIKE = 3.0  # factor between medians of values in one unit


def guess_both(
    computed: Path, measured: Path, says: tuple[Said, Said]
) -> tuple[TableGuess, TableGuess]:
    """Guess two tables of one study, each with the help of the other.

    Parameters
    ----------
    says
        What is said of the computed and of the measured table.
    """
    one, other = guesser_of(computed, says[0]), guesser_of(measured, says[1])
    first, second = one.guess(), other.guess()
    one, first = _property(one, first, second)
    other, second = _property(other, second, first)
    if any(guess.open and guess.open[0].role == "sheet" for guess in (first, second)):
        return first, second
    if first.kind is not None and second.kind is not None and first.kind != second.kind:
        one, other = _of_one_kind(one, other, first, second)
        first, second = one.guess(), other.guess()
    if (pair := _values(one, other, first, second)) is not None:
        one, other = one.saying(value=pair[0]), other.saying(value=pair[1])
        first, second = _told(one.guess(), pair[1]), _told(other.guess(), pair[0])
    return _unit(one, first, other, second), _unit(other, second, one, first)


def _property(one: Guesser, guess: TableGuess, other: TableGuess) -> tuple[Guesser, TableGuess]:
    """Of a dataset with several properties, the one that the other table holds."""
    if guess.dataset is None or guess.value is not None or other.value is None:
        return one, guess
    wanted = property_of(other.value)
    fit = [name for name in guess.values if wanted is not None and property_of(name) == wanted]
    if len(fit) != 1:
        return one, guess
    again = one.saying(value=fit[0])
    return again, _told(again.guess(), other.value)


def _of_one_kind(
    one: Guesser, other: Guesser, first: TableGuess, second: TableGuess
) -> tuple[Guesser, Guesser]:
    """Ask the side whose kind was not said again, for the other side's kind."""
    if first.kind is None or second.kind is None:
        return one, other
    if (
        one.said.kind is None
        and first.dataset is None
        and (again := _as_kind(one, second.kind.value))
    ):
        return again, other
    if (
        other.said.kind is None
        and second.dataset is None
        and (again := _as_kind(other, first.kind.value))
    ):
        return one, again
    return one, other


def _as_kind(guesser: Guesser, kind: str) -> Guesser | None:
    """The same table taken for another kind, unless its column is named as what it is."""
    again = guesser.saying(kind=kind)
    column = again.guess().material
    return again if column is not None and structure_bonus(column, kind) >= 0 else None


def _told(guess: TableGuess, other: str) -> TableGuess:
    why = ("value", f"it goes with {other!r} of the other table")
    return replace(guess, reasons=(*guess.reasons, why))  # type: ignore[arg-type]


def _values(
    one: Guesser, other: Guesser, first: TableGuess, second: TableGuess
) -> tuple[str, str] | None:
    """The columns of values that go together, where one side cannot tell its own."""
    open_ones = [guess for guess in (first, second) if guess.value is None]
    if not open_ones or not first.values or not second.values:
        return None
    if any(guess.dataset is not None and guess.value is None for guess in open_ones):
        return None  # its values are not read before it is said which
    pairs = list(product(_candidates(first), _candidates(second)))
    scored = sorted(
        ((_fit(one, other, (first, second), pair), pair) for pair in pairs), reverse=True
    )
    if len(scored) > 1 and scored[0][0] - scored[1][0] < _CLEAR:
        return None
    return scored[0][1]


def _candidates(guess: TableGuess) -> tuple[str, ...]:
    return (guess.value,) if guess.value is not None else guess.values[:_MOST]


def _fit(
    one: Guesser,
    other: Guesser,
    guesses: tuple[TableGuess, TableGuess],
    pair: tuple[str, str],
) -> float:
    """How well two columns of values go together."""
    stem, other_stem = (spaced(unit_in_name(name)[0]) for name in pair)
    known = [property_of(name) for name in pair]
    score = sum(value_score(name) for name in pair)
    score += 3.0 if known[0] is not None and known[0] == known[1] else 0.0
    if min(len(stem), len(other_stem)) >= _WORD:
        score += 2.0 * SequenceMatcher(None, stem, other_stem).ratio()
    return score + 3.0 * abs(_correlation(one, other, guesses, pair))


def _correlation(
    one: Guesser,
    other: Guesser,
    guesses: tuple[TableGuess, TableGuess],
    pair: tuple[str, str],
) -> float:
    """Rank correlation over materials that both sides write alike; 0 where they are few."""
    sides = []
    for guesser, guess, name in zip((one, other), guesses, pair, strict=True):
        if guess.material is None or guesser.profile is None:
            return 0.0
        texts = guesser.profile.frame[guess.material].astype(str).str.strip()
        sides.append(dict(zip(texts, guesser.column(name).numbers, strict=True)))
    shared = [text for text in sides[0] if text in sides[1]]
    values = np.array([[side[text] for text in shared] for side in sides])
    values = values[:, np.isfinite(values).all(axis=0)] if len(shared) else np.empty((2, 0))
    return rank_correlation(values[0], values[1])


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Spearman's rank correlation; 0 where there are few values, or they do not differ.

    >>> rank_correlation(np.arange(10.0), np.exp(np.arange(10.0)))
    1.0
    """
    if len(first) < _SHARED or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    ranks = [pd.Series(values).rank().to_numpy() for values in (first, second)]
    return round(float(np.corrcoef(ranks)[0, 1]), 9)


def _unit(one: Guesser, first: TableGuess, other: Guesser, second: TableGuess) -> TableGuess:
    """The unit of the other side, where this one has none and its values are of that size."""
    if first.unit is not None or first.value is None:
        return first
    if second.unit is None or second.value is None:
        return first
    middles = [
        abs(float(np.nanmedian(side.column(guess.value).numbers)))
        for side, guess in ((one, first), (other, second))
        if guess.value is not None
    ]
    if not min(middles) > 0 or not max(middles) / min(middles) <= _ALIKE:
        return first
    shown = second.unit or "no unit"
    why = ("unit", f"guessed: {shown}, as in the other table, whose values are of the same size")
    left = tuple(one for one in first.open if one.role != "unit")
    return replace(first, unit=second.unit, open=left, reasons=(*first.reasons, why))  # type: ignore[arg-type]
