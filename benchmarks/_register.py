"""The register of forecasts: one JSON object a line, each written once.

Of a line that is there, only an outcome that is missing is ever filled in: what was forecast, on
what and when, stays as it was written. `Register.save` refuses anything else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from forescale import laws
from forescale._machine.files import write_text
from forescale.errors import DataError

LEAST = 1e-3
"""Relative miss below which there is nothing to tell apart."""


@dataclass(frozen=True)
class Outcome:
    """What came: the mean error over so many replicates, and when it was written down."""

    value: float
    replicates: int
    date: str


@dataclass(frozen=True)
class Entry:
    """One forecast.

    Attributes
    ----------
    study, setting
        Whose, and how it was judged and learnt: "random, exclude, polymer, gp".
    target
        The measured data, by the first digits of their hash: an outcome is of the same.
    metric, unit, m
        Of which error.
    fitted_to, points, replicates
        The largest n the law was fitted to, how many sizes there were, and replicates.
    n
        Forecast at this n.
    median, low, high
        Forecast and 90 % interval.
    last_value
        Mean error at ``fitted_to``: what one would say who foresees no change.
    date
        When it was written down.
    after_the_fact
        Whether the outcome existed by then.
    version
        1; higher for another forecast of the same curve, fitted to the same n.
    forescale, laws
        Release that made it, and the first digits of the hash of its package `forescale.laws`:
        between releases the laws change, too.
    outcome
        What came, when it came.
    """

    study: str
    setting: str
    target: str
    metric: str
    unit: str
    m: int
    fitted_to: int
    points: int
    replicates: int
    n: int
    median: float
    low: float
    high: float
    last_value: float
    date: str
    after_the_fact: bool
    version: int
    forescale: str
    laws: str
    outcome: Outcome | None = None

    @property
    def what(self) -> tuple[str, str, str, int, int, int]:
        """What is forecast, from what: two of the same differ by their version."""
        return self.study, self.setting, self.metric, self.m, self.fitted_to, self.n

    @property
    def inside(self) -> bool | None:
        """Whether the outcome lies in the interval; None before it came."""
        return None if self.outcome is None else self.low <= self.outcome.value <= self.high

    @property
    def relative_miss(self) -> float | None:
        """Miss of the median by that of the last value; None before the outcome."""
        if self.outcome is None:
            return None
        return relative_miss(self.median, self.last_value, self.outcome.value)

    def __str__(self) -> str:
        """Return which forecast it is."""
        return (
            f"{self.study} ({self.setting}), {self.metric} at m = {self.m}, "
            f"fitted up to {self.fitted_to}, n = {self.n}"
        )


def hash_of_laws() -> str:
    """First digits of the SHA-256 of the sources of `forescale.laws`, in the order of names."""
    digest = hashlib.sha256()
    for path in sorted(Path(laws.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def relative_miss(forecast: float, last: float, came: float) -> float:
    """Miss of a forecast by that of the last value seen, both relative, at least ``LEAST``.

    >>> round(relative_miss(0.9, 1.0, 0.8), 2)
    0.53
    """
    miss, before = abs(np.log(forecast / came)), abs(np.log(last / came))
    return float(max(miss, LEAST) / max(before, LEAST))


def mean_ratio(ratios: Sequence[float]) -> float:
    """Geometric mean; NaN of none."""
    return float(np.exp(np.mean(np.log(ratios)))) if len(ratios) else float("nan")


@dataclass(frozen=True)
class Register:
    """All forecasts of a file, in the order they were made."""

    path: Path
    entries: tuple[Entry, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a register; an absent file is an empty one.

        Raises
        ------
        DataError
            If a line is no forecast; names it.
        """
        if not path.is_file():
            return cls(path)
        found = []
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            try:
                found.append(_entry(json.loads(line)))
            except (ValueError, TypeError, KeyError) as error:
                raise DataError(f"{path}, line {number}: not a forecast ({error})") from None
        return cls(path, tuple(found))

    def with_new(self, new: Iterable[Entry], again: bool = False) -> Register:
        """The register with more forecasts at its end.

        Parameters
        ----------
        again
            Keep a forecast of what has one already as another version.

        Raises
        ------
        DataError
            If there is one already, without ``again``.
        """
        versions: dict[object, int] = {}
        for one in self.entries:
            versions[one.what] = max(one.version, versions.get(one.what, 0))
        new = list(new)
        there = [one for one in new if one.what in versions]
        if there and not again:
            raise DataError(
                f"{len(there)} of {len(new)} forecasts are registered already (the first: "
                f"{there[0]}); what is registered stays, --again lists another version"
            )
        made = [replace(one, version=versions.get(one.what, 0) + 1) for one in new]
        return replace(self, entries=(*self.entries, *made))

    def save(self) -> None:
        """Write the register.

        Raises
        ------
        DataError
            If a forecast or an outcome of the file would be lost or changed.
        """
        before = Register.read(self.path).entries
        kept = len(before) <= len(self.entries) and all(
            old == (new if old.outcome else replace(new, outcome=None))
            for old, new in zip(before, self.entries, strict=False)
        )
        if not kept:
            raise DataError(f"{self.path}: a registered forecast would change; nothing is written")
        lines = (json.dumps(asdict(one), ensure_ascii=False) for one in self.entries)
        write_text(self.path, "".join(f"{line}\n" for line in lines))


def _entry(plain: dict[str, Any]) -> Entry:
    outcome = plain.pop("outcome")
    return Entry(**plain, outcome=None if outcome is None else Outcome(**outcome))
