"""The page of the register: its tables, and where they go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import _kit
from _register import Entry, mean_ratio

from forescale import words
from forescale.errors import DataError

BEGIN, END = "<!-- forecasts: written by the script -->", "<!-- forecasts: end -->"
EMPTY = f"{BEGIN}\n{END}\n"


def write(page: Path, text: str) -> None:
    """Put the tables between the markers of a page.

    Raises
    ------
    DataError
        If the page is absent or has no markers.
    """
    before = page.read_text("utf-8") if page.is_file() else ""
    if before.count(BEGIN) != 1 or before.count(END) != 1:
        raise DataError(f"{page}: expected a page with the lines {BEGIN} and {END}")
    head, rest = before.split(BEGIN)
    page.write_text(f"{head}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}", "utf-8")


def tables(entries: Sequence[Entry]) -> str:
    """What is in the register, by study; then open forecasts; then those that came."""
    came = [one for one in entries if one.outcome is not None]
    waiting = [one for one in entries if one.outcome is None]
    past = sum(one.after_the_fact for one in came)
    held = sum(bool(one.inside) for one in came)
    parts = [
        f"{len(entries)} forecasts, of {len({_name(one) for one in entries})} studies and "
        f"settings. {len(came)} have an outcome, {past} of them made after the data existed, and "
        f"{len(waiting)} are open. Of the outcomes {held} ({_share(came)}) lie in their 90 % "
        f"intervals.",
        _by_study(came),
        "## Open",
        _kit.markdown(("study", *_HEADS), ([_name(one), *_cells(one)] for one in waiting)),
        "## With outcome",
        *(f"### {name}\n\n{_came(list(group))}" for name, group in groupby(_sorted(came), _name)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _by_study(came: Sequence[Entry]) -> str:
    """Share inside and relative miss of every study, by how far it was foreseen."""
    rows = []
    for (name, times, after), group in groupby(sorted(came, key=_kind), _kind):
        mine = list(group)
        ratio = mean_ratio([one.relative_miss or 1.0 for one in mine])
        what = "past data" if after else "before the data"
        rows.append((name, what, f"{times}×", len(mine), _share(mine), f"{ratio:.2f}"))
    for times in sorted({_times(one) for one in came}):
        mine = [one for one in came if _times(one) == times]
        ratio = mean_ratio([one.relative_miss or 1.0 for one in mine])
        rows.append(("all", "", f"{times}×", len(mine), _share(mine), f"{ratio:.2f}"))
    return _kit.markdown(
        ("study", "made on", "ahead", "outcomes", "inside", "miss / last value's"), rows
    )


_HEADS = (
    "metric", "m", "fitted up to n", "replicates", "forecast at n", "forecast", "90 % interval",
    "last value", "made",
)  # fmt: skip


def _came(entries: Sequence[Entry]) -> str:
    rows = []
    for one in entries:
        assert one.outcome is not None
        rows.append((*_cells(one), f"{one.outcome.value:.4g}", one.outcome.date, _yes(one.inside)))
    return _kit.markdown((*_HEADS, "came", "on", "inside"), rows)


def _cells(one: Entry) -> tuple[object, ...]:
    again = f" (version {one.version})" if one.version > 1 else ""
    return (
        one.metric, one.m, one.fitted_to, one.replicates, one.n, f"{one.median:.4g}",
        f"{one.low:.4g} to {one.high:.4g}", f"{one.last_value:.4g}", f"{one.date}{again}",
    )  # fmt: skip


def _name(one: Entry) -> str:
    unit = words.pretty_unit(one.unit)
    return f"{one.study} ({one.setting}{f'; {unit}' if unit else ''})"


def _times(one: Entry) -> int:
    """How many times as far as the fitted sizes, to the nearest power of two."""
    return int(2 ** round(math.log2(one.n / one.fitted_to)))


def _kind(one: Entry) -> tuple[str, int, bool]:
    return _name(one), _times(one), one.after_the_fact


def _sorted(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (_name(one), one.fitted_to, one.n, one.metric, one.m))


def _share(entries: Sequence[Entry]) -> str:
    return words.percent(sum(bool(one.inside) for one in entries) / len(entries)) if entries else ""


def _yes(inside: bool | None) -> str:
    return "yes" if inside else "**no**"
