"""Formulas as MathML, made when the documentation is built: no script, no network."""

from __future__ import annotations

import re
from html import unescape

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(html: str, **_: object) -> str:
    """Replace the formulas of a page."""
    return _FORMULA.sub(_formula, html)


def _formula(found: re.Match[str]) -> str:
    element, bracket, text = found.groups()
    display = "block" if bracket == "[" else "inline"
    math = convert(unescape(text).strip(), display=display)
    return f'<{element} class="formula">{math}</{element}>'
