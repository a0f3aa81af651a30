"""What spreadsheets make of entries that look like dates or numbers to them."""

from __future__ import annotations

import re

_MONTH = (  # English, German, French and Spanish, short or in full
    r"(?:(?:jan|feb|mar|apr|jun|jul|aug|sept?|o[ck]t|nov|de[cz]|mär|mrz|janv|févr|avr|juin|juil"
    r"|août|déc|ene|abr|ago|dic)\.?|ma[yi]|mars|january|february|march|april|june|july|august"
    r"|september|october|november|december)"
)
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]m)?Z?)?"
_DATE = re.compile(
    rf"(?:\d{{1,4}}([-/.])\d{{1,2}}\1\d{{1,4}}{_TIME}|"
    rf"\d{{1,2}}[-/. ]{{1,2}}{_MONTH}(?:[-/. ]{{1,2}}\d{{2,4}})?|"
    rf"{_MONTH}[-/. ]{{1,2}}\d{{1,4}}(?:,? \d{{2,4}})?|"
    rf"\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?: ?[ap]m)?)",
    re.IGNORECASE,
)
_FAULT = re.compile(  # in the languages of spreadsheets: #WERT!, #BEZUG!, #NV, #NOM?
    r"#(?:[a-z/0]*[a-zäöüé0][?!]|n/a|nv|n/d|[#]+)", re.IGNORECASE
)
_FORMULA = re.compile(r"=\s*[-+(]*(?:[A-Z0-9.$_]+|'[^']*'!)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d{3,}|\d+[.,]\d+|\d+(?=e))(?:e[+-]?\d+)?", re.IGNORECASE)


_ANEW = "; enter it anew in a column formatted as text"


def made_by_spreadsheet(text: str) -> str | None:
    """What a spreadsheet has put in place of an entry, and what to do; None otherwise.

    >>> made_by_spreadsheet("Mar-05")
    'a date made by a spreadsheet; enter it anew in a column formatted as text'
    >>> made_by_spreadsheet("Sb2O3") is None
    True
    """
    text = text.strip()
    if _FORMULA.match(text):
        return (
            "a formula of a spreadsheet without its value; open the file there and save it, or "
            "enter the value"
        )
    if _DATE.fullmatch(text):
        return f"a date made by a spreadsheet{_ANEW}"
    return f"an error of a spreadsheet{_ANEW}" if _FAULT.fullmatch(text) else None


def number_for_material(text: str) -> str | None:
    """The same where a material is expected: a number alone is none either.

    >>> number_for_material("2.00E+03")
    'a number made by a spreadsheet; enter it anew in a column formatted as text'
    """
    found = made_by_spreadsheet(text)
    if found is None and _NUMBER.fullmatch(text.strip()):
        return f"a number made by a spreadsheet{_ANEW}"
    return found
