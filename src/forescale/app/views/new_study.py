"""A drafted study in words: what each table holds, what is set aside, how both sides agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forescale.app.drafting import Asked, Drafted
from forescale.app.structures import can_be_drawn
from forescale.app.uploads import SIDES, Table
from forescale.drafts import Draft, Said, TableGuess
from forescale.drafts.draft import Side
from forescale.drawing import interactive
from forescale.drawing.style import GREY, INK
from forescale.labels import MaterialKind
from forescale.tables import convert, same_dimension
from forescale.words import count, labelled, number, spaced_unit

SHOWN = 8
"""Rows set aside, doubtful rows and structures that are shown of a table."""
_MOST_POINTS = 3000
_TITLES = {side: side.capitalize() for side in SIDES}


@dataclass(frozen=True)
class Field:
    """One guess about a table, as the page asks for it.

    Attributes
    ----------
    role, label
        What it is.
    value
        What was said or guessed; empty where open.
    options
        Among which to choose; empty where anything may be said.
    why
        Why it was guessed, or what is asked.
    open
        Whether it has to be said.
    said
        Whether it was said, so that it is not guessed again.
    """

    role: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]
    why: str
    open: bool
    said: bool


@dataclass(frozen=True)
class SideView:
    """One table of a draft, in words."""

    side: str
    title: str
    name: str
    removable: bool
    kind: str
    fields: tuple[Field, ...]
    problem: str
    usable: str
    materials: str
    range: str
    rejected: tuple[tuple[int, str], ...]
    rejected_more: int
    doubts: tuple[tuple[str, str], ...]
    doubts_more: int
    structures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Agreement:
    """How a computed table and the measured one agree, in words and as a figure.

    Attributes
    ----------
    side, name
        Of the computed table.
    words
        What they share, and how far their values agree.
    figure
        Computed against measured values; None where hardly any material is on both sides.
    """

    side: str
    name: str
    words: str
    figure: dict[str, Any] | None


@dataclass(frozen=True)
class Preview:
    """A drafted study, in words."""

    name: str
    sides: tuple[SideView, ...]
    complete: bool
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    agreements: tuple[Agreement, ...]

    @property
    def ready(self) -> bool:
        """Whether the study can run."""
        return self.complete and not self.problems


def preview(draft: Drafted, asked: Asked) -> Preview:
    """Put a draft into words."""
    sides = tuple(
        _side(side, one, draft.tables[side], asked.says.get(side, Said()))
        for side, one in draft.sides.items()
    )
    return Preview(
        name=draft.name,
        sides=sides,
        complete=draft.complete,
        problems=draft.problems,
        notes=draft.notes,
        agreements=tuple(
            Agreement(side, draft.tables[side].called, _words(one), _figure(one))
            for side, one in draft.drafts.items()
            if one.computed.table is not None and one.measured.table is not None
        ),
    )


def _side(side: str, found: Side, table: Table, said: Said) -> SideView:
    guess, kept = found.guess, found.table
    usable = materials = between = ""
    rejected: tuple[tuple[int, str], ...] = ()
    if kept is not None:
        rows = int(kept.frame["repeats"].sum())
        usable = f"{count(rows)} of {count(rows + len(kept.rejected))} rows"
        materials = count(len(kept))
        low, high = float(kept.values.min()), float(kept.values.max())
        between = f"{number(low)} to {number(high)}{spaced_unit(kept.unit)}"
        pairs = zip(kept.rejected["row"], kept.rejected["reason"], strict=True)
        rejected = tuple((int(row), str(why)) for row, why in pairs)
    doubts = tuple((_where(one.rows, one.material), one.reason) for one in found.doubts)
    return SideView(
        side=side,
        title=_TITLES.get(side) or f"Computed, {side.rpartition('-')[2]}",
        name=table.called,
        removable=side not in SIDES,
        kind="" if guess.kind is None else guess.kind.value,
        fields=() if table.is_of_catalog else _fields(guess, said),
        problem=found.problem,
        usable=usable,
        materials=materials,
        range=between,
        rejected=rejected[:SHOWN],
        rejected_more=max(0, len(rejected) - SHOWN),
        doubts=doubts[:SHOWN],
        doubts_more=max(0, len(doubts) - SHOWN),
        structures=_structures(found),
    )


def _where(rows: tuple[int, ...], material: str) -> str:
    return f"row {rows[0]}" if rows else material


def _structures(found: Side) -> tuple[tuple[str, str], ...]:
    """Some materials with their values: evenly over the range, the lowest and highest too."""
    table = found.table
    if table is None or not can_be_drawn(table.material_kind):
        return ()
    order = np.argsort(table.values)
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(SHOWN, len(order))).astype(int))]
    unit = spaced_unit(table.unit)
    return tuple((str(table.keys[i]), f"{number(float(table.values[i]))}{unit}") for i in chosen)


def _fields(guess: TableGuess, said: Said) -> tuple[Field, ...]:
    """The guesses of a table that can be changed, in the order in which they are read."""
    columns = tuple((name, name) for name in guess.columns)
    kinds = tuple((kind.value, kind.label) for kind in MaterialKind)
    open_ = {one.role: one for one in guess.open}
    reasons = dict(guess.reasons)
    pair = guess.kind is MaterialKind.PAIR
    roles = [("kind", "Kind of material", kinds)]
    if pair:
        roles += [("solute", "Solute or polymer", columns), ("solvent", "Solvent", columns)]
        roles += [("temperature", "Temperature", columns), ("temperature_unit", "Its unit", ())]
    else:
        roles += [("material", "Column of materials", columns)]
    roles += [("value", "Column of values", columns), ("unit", "Unit of the values", ())]
    if "sheet" in open_ or guess.sheet is not None:
        sheets = open_["sheet"].options if "sheet" in open_ else (guess.sheet or "",)
        roles.insert(0, ("sheet", "Sheet", tuple((name, name) for name in sheets)))
    found = []
    for role, label, options in roles:
        value = getattr(guess, role)
        asked = open_.get(role)  # type: ignore[call-overload]
        found.append(
            Field(
                role=role,
                label=label,
                value="" if value is None else str(getattr(value, "value", value)),
                options=options,
                why=asked.why if asked else reasons.get(role, ""),  # type: ignore[call-overload]
                open=asked is not None,
                said=getattr(said, role) is not None,
            )
        )
    return tuple(found)


def _words(draft: Draft) -> str:
    """What both sides share, and how far their values agree."""
    one, other = draft.computed.table, draft.measured.table
    assert one is not None
    assert other is not None
    overlap = (
        f"{count(draft.shared)} of the {count(len(other))} measured materials have a computed "
        f"value too; {count(len(one) - draft.shared)} are computed only. Computed values of "
        "materials that are tested are never learnt from."
    )
    if draft.correlation is None:
        return f"{overlap} Too few materials are on both sides to see how far their values agree."
    return (
        f"{overlap} Over the {count(draft.shared)} shared materials the rank correlation of "
        f"computed and measured values is {number(draft.correlation, 2)}."
    )


def _figure(draft: Draft) -> dict[str, Any] | None:
    """Computed against measured values of the materials on both sides."""
    one, other = draft.computed.table, draft.measured.table
    if one is None or other is None or draft.shared < 2:
        return None
    known = dict(zip(one.keys, one.values, strict=True))
    both = [
        (key, known[key], value)
        for key, value in zip(other.keys, other.values, strict=True)
        if key in known
    ][:_MOST_POINTS]
    computed = np.array([value for _, value, _ in both])
    measured = np.array([value for *_, value in both])
    same = same_dimension(one.unit, other.unit)
    unit = one.unit
    if same:
        computed, unit = convert(computed, one.unit, other.unit), other.unit
    points = {
        "type": "scatter", "mode": "markers", "showlegend": False, "hoverinfo": "text",
        "x": interactive.plain(computed), "y": interactive.plain(measured),
        "marker": {"size": 6, "color": "rgba(29,78,137,0.55)"},
        "text": [interactive.safe(f"{key}: computed {number(x)}, measured {number(y)}")
                 for (key, *_), x, y in zip(both, computed, measured, strict=True)],
    }  # fmt: skip
    data = [points]
    limits_x, limits_y = _limits(computed), _limits(measured)
    if same:
        limits_x = limits_y = (min(limits_x[0], limits_y[0]), max(limits_x[1], limits_y[1]))
        data.insert(0, {
            "type": "scatter", "mode": "lines", "x": list(limits_x), "y": list(limits_x),
            "line": {"color": GREY, "width": 1, "dash": "dot"}, "hoverinfo": "skip",
            "showlegend": False, "name": "equal", "marker": {"color": INK},
        })  # fmt: skip
    return interactive.figure(
        data,
        interactive.linear_axis(labelled("Computed", unit), *limits_x),
        interactive.linear_axis(labelled("Measured", other.unit), *limits_y),
    )


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    pad = 0.05 * (high - low) or 0.05 * max(abs(high), 1.0)
    return low - pad, high + pad
