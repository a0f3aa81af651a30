"""Drafts: what two tables seem to hold, and the study file that follows, before anything runs.

Names are loaded when they are first used: looking at one table needs nothing of studies.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forescale.drafts.draft import Draft, Side, draft_study, side_lines
    from forescale.drafts.guess import Open, Said, TableGuess
    from forescale.drafts.one_table import guess_table
    from forescale.drafts.text import Block, study_text

__all__ = [
    "Block",
    "Draft",
    "Open",
    "Said",
    "Side",
    "TableGuess",
    "draft_study",
    "guess_table",
    "side_lines",
    "study_text",
]
_HOMES = {
    "Block": "text",
    "Draft": "draft",
    "Open": "guess",
    "Said": "guess",
    "Side": "draft",
    "TableGuess": "guess",
    "draft_study": "draft",
    "guess_table": "one_table",
    "side_lines": "draft",
    "study_text": "text",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
