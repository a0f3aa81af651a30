"""Full stops in formulas: decimal points, or the dot before a further formula unit.

``CuSO4.5H2O`` is a hydrate and ``La2CuO4.1`` has a decimal. What follows and what else the
formula holds tells; where it does not, the formula is refused rather than guessed.
"""

from __future__ import annotations

import re

_SOLVATE = (
    "H2O|HOH|OH2|D2O|DOD|HDO|HOD|DHO|T2O|H2O2|NH3|H3N|ND3|N2H4|NH2OH|"
    "HCl|HBr|HI|HF|HNO3|H2SO4|H3PO4|CO2|CO|SO2|NO|NO2|N2|H2S|CS2|"
    "CH3OH|CH4O|MeOH|C2H5OH|CH3CH2OH|C2H6O|EtOH|C3H7OH|CH3CN|C2H3N|CH2Cl2|CHCl3|CCl4|"
    "CH3COOH|CH3CO2H|C2H4O2|HCOOH|CH2O2|C6H6|C7H8|C6H5CH3|C4H8O|C4H10O|C5H5N|"
    "C3H7NO|C2H6OS|C3H6O"
)
"""Molecules that crystallise with compounds: what follows a full stop where one of them does."""

_AFTER = re.compile(
    rf"\.(?P<count>\d+(?:\.\d+)?)?(?:\((?:{_SOLVATE})\)|\[(?:{_SOLVATE})\]|(?:{_SOLVATE}))(?=$|[·.])"
)
_INSIDE = re.compile(r"(?P<whole>\d+)\.(?P<part>\d+)(?P<next>[A-Z(\[{]?)")
_NONMETALS = frozenset(["H", "D", "T", "C", "N", "O", "F", "P", "S", "Cl", "Se", "Br", "Te", "I"])
_SYMBOL = re.compile(r"[A-Z][a-z]?")


def separated(text: str) -> tuple[str, str | None]:
    """The formula with ``·`` for each full stop that begins a unit; why it cannot be told, or None.

    >>> separated("MgCl2.6NH3")
    ('MgCl2·6NH3', None)
    >>> separated("La0.7Sr0.3MnO3")
    ('La0.7Sr0.3MnO3', None)
    """
    solvates = False
    while found := _last_solvate(text):
        text = f"{text[: found.start()]}·{text[found.end() - len(found[0]) + 1 :]}"
        solvates = True
    text = re.sub(r"\.(?=[A-Z(\[{])", "·", text)  # nothing but a unit begins with a letter
    doubtful = any(_may_begin_a_unit(text, stop) for stop in _INSIDE.finditer(text))
    before = text.split("·")[0]
    if doubtful or (solvates and any(_plain_decimal(s) for s in _INSIDE.finditer(before))):
        return text, (
            "whose full stops may be decimals or not; write '·' before a further formula unit "
            "(before water, say), and brackets around a symbol with a decimal amount, as in "
            "'(O3.2)SiO2'"
        )
    return text, None


def _last_solvate(text: str) -> re.Match[str] | None:
    """A molecule of crystallisation after a full stop that is no decimal point, from the right."""
    for found in reversed(list(_AFTER.finditer(text))):
        before = re.search(r"(^|\D)(\d+)$", text[: found.start()])
        if (
            found["count"]
            and before is not None
            and (not before[2].strip("0") or before[1] in ("", "·"))
        ):
            continue  # the decimal of Li0.5H2O, or of a count: 2.5H2O
        return found
    return None


def _plain_decimal(stop: re.Match[str]) -> bool:
    """A decimal of one or more, which might be the end of a unit and the count of the next."""
    return bool(stop["whole"].strip("0"))


def _certain(stop: re.Match[str]) -> bool:
    """Whether a full stop between digits can only be a decimal point."""
    return (
        not stop["whole"].strip("0")
        or stop["whole"] == "1"  # no unit's last symbol has a written 1
        or stop["part"].startswith("0")
        or stop["part"].endswith("0")
        or len(stop["part"]) > 1
        or not stop["next"]
    )


def _may_begin_a_unit(text: str, stop: re.Match[str]) -> bool:
    """Whether whole compounds stand on both sides: ``Al2O3.2SiO2``."""
    if _certain(stop) or any(_certain(other) for other in _INSIDE.finditer(text)):
        return False
    before = re.split(r"[·]", text[: stop.start()])[-1]
    after = re.split(r"[·.]", text[stop.end("part") :])[0]
    last = re.search(r"(?:([A-Z][a-z]?)|[)\]}])$", before)
    left, right = set(_SYMBOL.findall(before)), set(_SYMBOL.findall(after))
    return (
        last is not None
        and (last[1] is None or last[1] in _NONMETALS)
        and min(len(left), len(right)) > 1
        and bool(right & _NONMETALS)
    )
