"""A campaign and a loop in words: rate, failures with their reasons, machines, cost, decision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forescale.growth.figure import chart, kept, steps
from forescale.growth.standing import ArmStanding, LoopStanding, loop_standing
from forescale.laws import FLAG_MEANINGS
from forescale.simulation.output import protocols
from forescale.simulation.standing import campaign_standing
from forescale.simulation.store import Store
from forescale.words import count, interval, number, spaced_unit

SHOWN = 20
"""Failures and machines that are shown."""


@dataclass(frozen=True)
class Failure:
    """A calculation that failed: which, why, and with what printed last."""

    material: str
    status: str
    attempts: int
    reason: str
    output: str


@dataclass(frozen=True)
class Values:
    """The values of one property so far."""

    protocol: str
    property: str
    done: str
    middle: str
    between: str


@dataclass(frozen=True)
class CampaignView:
    """A campaign as the page tells it.

    Attributes
    ----------
    standing
        As ``forescale status`` has it.
    failures, failed
        The last ones, and how many there are.
    values
        Of each property so far.
    """

    standing: dict[str, Any]
    failures: tuple[Failure, ...]
    failed: int
    values: tuple[Values, ...]


def campaign(results: Path) -> CampaignView:
    """Read a campaign's results folder.

    Raises
    ------
    RunFolderError
        If its status cannot be read.
    """
    failures: list[Failure] = []
    values: list[Values] = []
    for label, header in protocols(results).items():
        attempts = Store(results, header).attempts()
        last = attempts.drop_duplicates("key", keep="last")
        done = last[last["status"] == "done"]
        for name, unit in header.units.items():
            found = done[header.column(name)].dropna()
            if len(found):
                low, middle, high = (float(found.quantile(q)) for q in (0.0, 0.5, 1.0))
                after = spaced_unit(unit)
                between = f"{number(low)} to {number(high)}{after}"
                values.append(
                    Values(label, name, count(len(found)), f"{number(middle)}{after}", between)
                )
        for row in last[last["status"] != "done"].to_dict("records"):
            reason, _, output = str(row["reason"]).partition("; last output: ")
            failures.append(
                Failure(str(row["key"]), row["status"], int(row["attempt"]) + 1, reason, output)
            )
    shown = tuple(reversed(failures[-SHOWN:]))
    return CampaignView(campaign_standing(results), shown, len(failures), tuple(values))


@dataclass(frozen=True)
class LoopView:
    """A loop as the page tells it.

    Attributes
    ----------
    standing
        What its folder says.
    figure
        Error against cost, for plotly.js; None before the first round.
    foreseen
        How many forecasts were kept, in a sentence.
    arms
        For each: its name, engine and order, values, error, law and flags.
    """

    standing: LoopStanding
    figure: dict[str, Any] | None
    foreseen: str
    arms: tuple[dict[str, Any], ...]


def loop(path: Path) -> LoopView:
    """Read a loop's folder.

    Raises
    ------
    RunFolderError
        If it is damaged.
    """
    found = loop_standing(path)
    figure, foreseen = None, ""
    if found.rounds:
        frame = steps(found.rounds)
        metric = found.config.judged.metric.label
        if frame["error"].notna().any():
            figure = chart(frame, metric, found.unit, found.config.budget.unit)
        made, inside = kept(frame)
        if made:
            foreseen = f"{inside} of {made} errors came inside the interval foreseen for them."
    return LoopView(found, figure, foreseen, tuple(_arm(arm, found.unit) for arm in found.arms))


def _arm(arm: ArmStanding, unit: str) -> dict[str, Any]:
    law, told = arm.law, arm.campaign
    return {
        "name": arm.name,
        "engine": arm.engine,
        "order": arm.order,
        "n": count(arm.n),
        "error": "–" if arm.error is None else f"{number(arm.error)}{spaced_unit(unit)}",
        "rate": "too few sizes yet" if law is None else interval(law.decay_rate),
        "gap": "–" if law is None else interval(law.transfer_gap, unit),
        "flags": () if law is None else tuple((f, FLAG_MEANINGS[f]) for f in law.flags),
        "campaign": told,
    }
