"""Texts that read as formulas and mean something else: ``AcOH``, ``TsOH``, ``Al203``, ``FeIIO``.

No key is refused: keys are alphabetical, and nothing here is written so.
"""

from __future__ import annotations

import re

# "II" is never two iodines, and no key, being alphabetical, has the others.
_BARE_STATE = re.compile(
    r"(?<=[A-HJ-Za-z\d)\]}])II+(?![a-z])|(?<=[A-HJ-Za-z])VI(?=O(?![a-z]))"
    r"|(?:(?<=[J-Z])|(?<=[J-Z][a-z])|(?<=I[nr]))IV(?=\d*(?:O(?![a-z])|$))"
)
# Al203 for Al2O3: no key begins an amount with 0, nor has one element with an amount
_LEADING_ZERO = re.compile(r"([A-Z][a-z]?)(0\d)(?![\d.])")
_ZERO_INSIDE = re.compile(r"^(?:[A-Z][a-z]?\d*)*([A-Z][a-z]?)([2-9]0[2-9])$")
_ZERO_LAST = re.compile(r"^(H|Li|Na|Cu|Ag|Tl)(20)$")
_FEW = 4
_UNITS = re.compile(r"[.·•⋅∙*]\d*")
_PART = re.compile(r"([A-Z][a-z]?)(\d*)")
_GROUP = re.compile(
    r"Ts(?=OH|Cl|NH|F(?![a-z\d]))|[(\[]OTs[)\]]|(?:OAc|AcOH)(?![a-z])|[(\[]Ac[)\]](?=\d)|^HAc$"
    r"|[(\[]OPr[)\]]|PrOH"
)
_POLYTYPE = re.compile(
    r"^\d{1,2}[HRT](?=(?:SiC|ZnS|CdS|(?:Mo|W|Nb|Ta|Ti|V|Zr|Hf|Pt|Re|Sn)(?:S|Se|Te)2)$)"
)
_TRITIUM = re.compile(r"T(?![a-z])(?=.*[BCFINPS](?![a-z]))|[BCFINPS](?=T(?![a-z]))")
_ABBREVIATIONS = {
    "BCC", "CFC", "CVD", "DCB", "DFT", "DOS", "DSC", "FCC", "HCP", "HFC", "NBS", "PBI", "PBO", "PP",
    "PSS", "PVB", "PVC", "PVD", "PVDF", "PVP", "SOFC",
}  # fmt: skip
_CAPITALS = re.compile(r"SI|NI|CU|SN|NB|IN|PB|PU|^OS")


def misspelt(formula: str) -> str | None:
    """What a text may mean instead of the formula it reads as, and what to write; None if nothing.

    >>> misspelt("TsOH")
    "whose 'Ts' looks like an organic group; write its atoms"
    >>> misspelt("Ac2O3") is None
    True
    """
    if found := _BARE_STATE.search(formula):
        return (
            f"whose {found[0]!r} looks like an oxidation state; leave it out, or "
            "write iodine's and vanadium's amounts ('I2', 'V1I3')"
        )
    if found := _GROUP.search(formula):
        return f"whose {found[0]!r} looks like an organic group; write its atoms"
    if formula in _ABBREVIATIONS:
        return "which looks like an abbreviation; write amounts ('P1V1C1') if elements are meant"
    if found := _POLYTYPE.search(formula):
        return f"whose {found[0]!r} looks like a polytype; leave it out"
    if "T" in formula and _TRITIUM.search(formula):
        return "an abbreviation, or with tritium? A composition has elements: write H"
    return _small_letter(formula) or _zero(formula)


def _small_letter(formula: str) -> str | None:
    """Whether capitals alone hide an element: ``SIO2``; keys are left alone."""
    found = _CAPITALS.search(formula) if formula.isupper() else None
    if found is None:
        return None
    symbols = [symbol for symbol, _ in _PART.findall(formula)]
    if symbols == sorted(set(symbols)) and formula.isalnum():
        return None
    if {"C", "H"} <= set(re.findall("[A-Z]", formula.replace(found[0], ""))):
        return None  # (CH3)4NI
    pair = found[0]
    return (
        f"whose {pair!r} may be {pair.capitalize()!r}: a symbol's second letter is small; "
        f"write '{pair[0]}1{pair[1]}' if two elements are meant"
    )


def _zero(formula: str) -> str | None:
    """Whether a zero stands for oxygen, in any of the formula units."""
    for unit in _UNITS.split(formula) if "0" in formula else ():
        inside = _ZERO_INSIDE.search(unit) if _nearly_one_element(unit) else None
        if found := _LEADING_ZERO.search(unit) or inside or _ZERO_LAST.search(unit):
            symbol, number = found.groups()
            return (
                f"whose {number!r} may be {number.replace('0', 'O')!r} with a zero "
                f"for oxygen; write the letter, or '({symbol}){number}' if the number is meant"
            )
    return None


def _nearly_one_element(formula: str) -> bool:
    """Whether the last element is nearly all there is, in a formula that is no key."""
    parts = _PART.findall(formula)
    others = [int(number or 1) for _, number in parts[:-1]]
    symbols = [symbol for symbol, _ in parts]
    return sum(others) <= _FEW and (len(parts) == 1 or symbols != sorted(symbols))
